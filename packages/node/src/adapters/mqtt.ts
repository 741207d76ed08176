/** @module @ferrule/node/adapters/mqtt: MQTT through the package mqtt. */
import type { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import type { TlsConnector } from '../duplex/connector.ts';
import { needsConnector, ownOptions } from './tls-required.ts';

export interface MqttServer {
  readonly host: string;
  /** Default 8883. */
  readonly port?: number;
  /** The name that the certificate must match; default `host`. */
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
  return ((client?: EventEmitter) => {
    const duplex = connector.duplex({ host, port, servername });
    if (client !== undefined) duplex.once('error', (error) => tells(client, error));
    return duplex;
  }) as () => Duplex;
}

/** mqtt emits a stream error only for codes it knows: mqtt 5.0 knows few, and no version those of a dial. */
function tells(client: EventEmitter, error: Error): void {
  let isTold = false;
  const told = (): void => void (isTold = true);
  client.prependOnceListener('error', told);
  process.nextTick(() => {
    client.off('error', told);
    if (!isTold && client.listenerCount('error') > 0) client.emit('error', error);
  });
}
