/**
 * `npm run mutations`: every prefix and every change of every single byte of fifty certificates, some thirteen million
 * inputs. Each must give one typed error or a certificate, and the slowest is reported. `--every N` looks at each Nth
 * byte only.
 */
import { parseArgs } from 'node:util';
import { DerError, describeCertificate, parseCertificate } from '@ferrule/x509';
import { fiftyCertificates } from '../test/certificates.ts';

const { values } = parseArgs({ options: { every: { type: 'string', default: '1' } } });
const every = Number(values.every);

const counts = { inputs: 0, errors: 0, certificates: 0, described: 0 };
const other: string[] = [];
let slowest = 0;

/** What looks slow is tried again: another process may have had the processor. */
function attempt(bytes: Uint8Array): void {
  counts.inputs++;
  let elapsed = timed(bytes);
  for (let again = 0; elapsed > 10 && again < 5; again++) elapsed = Math.min(elapsed, timed(bytes));
  slowest = Math.max(slowest, elapsed);
}

function timed(bytes: Uint8Array): number {
  const started = performance.now();
  try {
    const certificate = parseCertificate(bytes);
    if (counts.certificates++ % 100 === 0) {
      counts.described++;
      String(describeCertificate(certificate));
    }
  } catch (error) {
    if (error instanceof DerError) counts.errors++;
    else other.push(`${String(error)}: ${Buffer.from(bytes).toString('base64')}`);
  }
  return performance.now() - started;
}

for (const der of fiftyCertificates()) {
  for (let length = 0; length < der.length; length++) attempt(der.subarray(0, length));
  const changed = der.slice();
  for (let at = 0; at < der.length; at += every) {
    for (let value = 0; value < 256; value++) {
      changed[at] = value;
      if (value !== der[at]) attempt(changed);
    }
    changed[at] = der[at] as number;
  }
}

console.log(
  JSON.stringify(
    { ...counts, otherExceptions: other.length, slowestMilliseconds: Number(slowest.toFixed(2)) },
    null,
    2,
  ),
);
for (const one of other.slice(0, 10)) console.error(one);
process.exitCode = other.length > 0 ? 1 : 0;
