/** The model-based judge: what it finds when something is wrong, and that it has nothing against engines and faces. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadNative } from '@ferrule/native';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../src/mutate/targets.ts';
import { Kind, pattern, Received } from '../src/orders/pattern.ts';
import type { Fault } from '../src/orders/plant.ts';
import { PUT_BACK } from '../src/orders/planted/faults.ts';
import { played } from '../src/orders/planted/put-back.ts';
import { Player } from '../src/orders/run.ts';
import { PLAIN, sequenceFrom, type Config, type Step } from '../src/orders/sequence.ts';
import { shrink } from '../src/orders/shrink.ts';
import { judge, target, TARGET_NAMES, type TargetName } from '../src/orders/targets.ts';

const loaded = loadNative();
if (!loaded.ok) console.log(`skipped: the native engine is not available here: ${loaded.reason}`);

/** The smallest orders that show each planted fault, and the rule that they break. */
const SHOWN: readonly {
  readonly fault: Fault;
  readonly rule: RegExp;
  readonly config?: Partial<Config>;
  readonly steps?: readonly Step[];
}[] = [
  {
    fault: 'zeros',
    rule: /bytes that were not sent/,
    config: { bio: 300 },
    steps: [
      ['write', 826],
      ['read', 1],
    ],
  },
  {
    fault: 'early count',
    rule: /what write\(\) told|bytes that were not sent/,
    config: { early: 'accept', bio: 2048, resumes: true },
    steps: [['write', 5_000]],
  },
  { fault: 'lost close', rule: /no close_notify/, config: { bio: 300 }, steps: [['write', 826], ['shutdown']] },
  { fault: 'secret after the end', rule: /gives something out when the connection is over/ },
  {
    fault: 'session of another',
    rule: /takes us for another one/,
    config: { asks: true },
    steps: [['serverTicket'], ['pump', 1], ['next', 1, 1, 0]],
  },
  {
    fault: 'session of another',
    rule: /takes us for another one/,
    config: { version: 12, asks: true },
    steps: [['next', 1, 1, 0]],
  },
  ...(['ticket', 'renewed ticket', 'id'] as const).map(
    (sessions12) =>
      ({ fault: 'no session', rule: /is not resumed/, config: { version: 12, sessions12, resumes: true } }) as const,
  ),
  { fault: 'no session', rule: /is not resumed/, config: { resumes: true } },
  { fault: 'string context', rule: /a string as its context is taken/, steps: [['misuse', 7]] },
  { fault: 'refusal accepted', rule: /accepted that verify refuses/, steps: [['next', 3, 0, 0]] },
  { fault: 'answer changed', rule: /answers differently after the failure/, steps: [['reset'], ['read', 1]] },
  {
    fault: 'wrong wait',
    rule: /something else is waited for/,
    config: {
      postHandshakeAuth: true,
      credential: 'callback',
      inside: [{ callback: 'onCertificateRequest', nth: 0, step: ['never'] }],
    },
    steps: [['serverRequest'], ['serverData', 6]],
  },
  { fault: 'truncation', rule: /a close_notify that did not come/, steps: [['end'], ['read', 1]] },
  { fault: 'written after the end', rule: /what write\(\) told/, steps: [['serverCloses'], ['pump', 1], ['write', 5]] },
  { fault: 'gap', rule: /bytes that were not sent/, steps: [['write', 20_000]] },
];

