/** MQTT through mqtt. */
import { once, type EventEmitter } from 'node:events';
import { mqttStream } from '@ferrule/node/adapters/mqtt';
import type { TlsConnector } from '@ferrule/node/duplex';
import { MqttClient } from 'mqtt';

export async function publishAndReceive(
  connector: TlsConnector,
  host: string,
  port: number,
  text: string,
): Promise<string> {
  const client = new MqttClient(mqttStream(connector, { host, port }), { protocolVersion: 5, reconnectPeriod: 0 });
  const emitter = client as unknown as EventEmitter;
  await once(emitter, 'connect');
  await client.subscribeAsync('ferrule/example');
  const message = once(emitter, 'message') as Promise<[string, Buffer]>;
  await client.publishAsync('ferrule/example', text);
  const [, payload] = await message;
  await client.endAsync();
  return payload.toString();
}
