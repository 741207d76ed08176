/** @module @ferrule/node/adapters/kafkajs: Kafka through kafkajs. */
import type { ISocketFactory } from 'kafkajs';
import type { TlsConnector } from '../duplex/connector.ts';
import { asTlsSocket } from './ready.ts';
import { needsConnector, refuseNodeOptions } from './tls-required.ts';

/**
 * `new Kafka({ brokers, ssl: true, socketFactory: kafkaSocketFactory(connector) })`. Of `ssl`, `servername` is
 * honoured; options that concern trust are a TypeError on the first connection.
 */
export function kafkaSocketFactory(connector: TlsConnector): ISocketFactory {
  needsConnector('kafkaSocketFactory', connector);
  return ({ host, port, ssl, onConnect }) => {
    refuseNodeOptions('kafkaSocketFactory', ssl, 'ssl');
    const { servername } = (ssl ?? {}) as { readonly servername?: string };
    return asTlsSocket(connector.duplex({ host, port, ...(servername && { servername }) }).once('ready', onConnect));
  };
}
