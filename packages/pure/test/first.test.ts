import { describe, expect, it } from 'vitest';
import { Client, TestServer, echo } from '@ferrule/conformance';
import { createPure } from '../src/index.ts';
import { nodeCrypto } from '../src/crypto/node.ts';

describe('the first handshake', () => {
  it('talks to a TLS 1.3 server of Node', async () => {
    const server = await TestServer.make({ minVersion: 'TLSv1.3' });
    const client = await Client.make(createPure({ crypto: nodeCrypto }), server.open());
    const accepted = server.accepted();
    await client.established();
    echo(await accepted);
    await client.echo('hello');
    expect(client.ssl.version).toBe('TLSv1.3');
    server.close();
  });
});
