/** @module @ferrule/node/adapters/kafkajs: Kafka through kafkajs. */
import type { ISocketFactory } from 'kafkajs';
import type { TlsConnector } from '../duplex/connector.ts';
import { asTlsSocket } from './ready.ts';

/** `new Kafka({ brokers, ssl: true, socketFactory: kafkaSocketFactory(connector) })`. */
export const kafkaSocketFactory =
  (connector: TlsConnector): ISocketFactory =>
  ({ host, port, onConnect }) =>
    asTlsSocket(connector.duplex({ host, port }).once('ready', onConnect));
