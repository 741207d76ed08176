import { expect, it } from 'vitest';
import { withOptionNames } from './index.ts';

const NAMES = { ca: '--ca', trustAnchors: '--ca', alpn: '--alpn', 'ocsp: "request"': '--ocsp request', keyShares: '' };

it.each([
  ['make it a trust anchor (`ca`, `trustAnchors`)', 'make it a trust anchor (--ca)'],
  ['Check `alpn[0]`, `keyShares`; otherwise …', 'Check --alpn; otherwise …'],
  ['ask for one (`ocsp: "request"`)', 'ask for one (--ocsp request)'],
  ['set `ocsp: "off"` or `ech`', 'set `ocsp: "off"` or `ech`'],
  ['ca and alpn without backticks', 'ca and alpn without backticks'],
])('the hint %j has other names for options', (hint, other) => {
  expect(withOptionNames(hint, NAMES)).toBe(other);
});
