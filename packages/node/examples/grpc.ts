/** A unary call through @grpc/grpc-js; the connector offers `alpn: ['h2']`. */
import { grpcCredentials } from '@ferrule/node/adapters/grpc';
import type { TlsConnector } from '@ferrule/node/duplex';
import { Client } from '@grpc/grpc-js';

const asIs = (value: Buffer): Buffer => value;

export async function call(
  connector: TlsConnector,
  host: string,
  port: number,
  method: string,
  request: Buffer,
): Promise<Buffer | undefined> {
  const client = new Client(`${host}:${port}`, grpcCredentials(connector, { servername: host }));
  const answer = await new Promise<Buffer | undefined>((resolve, reject) =>
    client.makeUnaryRequest(method, asIs, asIs, request, (error, value) => (error ? reject(error) : resolve(value))),
  );
  client.close();
  return answer;
}
