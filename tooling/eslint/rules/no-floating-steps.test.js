import { noFloatingSteps } from './no-floating-steps.js';
import { tester } from './tester.js';

const prelude = `
  type Steps<T> = Generator<2 | 3, T, void>;
  declare function step(): Steps<number>;
  declare function both(): number | Steps<number>;
  declare function run<T>(steps: Steps<T>): T;
  declare const object: { recv(): Steps<number>; maybe?: () => Steps<number> };
  declare const now: boolean;
`;
const valid = (name, code) => ({ name, code: prelude + code });
const invalid = (name, code, messageId = 'floating') => ({ name, code: prelude + code, errors: [{ messageId }] });

tester.run('no-floating-steps', noFloatingSteps, {
  valid: [
    valid(
      'delegated to',
      'function* flow(): Steps<void> { yield* step(); const n = yield* object.recv(); console.log(n + (yield* step())); }',
    ),
    valid('returned', 'function flow() { return step(); } const arrow = () => step();'),
    valid(
      'passed on',
      'run(step()); new Set(step()); class A { s = step(); constructor() { this.s = object.recv(); } }',
    ),
    valid(
      'driven by hand',
      'step().next(); run(step()[Symbol.iterator]()); const [first] = step(); for (const wait of step()) console.log(wait); console.log([...step()]);',
    ),
    valid(
      'delegated to under a condition or a cast',
      'function* flow(): Steps<number> { return yield* now ? step() : (object.recv() as Steps<number>); }',
    ),
    valid(
      'held by a variable that is run later',
      'function* flow(): Steps<void> { const steps = step(); yield* steps; }',
    ),
    valid(
      'held by a variable that is assigned later',
      'function* flow(): Steps<void> { let steps: Steps<number>; if (now) { steps = step(); yield* steps; } }',
    ),
    valid(
      'told from a value by whoever takes it',
      "function* flow(): Steps<number> { const got = both(); return typeof got === 'number' ? got : yield* got; }",
    ),
    valid(
      'put away in an object or an array',
      'console.log({ steps: step(), more: [step()] }); export const steps = step();',
    ),
    valid('a call that returns no generator', 'declare function plain(): Iterable<number>; plain(); console.log(now);'),
  ],
  invalid: [
    invalid('a statement by itself', 'function* flow(): Steps<void> { step(); }'),
    invalid('a method by itself', 'function* flow(): Steps<void> { object.recv(); }'),
    invalid('an optional call by itself', 'function* flow(): Steps<void> { object.maybe?.(); }'),
    invalid('yield without the star', 'function* flow(): Generator<unknown, void, void> { yield step(); }', 'star'),
    invalid('returned by a generator', 'function* flow() { return step(); }'),
    invalid('awaited', 'async function flow() { await step(); }'),
    invalid('void', 'function* flow(): Steps<void> { void step(); }'),
    invalid('used as a condition', 'function* flow(): Steps<void> { if (step()) return; }'),
    invalid('behind &&', 'function* flow(): Steps<void> { now && step(); }'),
    invalid('compared', 'function* flow(): Steps<void> { console.log(step() === undefined); }'),
    invalid(
      'held by a variable that nobody runs',
      'function* flow(): Steps<void> { const finished = step(); if (finished) return; }',
    ),
    invalid(
      'held by a variable that only passes to itself',
      'function* flow(): Steps<void> { let steps = step(); steps = steps; }',
    ),
    invalid(
      'taken for their value',
      'function* flow(): Steps<void> { const message = step(); console.log(message.body); }',
    ),
    invalid(
      'taken apart as their value',
      'function* flow(): Steps<void> { const { body } = step(); console.log(body); }',
    ),
    invalid('asked for a property of their value', 'function* flow(): Steps<void> { console.log(step().length); }'),
    invalid('called from a type parameter', 'function flow<G extends Steps<void>>(make: () => G) { make(); }'),
    invalid('a value or steps, dropped', 'both();'),
  ],
});
