import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ALERTS, alertsModule, codesPage, PAGE } from '../scripts/codes-page.ts';
import { CODES } from './index.ts';

describe('the table of codes', () => {
  it.each(Object.entries(CODES))('%s describes in full sentences what happened and what to try', (code, entry) => {
    expect(code).toMatch(/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/);
    expect(entry.meaning).toMatch(/^(?:[A-Z]|doHandshake\(\)).*\.$/);
    expect(entry.remedy).toMatch(/^[A-Z].*\.$/);
    expect(Object.isFrozen(entry)).toBe(true);
  });

  it('is frozen and gives no two codes the same sentence', () => {
    expect(Object.isFrozen(CODES)).toBe(true);
    const meanings = Object.values(CODES).map(({ meaning }) => meaning);
    expect(new Set(meanings).size).toBe(meanings.length);
  });

  it('gives certificates and a broken peer different remedies', () => {
    expect(CODES.CERT_PURPOSE.remedy).toMatch(/certificate/);
    expect(CODES.DECODE_ERROR.remedy).toMatch(/capture/);
  });

  it('matches docs/codes.md: `npm run docs:codes` writes it', () => {
    expect(readFileSync(PAGE, 'utf8')).toBe(codesPage());
    expect(readFileSync(ALERTS, 'utf8')).toBe(alertsModule());
  });
});
