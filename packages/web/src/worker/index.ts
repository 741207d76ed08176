/** @module @ferrule/web/worker: the engine in a worker, and synchronous connections there. */
export { type BlockingOptions, type BlockingPipe, blockingDial, serveBlocking } from './blocking.ts';
export {
  serveTls,
  type ServeTlsOptions,
  type TlsWorker,
  tlsWorker,
  WorkerConnection,
  type WorkerConnectOptions,
} from './connection.ts';
export { type Port } from './port.ts';
