/** @module Releases resources of the addon whose owners were not disposed of. */

const registry = new FinalizationRegistry<() => void>((release) => release());

/** Calls `release`, which must not reference `owner`, once it is collected. */
export const whenForgotten = (owner: object, release: () => void): void => registry.register(owner, release, owner);

/** For owners that were disposed of. */
export const forget = (owner: object): void => void registry.unregister(owner);
