/** @module @ferrule/node/adapters/mqtt: MQTT through the package mqtt. */
import type { Duplex } from 'node:stream';
import type { TlsConnector } from '../duplex/connector.ts';
import { needsConnector, ownOptions } from './tls-required.ts';

export interface MqttServer {
  readonly host: string;
  /** Default 8883. */
  readonly port?: number;
  /** The name that the certificate must have; default `host`. */
  readonly servername?: string;
}

/**
 * `new MqttClient(mqttStream(connector, { host, port }), options)`: a new Duplex for each (re)connection.
 * @throws TypeError for an unknown option; the options of MQTT are MqttClient's.
 */
export function mqttStream(connector: TlsConnector, server: MqttServer): () => Duplex {
  needsConnector('mqttStream', connector);
  const { host, port = 8883, servername = host } = ownOptions('mqttStream', server, ['host', 'port', 'servername']);
  connector.check({ host, port, servername });
  return () => connector.duplex({ host, port, servername });
}
