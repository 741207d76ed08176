/** @module `enableTrace`: a line on stderr for each handshake message and alert. */
import type { TraceMessage } from '@ferrule/contract';
import { alertName } from '@ferrule/result';
import { messageName } from '@ferrule/result/names';

/** `TLS Sent: Handshake, ClientHello, 512 bytes` */
export function traceLine({ direction, contentType, bytes }: TraceMessage): void {
  const what =
    contentType === 22
      ? `Handshake, ${messageName(bytes[0] ?? -1)}`
      : contentType === 21
        ? `Alert, ${alertName(bytes[1] ?? 0)}`
        : 'ChangeCipherSpec';
  process.stderr.write(`TLS ${direction === 'sent' ? 'Sent' : 'Received'}: ${what}, ${bytes.length} bytes\n`);
}
