/** @module What a server says right after the handshake: a refusal of the client, most of all. */
import { type TlsConnection, TlsError } from 'ferrule';
import type { Timeline } from './timeline.ts';

/**
 * In TLS 1.3 a server can refuse the client only after the handshake; others hang up, or greet. The failure that comes
 * within `wait` milliseconds, and within longer where the server asked for a client certificate.
 */
export async function listen(
  connection: TlsConnection,
  wait: number,
  timeline: Timeline,
): Promise<TlsError | undefined> {
  const demanded = timeline.received('CertificateRequest');
  const heard = connection.read(new Uint8Array(4096)).then(
    (n) => void timeline.mark(n > 0 ? 'first byte' : 'closed by the server'),
    (error: unknown) => {
      if (TlsError.is(error)) return error;
      throw error;
    },
  );
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<undefined>(
    (resolve) => (timer = setTimeout(resolve, demanded ? Math.max(wait, REFUSAL) : wait, undefined)),
  );
  const satisfied = demanded && connection.info.version === 'TLSv1.3' ? timeline.ticket.then(() => undefined) : silence;
  try {
    return (await Promise.race([heard, silence, satisfied])) ?? undefined;
  } finally {
    clearTimeout(timer);
    // Closing the connection ends the read that is still under way
    heard.catch(() => undefined);
  }
}

/** How long a server may take to refuse a client that has no certificate, milliseconds. */
const REFUSAL = 2000;
