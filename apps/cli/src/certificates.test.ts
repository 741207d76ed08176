import { issue, pki } from '@ferrule/conformance/pki';
import { expect, it } from 'vitest';
import { certificateFacts, daysText } from './certificates.ts';

it('days are whole days, and those of an expired certificate are negative from its first moment', async () => {
  const { certificate } = await pki('p256');
  const end = Date.parse(certificateFacts(certificate).notAfter);
  const [day, hour] = [86_400_000, 3_600_000];
  const said = (now: number): readonly [number, string] => {
    const { daysLeft } = certificateFacts(certificate, now);
    return [daysLeft, daysText(daysLeft)];
  };
  expect(
    [-30 * day, -day - hour, -hour, 0, hour, day + hour, 698 * day + hour].map((late) => said(end + late)),
  ).toEqual([
    [30, '30 days left'],
    [1, '1 day left'],
    [0, '0 days left'],
    [0, '0 days left'],
    [-1, 'expired 1 day ago'],
    [-1, 'expired 1 day ago'],
    [-698, 'expired 698 days ago'],
  ]);
});

it('names are told one by one, addresses in their short form', async () => {
  const names = ['localhost', '127.0.0.1', 'a.test, bank.test'];
  const { certificate } = await issue(undefined, { names: [...names, '2001:db8:0:0:0:0:0:1'] });
  expect(certificateFacts(certificate).names).toEqual([...names, '2001:db8::1']);
});
