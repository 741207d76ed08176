/** HTTP/2 through node:http2; the connector offers `alpn: ['h2']`. */
import { http2Connect } from '@ferrule/node/adapters/http2';
import type { TlsConnector } from '@ferrule/node/duplex';

export async function get(connector: TlsConnector, host: string, port: number, path: string): Promise<string> {
  const session = http2Connect(connector, `https://${host}:${port}`);
  let text = '';
  for await (const chunk of session.request({ ':path': path }).setEncoding('utf8')) text += chunk as string;
  session.close();
  return text;
}
