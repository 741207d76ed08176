/** What a hostile server or relay does in the demonstration, caught by the engine through a real relay. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BEHAVIOURS } from '../src/behaviours.ts';
import { checkBehind } from '../src/model/caught.ts';
import { offersOf, type Scene, scene } from './support.ts';

let here: Scene;
beforeAll(async () => {
  here = await scene();
});
afterAll(() => here.close());

describe('the demonstration server', () => {
  it.each(['both', '1.3', '1.2'] as const)('answers an honest request, offered %s', async (offer) => {
    const { error, info, answer, stage, keylog } = await here.connect({ offer });
    expect(error).toBeUndefined();
    expect(stage).toBe('done');
    expect(info?.version).toBe(offer === '1.2' ? 'TLSv1.2' : 'TLSv1.3');
    expect(info?.alpn).toBe('http/1.1');
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK[^]*could not read\.\n$/);
    expect(keylog.length).toBe(offer === '1.2' ? 1 : 5);
  });

  it.each(BEHAVIOURS.flatMap((each) => offersOf(each).map((offer) => ({ ...each, offer }))))(
    '$id is caught as $code, offered $offer',
    async ({ id, code, offer }) => {
      const { error, info, answer } = await here.connect({ behaviour: id, offer });
      expect(error?.message).toBeDefined();
      expect(error?.code).toBe(code);
      expect(checkBehind(code, info?.version)).toBeDefined();
      expect(answer).not.toContain('could not read');
    },
  );
});
