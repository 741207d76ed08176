/** @module @ferrule/node/adapters/mqtt: MQTT through the package mqtt. */
import type { Duplex } from 'node:stream';
import type { TlsConnector } from '../duplex/connector.ts';

/**
 * `new MqttClient(mqttStream(connector, { host, port }), options)`: a new Duplex for each (re)connection. `servername`
 * where it is not the host.
 */
export const mqttStream =
  (
    connector: TlsConnector,
    {
      host,
      port = 8883,
      servername = host,
    }: { readonly host: string; readonly port?: number; readonly servername?: string },
  ): (() => Duplex) =>
  () =>
    connector.duplex({ host, port, servername });
