/** Redis through ioredis. */
import { ioredisOptions } from '@ferrule/node/adapters/ioredis';
import type { TlsConnector } from '@ferrule/node/duplex';
import { Redis } from 'ioredis';

export async function setAndGet(
  connector: TlsConnector,
  host: string,
  port: number,
  value: string,
): Promise<string | null> {
  const redis = new Redis(ioredisOptions(connector, { host, port }));
  await redis.set('key', value);
  const got = await redis.get('key');
  await redis.quit();
  return got;
}
