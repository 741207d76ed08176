/** @module Installs this face in `node:tls`, and so for its users: `https`, `http2` and libraries. */
import { syncBuiltinESMExports } from 'node:module';
import nodeTls from 'node:tls';
import { connect } from './connect.ts';
import { createSecureContext } from './secure-context.ts';
import { TLSSocket } from './socket.ts';

/**
 * From now on `tls.connect()` and `new tls.TLSSocket()` of this process are ferrule's, for CommonJS and ES modules,
 * including those already loaded. Servers remain Node's, and their connections are still `instanceof tls.TLSSocket`.
 * @returns a function that undoes it.
 */
export function lend(): () => void {
  const { connect: nodeConnect, TLSSocket: NodeTLSSocket, createSecureContext: nodeCreate } = nodeTls;
  Object.defineProperty(TLSSocket, Symbol.hasInstance, {
    configurable: true,
    value(this: unknown, value: unknown): boolean {
      return (
        Function.prototype[Symbol.hasInstance].call(this, value) ||
        (this === TLSSocket && value instanceof NodeTLSSocket)
      );
    },
  });
  put({ connect, TLSSocket, createSecureContext });
  return () => {
    Reflect.deleteProperty(TLSSocket, Symbol.hasInstance);
    put({ connect: nodeConnect, TLSSocket: NodeTLSSocket, createSecureContext: nodeCreate });
  };
}

function put(functions: object): void {
  Object.assign(nodeTls, functions);
  syncBuiltinESMExports();
}
