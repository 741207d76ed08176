/** @module @ferrule/node/adapters/nodemailer: SMTP through nodemailer, implicit TLS or STARTTLS. */
import type { TlsConnector } from '../duplex/connector.ts';
import { ready } from './ready.ts';

type GetSocket = (options: { readonly host?: string; readonly port?: number | string }, callback: (error: Error | null, socketOptions: object) => void) => void;

/**
 * `createTransport({ host, port, ...nodemailerOptions(connector) })`. With `starttls` the Duplex speaks the STARTTLS
 * dialogue and hands the greeting on, so to nodemailer every connection looks like implicit TLS.
 */
export const nodemailerOptions = (connector: TlsConnector, { starttls = false }: { readonly starttls?: boolean } = {}): { readonly secure: true; readonly getSocket: GetSocket } => ({
  secure: true,
  getSocket: ({ host = 'localhost', port = starttls ? 587 : 465 }, callback) => {
    const duplex = connector.duplex({ host, port: Number(port), ...(starttls && { preamble: 'smtp' as const, replayGreeting: true }) });
    ready(duplex).then(
      (connection) => callback(null, { connection, secured: true }),
      (error: Error) => callback(error, {}),
    );
  },
});
