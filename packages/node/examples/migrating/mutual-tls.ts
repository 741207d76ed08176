/** A client certificate, for a server that asks for one. */
import { readFileSync } from 'node:fs';
import tls, { type TLSSocket } from '@ferrule/node/tls';

export const connect = (
  host: string,
  port: number,
  files: { readonly ca: string; readonly cert: string; readonly key: string },
): TLSSocket =>
  tls.connect({
    host,
    port,
    servername: host,
    ca: readFileSync(files.ca),
    cert: readFileSync(files.cert),
    key: readFileSync(files.key),
  });