describe('a planted fault is found', () => {
  it.each(SHOWN)('$fault: $config', async ({ fault, rule, config, steps = [] }) => {
    const sequence = { config: { ...PLAIN, ...config }, steps };
    const { finding } = await judge(await target('pure-node', fault), sequence);
    expect(finding?.message).toMatch(rule);
    const sound = await judge(await target('pure-node'), sequence);
    expect(sound.finding).toBeUndefined();
  });

  it.skipIf(!loaded.ok)('another verdict: only beside the other engine', async () => {
    const sequence = { config: PLAIN, steps: [['next', 3, 0, 0]] as Step[] };
    const { finding } = await judge(await target('engines', 'another verdict'), sequence);
    expect(finding?.message).toMatch(/answer differently: .*"verifyResult":50,.*"verifyResult":1,/);
    const sound = await judge(await target('engines'), sequence);
    expect(sound.finding).toBeUndefined();
  });

  it('a crash, with the order that it came from', async () => {
    const player = new Player();
    const { rule } = await player.play(
      { target: 'pure-node', plant: 'crash', sequence: { config: PLAIN, steps: [['shutdown']] } },
      60_000,
    );
    player.end();
    expect(rule).toMatch(/the process dies: SIG/);
  });

  it('a hang, with the order that it came from', async () => {
    const player = new Player();
    const sound = await player.play({ target: 'pure-node', sequence: { config: PLAIN, steps: [] } }, 60_000);
    const { rule } = await player.play(
      { target: 'pure-node', plant: 'hang', sequence: { config: PLAIN, steps: [['shutdown']] } },
      2_000,
    );
    player.end();
    expect([sound.rule, rule]).toEqual([undefined, 'the process hangs']);
  });
});

describe('a fault that is put back into the sources', () => {
  it.each(PUT_BACK)('has its place in them: $name', ({ replacements }) => {
    const inTypeScript = replacements.filter(({ file }) => file.endsWith('.ts'));
    for (const { file, from } of replacements)
      expect([file, readFileSync(join(ROOT, file), 'utf8').split(from).length]).toEqual([file, 2]);
    expect(JSON.parse(played(inTypeScript, '').env['FERRULE_PLANTED'] ?? '')).toEqual(inTypeScript);
  });

  it('is played, and found', async () => {
    const early = PUT_BACK.find(
      ({ name }) => name === 'early data that waits is counted in the write() behind it, on pure',
    );
    const player = new Player(played(early?.replacements ?? [], ''));
    const config: Config = { ...PLAIN, early: 'accept', bio: 2048, resumes: true };
    const { rule } = await player.play(
      { target: 'pure-node', sequence: { config, steps: [['write', 5_000]] } },
      60_000,
    );
    player.end();
    expect(rule).toMatch(early?.rule ?? /^$/);
  });
});

/** Orders that broke a rule once, in the engine or the face named. */
const BROKEN: readonly {
  readonly what: string;
  readonly on: TargetName;
  readonly config?: Partial<Config>;
  readonly steps: readonly Step[];
}[] = [
  {
    what: 'a transport that lingers for longer than a minute',
    on: 'connect-pure',
    steps: [['close'], ['drain', 24], ['wait', 1_004]],
  },
  {
    what: "a ticket that fails the connection while nobody reads (the fault was the model's)",
    on: 'connect-pure',
    config: { inside: [{ callback: 'now', nth: 2, step: ['throw'] }] },
    steps: [['serverTicket'], ['serverTicket'], ['serverCloses']],
  },
  {
    what: "a ticket behind a read that got all it asked for (the fault was the model's)",
    on: 'connect-pure',
    steps: [['serverData', 300], ['serverTicket'], ['read', 300], ['serverCloses']],
  },
  {
    what: 'closed of a socket that rejects behind two ends, where something is unread',
    on: 'socket-pure',
    config: { ending: 'both ends' },
    steps: [['serverData', 9], ['flow'], ['serverData', 9], ['end'], ['serverCloses'], ['serverEnds'], ['flow']],
  },
  { what: 'an alert behind close_notify', on: 'pure-node', steps: [['shutdown'], ['serverGarbage']] },
  {
    what: 'a keyUpdate() that waits for WebCrypto and is repeated for ever',
    on: 'connect-webcrypto',
    steps: [['keyUpdate', 0]],
  },
  {
    what: 'keys that are still there when the Duplex was destroyed',
    on: 'duplex-pure',
    steps: [['destroy'], ['exporter', 1]],
  },
  {
    what: 'the same, with both directions ended',
    on: 'duplex-pure',
    steps: [['serverCloses'], ['flow'], ['destroy'], ['exporter', 1]],
  },
  {
    what: 'a failure that is told as its alert that could not be sent',
    on: 'duplex-pure',
    steps: [['close'], ['serverGarbage']],
  },
  ...(loaded.ok
    ? ([
        {
          what: 'the same, read together with close_notify',
          on: 'connect-native',
          config: { inside: [{ callback: 'now', nth: 2, step: ['throw'] }] },
          steps: [['serverTicket'], ['serverTicket'], ['serverCloses']],
        },
        {
          what: "the answer to a KeyUpdate behind the transport's end",
          on: 'duplex-native',
          steps: [['serverKeyUpdate', 1], ['serverTicket'], ['end']],
        },
        {
          what: 'a shutdown() that waits for what has come',
          on: 'engines',
          steps: [
            ['shutdown'],
            ['serverKeyUpdate', 1],
            ['serverKeyUpdate', 0],
            ['serverData', 1],
            ['flow'],
            ['shutdown'],
          ],
        },
        {
          what: 'the same, for close_notify',
          on: 'engines',
          steps: [['shutdown'], ['serverKeyUpdate', 1], ['serverTicket'], ['serverCloses'], ['flow'], ['shutdown']],
        },
      ] as const)
    : []),
];

