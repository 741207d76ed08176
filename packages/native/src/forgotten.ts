/** @module What the addon holds for objects whose owners forget to dispose of them. */

const registry = new FinalizationRegistry<() => void>((release) => release());

/** Calls `release`, which must not hold `owner`, once nothing else does. */
export const whenForgotten = (owner: object, release: () => void): void => registry.register(owner, release, owner);

/** For what was disposed of in time. */
export const forget = (owner: object): void => void registry.unregister(owner);
