/** The table of adapters once more, with the lowest version of each library that the peer ranges admit. */
import { testing } from '@ferrule/vitest-config';
import { mergeConfig } from 'vitest/config';

const lowest = { '@grpc/grpc-js': 'grpc-js-lowest', '@nats-io/transport-node': 'nats-lowest' } as const;
const named = [
  'axios',
  'got',
  'imapflow',
  'ioredis',
  'kafkajs',
  'ldapts',
  'mqtt',
  'mysql2',
  'node-fetch',
  'nodemailer',
  'pg',
  'postgres',
  'socks',
  'undici',
  'ws',
].map((name) => [name, `${name}-lowest`] as const);
const alias = [...Object.entries(lowest), ...named].map(([name, other]) => ({
  find: new RegExp(`^${name}(/.*)?$`),
  replacement: `${other}$1`,
}));

export default mergeConfig(
  testing({
    include: [
      ...[
        'secrets',
        'reconnects',
        'redirects',
        'beside',
        'last-word',
        'copies',
        'two-copies',
        'taken-off',
        'refusals',
        'errors',
        'timeouts',
        'lax',
      ].map((name) => `test/adapter-${name}.test.ts`),
      'test/routes.test.ts',
      'src/transports/*.test.ts',
    ],
    env: { FERRULE_LIBRARIES: 'lowest' },
  }),
  { resolve: { alias } },
);
