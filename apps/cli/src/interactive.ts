/**
 * @module `ferrule connect --interactive`: a line typed is a line sent, and what the server says is shown when it
 * comes.
 */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { TlsConnection } from 'ferrule';

export interface ConversationOptions {
  /** What ends a line that is sent. Nearly all protocols of lines want CR LF. */
  readonly lineEnd: '\r\n' | '\n';
  /** What is said about the connection, one line of it. */
  readonly say: (line: string) => void;
}

/** Lines that begin so are for us, as in ssh(1); the sign twice sends it. */
const ESCAPE = '~';

const COMMANDS = [
  '~.  leave',
  '~k  new keys for what is sent; ~K for both directions (KeyUpdate, RFC 9846 section 4.7.3)',
  '~i  what was agreed on',
  '~?  this list',
  '~~  a line that begins with ~',
];

/**
 * Ends when the server does, or with `~.`. The end of stdin is close_notify: the server may still finish what it says.
 */
export async function converse(connection: TlsConnection, options: ConversationOptions): Promise<void> {
  const lines = createInterface({ input: process.stdin });
  const said = connection.readable.getReader();
  options.say('~? lists what you can do; Ctrl-D ends what is sent, Ctrl-C everything');
  const typed = sendLines(lines, connection, options).then((leave) => (leave ? said.cancel() : undefined));
  try {
    await Promise.all([typed, show(said).then(() => lines.close())]);
  } finally {
    lines.close();
    process.stdin.destroy();
  }
}

/** Whether to leave without waiting for what the server has to say. */
async function sendLines(
  lines: AsyncIterable<string>,
  connection: TlsConnection,
  { lineEnd, say }: ConversationOptions,
): Promise<boolean> {
  const writer = connection.writable.getWriter();
  const encoder = new TextEncoder();
  for await (const line of lines) {
    if (line === '~.') return true;
    if (line.startsWith(ESCAPE) && !line.startsWith(ESCAPE + ESCAPE)) await command(line, connection, say);
    else await writer.write(encoder.encode(line.replace(/^~~/, ESCAPE) + lineEnd));
  }
  await writer.close();
  return false;
}

async function command(line: string, connection: TlsConnection, say: (line: string) => void): Promise<void> {
  const { version, cipherSuite, group, alpn, engine } = connection.info;
  if (line === '~i')
    say([version, cipherSuite.name, group?.name, alpn, engine].filter((fact) => fact !== undefined).join(', '));
  else if (line !== '~k' && line !== '~K') COMMANDS.forEach(say);
  else if (version === 'TLSv1.2') say('TLS 1.2 has no KeyUpdate');
  else {
    await connection.keyUpdate(line === '~K');
    say(line === '~K' ? 'new keys sent, and asked for' : 'new keys sent');
  }
}

/** A terminal gets text without what would steer it; anything else gets the bytes. */
async function show(said: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  const { stdout } = process;
  const decoder = new TextDecoder();
  for (;;) {
    const { value } = await said.read();
    if (value === undefined) return;
    const shown = stdout.isTTY
      ? decoder
          .decode(value, { stream: true })
          .replaceAll('\r', '')
          .replace(/[^\P{C}\t\n]/gu, '�')
      : value;
    if (!stdout.write(shown)) await once(stdout, 'drain');
  }
}