it.each(BROKEN)('$what: $on', async ({ on, config, steps }) => {
  const { finding } = await judge(await target(on), { config: { ...PLAIN, ...config }, steps });
  expect(finding).toBeUndefined();
});

it('bytes of a write that was refused alone are passed over, unless the connection failed with it', () => {
  const after = pattern(Kind.main, 3, 2);
  const all = pattern(Kind.main, 0, 5);
  const refused = new Received(Kind.main, 'here');
  refused.skip(0, 3);
  expect(() => refused.take(all)).toThrow('here: bytes that were not sent');
  const alone = new Received(Kind.main, 'here');
  alone.skip(0, 3);
  alone.take(after);
  const failed = new Received(Kind.main, 'here');
  failed.skip(0, 3);
  failed.expect(0);
  failed.take(all);
  expect([alone.count, failed.count]).toEqual([5, 5]);
});

describe('a sequence', () => {
  const recipes = { a: { weight: 1, args: () => [5] }, b: { weight: 3, nests: true } } as const;

  it('is the same for the same seed, and another for another', () => {
    expect(sequenceFrom(7, recipes)).toEqual(sequenceFrom(7, recipes));
    expect(sequenceFrom(7, recipes)).not.toEqual(sequenceFrom(8, recipes));
  });

  it('shrinks to what still breaks the rule', async () => {
    const sequence = {
      config: { ...PLAIN, bio: 17, asks: true },
      steps: [['b'], ['a', 90], ['b'], ['c'], ['a', 4]] as Step[],
    };
    const smallest = await shrink(
      sequence,
      async ({ config, steps }) => config.asks && steps.some(([name, n = 0]) => name === 'a' && n >= 30),
      300,
    );
    expect(smallest).toEqual({ config: { ...PLAIN, asks: true }, steps: [['a', 30]] });
  });
});

/** How many sequences of each target `npm run test:long` plays; the seeds are the first ones. */
const ALL: Readonly<Record<TargetName, number>> = {
  engines: 100,
  native: 400,
  'pure-node': 400,
  'pure-noble': 50,
  'pure-tuned': 60,
  'pure-webcrypto': 80,
  'connect-native': 100,
  'connect-pure': 120,
  'connect-webcrypto': 20,
  'duplex-native': 100,
  'duplex-pure': 120,
  'duplex-webcrypto': 20,
  'socket-native': 50,
  'socket-pure': 100,
  'worker-native': 40,
  'worker-pure': 60,
  'fetch-native': 60,
  'fetch-pure': 150,
  blocking: 25,
};

/** An everyday run plays three in ten: what a sequence found once stands above, and `npm run orders` finds the next. */
const playedOf = (name: TargetName): number => (process.env['FERRULE_LONG'] === '1' ? ALL[name] : ALL[name] * 0.3);

describe.each(TARGET_NAMES.filter((name) => loaded.ok || !(name === 'engines' || name.endsWith('native'))))(
  'the judge has nothing against %s',
  (name) => {
    it(`in the first ${playedOf(name)} sequences`, { timeout: 300_000 }, async () => {
      const it = await target(name);
      for (let seed = 1; seed <= playedOf(name); seed++) {
        const { finding, trace } = await judge(it, sequenceFrom(seed, it.recipes));
        if (finding !== undefined)
          throw new Error(`seed ${seed}: ${finding.message}\n${trace.join('\n')}`, { cause: finding });
      }
    });
  },
);
