/** A company's CA beside those that Node brings. */
import { readFileSync } from 'node:fs';
import tls, { type TLSSocket } from '@ferrule/node/tls';

export const connect = (host: string, port: number, caFile: string): TLSSocket =>
  tls.connect({ host, port, servername: host, ca: [...tls.rootCertificates, readFileSync(caFile, 'utf8')] });
