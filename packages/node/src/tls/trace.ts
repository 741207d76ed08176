/** @module `enableTrace`: a line on stderr for each handshake message and alert. */
import type { TraceMessage } from '@ferrule/contract';
import { alertName } from '@ferrule/result';

const MESSAGES: Readonly<Record<number, string>> = {
  0: 'HelloRequest',
  1: 'ClientHello',
  2: 'ServerHello',
  4: 'NewSessionTicket',
  8: 'EncryptedExtensions',
  11: 'Certificate',
  12: 'ServerKeyExchange',
  13: 'CertificateRequest',
  14: 'ServerHelloDone',
  15: 'CertificateVerify',
  16: 'ClientKeyExchange',
  20: 'Finished',
  22: 'CertificateStatus',
  24: 'KeyUpdate',
};

/** `TLS Sent: Handshake, ClientHello, 512 bytes` */
export function traceLine({ direction, contentType, bytes }: TraceMessage): void {
  const what =
    contentType === 22
      ? `Handshake, ${MESSAGES[bytes[0] ?? -1] ?? `message ${bytes[0]}`}`
      : contentType === 21
        ? `Alert, ${alertName(bytes[1] ?? 0)}`
        : 'ChangeCipherSpec';
  process.stderr.write(`TLS ${direction === 'sent' ? 'Sent' : 'Received'}: ${what}, ${bytes.length} bytes\n`);
}
