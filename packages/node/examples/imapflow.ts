/** IMAP through imapflow: implicit TLS (993), or STARTTLS (143). */
import { imapflowOptions } from '@ferrule/node/adapters/imapflow';
import type { TlsConnector } from '@ferrule/node/duplex';
import { ImapFlow } from 'imapflow';

export async function count(
  connector: TlsConnector,
  host: string,
  port: number,
  secure: boolean,
): Promise<number | undefined> {
  const client = new ImapFlow(
    imapflowOptions(connector, { host, port, secure, auth: { user: 'ferrule', pass: 'secret' }, logger: false }),
  );
  await client.connect();
  const status = await client.status('INBOX', { messages: true });
  await client.logout();
  return status === false ? undefined : status.messages;
}
