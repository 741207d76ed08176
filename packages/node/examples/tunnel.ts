/** Redis through node-redis, which has no hook for its socket: a door on this machine leads into TLS. */
import { tunnel, type TlsConnector } from '@ferrule/node/duplex';
import { createClient } from 'redis';

export async function setAndGet(
  connector: TlsConnector,
  host: string,
  port: number,
  value: string,
): Promise<string | null> {
  const door = await tunnel(connector, { host, port });
  const redis = createClient({
    socket: door.address as { host: string; port: number },
    // Else a server that moves leads it to another address, in plain text
    maintNotifications: 'disabled',
  });
  await redis.connect();
  await redis.set('door', value);
  const got = await redis.get('door');
  await redis.close();
  await door.close();
  return got;
}
