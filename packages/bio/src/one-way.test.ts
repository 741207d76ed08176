import { describe, expect, it } from 'vitest';
import { InboundBio } from './inbound.ts';
import { OutboundBio } from './outbound.ts';

describe('InboundBio', () => {
  it('exposes lent bytes in place, and copies only what is kept', () => {
    const bio = new InboundBio();
    const lent = Uint8Array.of(1, 2, 3, 4);
    bio.lend(lent);
    expect(bio.nread0().buffer).toBe(lent.buffer);
    bio.nread(1);
    bio.keep();
    lent.fill(9);
    expect([...bio.nread0()]).toEqual([2, 3, 4]);
    const into = new Uint8Array(2);
    expect(bio.read(into)).toBe(2);
    expect([...into]).toEqual([2, 3]);
    expect(bio.pending).toBe(1);
  });

  it('joins what was left with as much of the next chunk as requested', () => {
    const bio = new InboundBio();
    bio.lend(Uint8Array.of(1, 2, 3));
    bio.nread(1);
    bio.keep();
    bio.lend(Uint8Array.of(4, 5, 6));
    expect([...bio.nread0(1)]).toEqual([2, 3]);
    expect([...bio.nread0(4)]).toEqual([2, 3, 4, 5]);
    bio.nread(4);
    expect([[...bio.nread0()], bio.pending]).toEqual([[6], 1]);
  });

  it('joins new bytes with those already pending', () => {
    const bio = new InboundBio();
    bio.lend(Uint8Array.of(1));
    bio.lend(Uint8Array.of(2, 3));
    expect([...bio.nread0()]).toEqual([1, 2, 3]);
  });

  it('is empty, then at its end, as a BIO', () => {
    const bio = new InboundBio();
    expect(bio.read(new Uint8Array(1))).toBe(-1);
    bio.lend(Uint8Array.of(1));
    bio.end();
    expect(bio.eof).toBe(false);
    expect(bio.read(new Uint8Array(5))).toBe(1);
    expect(bio.read(new Uint8Array(5))).toBe(0);
    expect(bio.eof).toBe(true);
  });

  it('cannot be written, and consumes no more than is pending', () => {
    const bio = new InboundBio();
    expect(() => bio.nwrite0()).toThrow(TypeError);
    expect(() => bio.write()).toThrow(TypeError);
    expect(() => bio.nread(1)).toThrow(RangeError);
    expect(() => bio.read(new Uint8Array(0))).toThrow(TypeError);
  });
});

describe('OutboundBio', () => {
  it('gathers writes, passes them on, and reuses its block', () => {
    const bio = new OutboundBio();
    bio.nwrite0().set([1, 2]);
    bio.nwrite(2);
    expect(bio.write(new Uint8Array(10_000).fill(3))).toBe(10_000);
    expect(bio.queued).toBe(10_002);
    const outgoing = bio.take();
    if (outgoing === undefined) throw new Error('10,002 bytes are queued');
    const { bytes, release } = outgoing;
    expect([...bytes.subarray(0, 3), bytes.length]).toEqual([1, 2, 3, 10_002]);
    expect([bio.queued, bio.inFlight, bio.take()]).toEqual([0, 10_002, undefined]);
    expect(new OutboundBio().nwrite0().buffer).not.toBe(bytes.buffer);
    release();
    release();
    expect(bio.inFlight).toBe(0);
    expect(bio.nwrite0().buffer).toBe(bytes.buffer);
    expect(new OutboundBio().nwrite0().buffer).not.toBe(bytes.buffer);
  });

  it('sends small messages from a copy, so that a hundred connections share one buffer', () => {
    const buffers = new Set<unknown>();
    const sent = Array.from({ length: 100 }, (_, i) => {
      const bio = new OutboundBio();
      buffers.add(bio.nwrite0().buffer);
      bio.write(new Uint8Array(i < 50 ? 200 : 2000).fill(i));
      return bio.take();
    });
    expect(buffers.size).toBe(1);
    expect(sent.map((each) => [each?.bytes.length, each?.bytes[0], each?.bytes.at(-1)])).toEqual(
      sent.map((_, i) => [i < 50 ? 200 : 2000, i, i]),
    );
    expect(new Set(sent.map((each) => each?.bytes.buffer)).size).toBe(100);
    expect(sent.reduce((sum, each) => sum + (each?.bytes.buffer.byteLength ?? 0), 0)).toBeLessThan(130_000);
    for (const each of sent) each?.release();
  });

  it('reuses the memory of a small message once it has been sent, unless the transport has transferred it', () => {
    const send = (): { readonly bytes: Uint8Array; release(): void } => {
      const bio = new OutboundBio();
      bio.write(Uint8Array.of(1, 2, 3));
      const outgoing = bio.take();
      if (outgoing === undefined) throw new Error('3 bytes are queued');
      return outgoing;
    };
    const first = send();
    const { buffer } = first.bytes;
    expect(send().bytes.buffer).not.toBe(buffer);
    first.release();
    const second = send();
    expect(second.bytes.buffer).toBe(buffer);
    structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
    second.release();
    expect([...send().bytes]).toEqual([1, 2, 3]);
  });

  it('is full when the limit of bytes in flight is reached', () => {
    const bio = new OutboundBio(2);
    bio.write(Uint8Array.of(1, 2));
    const outgoing = bio.take();
    expect(bio.write(Uint8Array.of(3))).toBe(-1);
    outgoing?.release();
    expect(bio.write(Uint8Array.of(3))).toBe(1);
  });

  it('is full when its block is, and returns retry', () => {
    const bio = new OutboundBio();
    bio.nwrite(bio.nwrite0().length);
    expect(bio.nwrite0()).toHaveLength(0);
    expect(bio.write(new Uint8Array(1))).toBe(-1);
  });

  it('accepts nothing after a failure', () => {
    const bio = new OutboundBio();
    bio.fail(new Error('gone'));
    expect(bio.write(new Uint8Array(1))).toBe(-1);
    expect(bio.error?.message).toBe('gone');
  });
});
