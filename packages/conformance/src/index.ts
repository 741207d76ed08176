/** @module @ferrule/conformance: one suite for every engine. */
export { type Check, type CheckGroup, group } from './check.ts';
export { WRONG_OPTIONS, type WrongOption } from './checks/wrong-options.ts';
export { BIO_SIZES, manPage } from './checks/man-page.ts';
export { Client, type ClientOptions, expectReturn, trusting } from './client.ts';
export { blockingPeer, type Act, type BlockingSceneOptions } from './blocking.ts';
export { describeBackend, type DescribeOptions } from './describe.ts';
export { type ClientHello, clientHelloOf, isGrease, keyShareGroups, parseClientHello, prefixedList } from './hello.ts';
export { suite } from './suite.ts';
