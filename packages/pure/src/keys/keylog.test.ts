import { expect, it } from 'vitest';
import { KeylogLabel, keylogLine } from './keylog.ts';

it('a key-log line is a label, the client random and the secret in lower-case hexadecimal', () => {
  const line = keylogLine(KeylogLabel.clientTraffic, new Uint8Array(32).fill(0xa), new Uint8Array([0, 0xff]));
  expect(line).toBe(`CLIENT_TRAFFIC_SECRET_0 ${'0a'.repeat(32)} 00ff`);
});
