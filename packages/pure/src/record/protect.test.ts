import { ContentType } from '@ferrule/result/numbers';
import { describe, expect, it } from 'vitest';
import { toyKeys, toyProtection } from '../../test/toy-aead.ts';
import type { AeadAlgorithm } from '../crypto/provider.ts';
import { contentLength, Protection, RECORD_HEADER } from './protect.ts';

interface Use {
  readonly nonce: number[];
  readonly aad: number[];
  readonly plain: number[];
}

/** An AEAD that writes down how it is used. */
function recording(uses: Use[]): AeadAlgorithm {
  return {
    ...toyKeys(0).suite.aead,
    key: () => ({
      sync: true,
      seal(nonce, aad, plain, out) {
        uses.push({ nonce: [...nonce], aad: [...aad], plain: [...plain] });
        return out;
      },
      open: () => null,
      dispose: () => undefined,
    }),
  };
}

/** The record that a protection makes of a content. */
function sealed(
  protection: Protection,
  content: Uint8Array,
  padding = 0,
  type: number = ContentType.application_data,
): Uint8Array {
  const record = new Uint8Array(RECORD_HEADER + protection.overhead + content.length + padding);
  record.set(content, RECORD_HEADER + protection.prefix);
  expect(protection.seal(record, type, content.length, padding)).toBe(record.length);
  return record;
}

const content = Uint8Array.of(10, 20, 30);
const key = new Uint8Array(32);

describe('record protection', () => {
  it('of TLS 1.3 hides the type behind the content, pads with zeros, and takes the header as additional data', () => {
    const uses: Use[] = [];
    const protection = new Protection({
      version: 'TLSv1.3',
      suite: { aead: recording(uses) },
      key,
      iv: new Uint8Array(12),
    });
    sealed(protection, content, 2, ContentType.handshake);
    expect(uses[0]).toEqual({
      nonce: Array<number>(12).fill(0),
      aad: [23, 3, 3, 0, 22],
      plain: [10, 20, 30, 22, 0, 0],
    });
  });

  it('counts records in the nonce, exclusive-or the IV (RFC 9846 section 5.3)', () => {
    const uses: Use[] = [];
    const protection = new Protection({
      version: 'TLSv1.3',
      suite: { aead: recording(uses) },
      key,
      iv: Uint8Array.from({ length: 12 }, (_, i) => i),
    });
    for (let i = 0; i < 258; i++) sealed(protection, content);
    expect(uses[1]?.nonce).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 ^ 1]);
    expect(uses[257]?.nonce).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 ^ 1, 11 ^ 1]);
    expect(protection.records).toBe(258);
  });

  it('of TLS 1.2 with GCM sends the sequence number as explicit nonce (RFC 5288 section 3)', () => {
    const uses: Use[] = [];
    const protection = new Protection({
      version: 'TLSv1.2',
      suite: { aead: recording(uses) },
      key,
      iv: Uint8Array.of(1, 2, 3, 4),
    });
    sealed(protection, content);
    const record = sealed(protection, content, 0, ContentType.handshake);
    expect([...record.subarray(0, 13)]).toEqual([22, 3, 3, 0, 8 + 3 + 16, 0, 0, 0, 0, 0, 0, 0, 1]);
    expect(uses[1]).toEqual({
      nonce: [1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 1],
      aad: [0, 0, 0, 0, 0, 0, 0, 1, 22, 3, 3, 0, 3],
      plain: [10, 20, 30],
    });
  });

  it('of TLS 1.2 with ChaCha20 has no explicit nonce (RFC 7905 section 2)', () => {
    const uses: Use[] = [];
    const protection = new Protection({
      version: 'TLSv1.2',
      suite: { aead: recording(uses) },
      key,
      iv: new Uint8Array(12).fill(7),
    });
    sealed(protection, content);
    const record = sealed(protection, content);
    expect([...record.subarray(0, 5)]).toEqual([23, 3, 3, 0, 3 + 16]);
    expect(uses[1]?.nonce).toEqual([7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7 ^ 1]);
  });

  it.each<['TLSv1.3' | 'TLSv1.2', number]>([
    ['TLSv1.3', 12],
    ['TLSv1.2', 4],
    ['TLSv1.2', 12],
  ])('of %s with an IV of %i bytes opens what it sealed, and nothing that was changed', (version, ivLength) => {
    const record = sealed(toyProtection(1, {}, version, ivLength), content);
    const opened = toyProtection(1, {}, version, ivLength).open(record, record.length, new Uint8Array(64));
    expect([...(opened ?? [])].slice(0, 3)).toEqual([...content]);
    // legacy_record_version is not under the protection of TLS 1.2; the reader insists on its value.
    const at = Array.from(record.keys()).filter((i) => version === 'TLSv1.3' || i < 1 || i > 4);
    for (const i of at) {
      const changed = record.slice();
      changed[i] = (record[i] ?? 0) ^ 1;
      expect(toyProtection(1, {}, version, ivLength).open(changed, changed.length, new Uint8Array(64))).toBeNull();
    }
    for (let length = RECORD_HEADER; length < record.length; length++) {
      expect(toyProtection(1, {}, version, ivLength).open(record, length, new Uint8Array(64))).toBeNull();
    }
  });

  it('does not open a record twice, nor out of order', () => {
    const sender = toyProtection(1);
    const [first, second] = [sealed(sender, content), sealed(sender, content)];
    expect(toyProtection(1).open(second, second.length, new Uint8Array(64))).toBeNull();
    const receiver = toyProtection(1);
    expect(receiver.open(first, first.length, new Uint8Array(64))).not.toBeNull();
    expect(receiver.open(first, first.length, new Uint8Array(64))).toBeNull();
  });

  it('asks for new keys in time and refuses a record too many', () => {
    const protection = toyProtection(1, { recordLimit: 1026 });
    sealed(protection, content);
    expect(protection.needsRekey).toBe(false);
    sealed(protection, content);
    expect(protection.needsRekey).toBe(true);
    for (let i = 2; i < 1026; i++) sealed(protection, content);
    expect(() => sealed(protection, content)).toThrow(expect.objectContaining({ code: 'KEY_LIMIT_REACHED' }) as Error);
  });

  it('finds the end of the content in front of type and padding', () => {
    expect(contentLength(Uint8Array.of(1, 2, 23, 0, 0))).toBe(2);
    expect(contentLength(Uint8Array.of(23))).toBe(0);
    expect(contentLength(Uint8Array.of(0, 0))).toBe(-1);
    expect(contentLength(new Uint8Array(0))).toBe(-1);
  });
});
