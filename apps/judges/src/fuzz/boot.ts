/**
 * @module Imported before everything else in the fuzzing thread: the instrumented code wants its counters when it is
 * loaded.
 */
import { workerData } from 'node:worker_threads';
import { Coverage, type Layout } from './coverage.ts';

globalThis.ferruleCoverage = new Coverage((workerData as { readonly layout: Layout }).layout);
