/** NATS through @nats-io/transport-node. */
import { natsConnect } from '@ferrule/node/adapters/nats';
import type { TlsConnector } from '@ferrule/node/duplex';

export async function publishAndReceive(
  connector: TlsConnector,
  host: string,
  port: number,
  text: string,
): Promise<string | undefined> {
  const connection = await natsConnect(connector, { servers: `${host}:${port}` });
  const subscription = connection.subscribe('ferrule', { max: 1 });
  connection.publish('ferrule', text);
  let received: string | undefined;
  for await (const message of subscription) received = message.string();
  await connection.close();
  return received;
}
