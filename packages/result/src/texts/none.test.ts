import * as texts from '@ferrule/result/texts';
import * as none from '@ferrule/result/no-texts';
import { describe, expect, it } from 'vitest';

describe('@ferrule/result/no-texts', () => {
  it('exports every name of the texts', () => {
    expect(Object.keys(none).sort()).toEqual(Object.keys(texts).sort());
  });

  it('gives each code as its own meaning, with the same alert, and where to look it up', () => {
    for (const code of Object.keys(texts.CODES) as (keyof typeof texts.CODES)[]) {
      expect(none.CODES[code].meaning).toBe(`${code}.`);
      expect(none.CODES[code].remedy).toContain(code);
      expect(none.CODES[code]).toMatchObject({ code, alert: texts.CODES[code].alert });
    }
  });
});
