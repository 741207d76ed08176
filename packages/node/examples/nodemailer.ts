/** Mail through nodemailer: implicit TLS (465), or STARTTLS (587). */
import { nodemailerOptions } from '@ferrule/node/adapters/nodemailer';
import type { TlsConnector } from '@ferrule/node/duplex';
import { createTransport } from 'nodemailer';

export async function send(
  connector: TlsConnector,
  host: string,
  port: number,
  starttls: boolean,
): Promise<{ readonly accepted: unknown; readonly response: string }> {
  // Its types do not tell of `getSocket`
  const transport = createTransport(nodemailerOptions(connector, { host, port, starttls }) as object);
  const sent = await transport.sendMail({
    from: 'a@server.test',
    to: 'b@server.test',
    subject: 'ferrule',
    text: 'by mail',
  });
  transport.close();
  return sent as { readonly accepted: unknown; readonly response: string };
}
