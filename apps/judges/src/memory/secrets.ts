/**
 * @module What the server of a connection knows of its secrets, derived from its key log: what must not be found at the
 * client.
 */
import { createHmac } from 'node:crypto';

/**
 * The hash and key length of both suites that are searched for: TLS_AES_128_GCM_SHA256 and ECDHE with AES-128-GCM and
 * SHA-256.
 */
const KEY_LENGTH = 16;

/**
 * What tells that a secret is there, by the secret's name: those of a server's key log (RFC 9850), and the keys that
 * follow from them.
 * @param randoms - of TLS 1.2 the server's random, by the client's in hexadecimal.
 */
export function piecesOf(lines: readonly string[], randoms: ReadonlyMap<string, Uint8Array>): Map<string, Uint8Array> {
  // Allocators write their lists over the first 16 bytes of memory that was freed: the rest of a longer secret is
  // looked for.
  return new Map(
    [...secretsOf(lines, randoms)].map(([name, secret]) => [name, secret.length >= 32 ? secret.subarray(16) : secret]),
  );
}

function secretsOf(lines: readonly string[], randoms: ReadonlyMap<string, Uint8Array>): Map<string, Uint8Array> {
  const secrets = new Map<string, Uint8Array>();
  lines.forEach((line) => {
    const [label = '', clientRandom = '', hex = ''] = line.trim().split(' ');
    const secret = Buffer.from(hex, 'hex');
    const name = `${label} of ${clientRandom.slice(0, 8)}`;
    secrets.set(name, secret);
    if (label === 'CLIENT_RANDOM') {
      const serverRandom = randoms.get(clientRandom);
      if (serverRandom === undefined) throw new Error(`no ServerHello was seen for ${clientRandom}`);
      const block = keyBlock(secret, Buffer.from(clientRandom, 'hex'), serverRandom);
      secrets.set(`client write key of ${clientRandom.slice(0, 8)}`, block.subarray(0, KEY_LENGTH));
      secrets.set(`server write key of ${clientRandom.slice(0, 8)}`, block.subarray(KEY_LENGTH));
    } else if (label.includes('TRAFFIC')) {
      secrets.set(`${name}, its record key`, expandLabel(secret, 'key', KEY_LENGTH));
      secrets.set(`${name}, its Finished key`, expandLabel(secret, 'finished', secret.length));
      const next = expandLabel(secret, 'traffic upd', secret.length);
      if (label.endsWith('_0')) {
        secrets.set(`${name}, the next`, next);
        secrets.set(`${name}, the record key of the next`, expandLabel(next, 'key', KEY_LENGTH));
      }
    }
  });
  return secrets;
}

/** HKDF-Expand-Label of RFC 9846 section 7.1 with SHA-256 and an empty context, for up to 32 bytes. */
function expandLabel(secret: Uint8Array, label: string, length: number): Buffer {
  const name = Buffer.from(`tls13 ${label}`);
  const info = Buffer.concat([Buffer.from([0, length, name.length]), name, Buffer.from([0, 1])]);
  return createHmac('sha256', secret).update(info).digest().subarray(0, length);
}

/** RFC 5246 sections 5 and 6.3: P_SHA256 over both randoms, the server's first; two blocks of it are both keys. */
function keyBlock(master: Uint8Array, clientRandom: Uint8Array, serverRandom: Uint8Array): Buffer {
  const seed = Buffer.concat([Buffer.from('key expansion'), serverRandom, clientRandom]);
  const hmac = (data: Uint8Array): Buffer => createHmac('sha256', master).update(data).digest();
  return hmac(Buffer.concat([hmac(seed), seed]));
}
