import { afterEach, describe, expect, it, vi } from 'vitest';
import { encodePem, readPem } from './pem.ts';

const read = (text: string): unknown => readPem(text, (message) => new TypeError(message));

afterEach(() => {
  vi.unstubAllGlobals();
});

describe.each(['with the decoder of Node', 'without'])('PEM %s', (how) => {
  const inThere = <T>(act: () => T): T => {
    if (how === 'without') vi.stubGlobal('Buffer', undefined);
    return act();
  };

  it('reads back what it wrote, at any length', () => {
    for (let length = 0; length < 200; length++) {
      const der = Uint8Array.from({ length }, (_, i) => (i * 37 + length) & 0xff);
      const text = encodePem('CERTIFICATE', der);
      const blocks = inThere(() => readPem(text, () => new Error('malformed')));
      expect(blocks.map(({ label }) => label)).toEqual(['CERTIFICATE']);
      expect(Array.from(blocks[0]?.der ?? [])).toEqual(Array.from(der));
    }
  });

  it.each(['AQI', 'AQ=D', 'AR==', 'AQ_D', 'AQ-D', 'AQID=', 'A', '=', 'AQ==AQ==', 'AQ\u00e4D'])(
    'rejects %j with the error of the caller',
    (body) => {
      expect(() => inThere(() => read(`-----BEGIN A-----\n${body}\n-----END A-----\n`))).toThrow(
        new TypeError('PEM: bad base64'),
      );
    },
  );
});
