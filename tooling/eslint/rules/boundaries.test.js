import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { RuleTester } from 'eslint';
import tseslint from 'typescript-eslint';
import { describe, expect, it } from 'vitest';
import { ROOMS } from '../rooms.js';
import { boundaries } from './boundaries.js';

RuleTester.describe = describe;
RuleTester.it = it;

const root = fileURLToPath(new URL('../../..', import.meta.url));
const tester = new RuleTester({ languageOptions: { parser: tseslint.parser } });
const at = (file, code) => ({ name: `${code} in ${file}`, code, filename: `${root}${file}` });
const refused = (messageId, file, code) => ({ ...at(file, code), errors: [{ messageId }] });

tester.run('boundaries', boundaries, {
  valid: [
    at('packages/contract/src/ssl.ts', "import type { Bio } from '@ferrule/bio';"),
    at(
      'packages/pure/src/context.ts',
      "import { TlsError } from '@ferrule/result'; import { gcm } from '@noble/ciphers/aes.js';",
    ),
    at('packages/pure/src/crypto/node.ts', "import { createHash } from 'node:crypto';"),
    at('packages/pure/src/crypto/node-groups.ts', "import 'node:crypto';"),
    at(
      'packages/bio/src/pair.test.ts',
      "import fc from 'fast-check'; import { readFileSync } from 'node:fs'; import 'vitest';",
    ),
    at('packages/bio/tsup.config.ts', "import { library } from '@ferrule/tsup-config';"),
    at('packages/node/src/blocking/socket-worker-source.mjs', "import { register } from 'tsx/esm/api';"),
    at('packages/native/src/load.ts', "import { createRequire } from 'node:module';"),
    at(
      'packages/ferrule/src/choose.ts',
      "const native = await import('@ferrule/native'); import type { Load } from '@ferrule/native';",
    ),
    at(
      'packages/pure/src/connection.test.ts',
      "import { createPure } from '@ferrule/pure'; import '@ferrule/conformance';",
    ),
    at('apps/cli/src/main.ts', "import { Command } from 'commander'; import { connect } from 'ferrule';"),
    at('apps/judge/src/rows.ts', "import { POISON } from '@ferrule/wrong-servers/behaviour';"),
    at('apps/bogo-shim/src/main.ts', "import { loadNative } from '@ferrule/native';"),
    at('examples/memory-handshake.ts', "import { bioPair } from '@ferrule/bio'; import '@ferrule/pure/crypto/node';"),
    at('packages/result/src/codes.ts', "import { a } from './alert.ts'; export * from './tls-error.ts';"),
  ],
  invalid: [
    refused('node', 'packages/result/src/codes.ts', "import { readFileSync } from 'node:fs';"),
    refused('node', 'packages/pure/src/context.ts', "import { createHash } from 'crypto';"),
    refused('node', 'packages/x509/src/der.ts', "const fs = await import('node:fs');"),
    refused('source', 'packages/ferrule/src/connect.ts', "import { Channel } from '@ferrule/bio/src/channel.ts';"),
    refused('source', 'packages/pure/src/engine.test.ts', "import { Channel } from '@ferrule/bio/src/channel.ts';"),
    refused('outside', 'packages/pure/src/context.ts', "import { Channel } from '../../bio/src/channel.ts';"),
    refused('outside', 'apps/cli/src/main.ts', "export * from '../../../packages/result/src/index.ts';"),
    refused('dynamic', 'packages/ferrule/src/choose.ts', "import { loadNative } from '@ferrule/native';"),
    refused('undeclared', 'packages/node/src/tcp.ts', "import { loadNative } from '@ferrule/native';"),
    refused('undeclared', 'packages/bio/src/pair.ts', "import type { Ssl } from '@ferrule/contract';"),
    refused('undeclared', 'packages/bio/src/pair.ts', "import fc from 'fast-check';"),
    refused('undeclared', 'packages/starttls/src/index.ts', "type Bio = import('@ferrule/bio').Bio;"),
    refused('undeclared', 'apps/demo/src/main.ts', "import { loadNative } from '@ferrule/native';"),
    refused('undeclared', 'apps/demo/src/main.ts', "import { Command } from 'commander';"),
    refused('undeclared', 'apps/cli/src/main.ts', "import fc from 'fast-check';"),
    // Declared, but not allowed
    refused('room', 'tooling/eslint/fixtures/x509/src/der.ts', "import { bioPair } from '@ferrule/bio';"),
    refused('engine', 'tooling/eslint/fixtures/x509/src/der.ts', "import { createPure } from '@ferrule/pure';"),
    refused('engine', 'tooling/eslint/fixtures/x509/src/der.ts', "import '@ferrule/pure/crypto/noble';"),
  ],
});

describe('the rooms', () => {
  const manifestOf = (name) => {
    try {
      return JSON.parse(readFileSync(`${root}packages/${name.replace('@ferrule/', '')}/package.json`, 'utf8'));
    } catch {
      return undefined;
    }
  };

  it('have no cycle', () => {
    const visit = (name, path) => {
      expect(path, `${[...path, name].join(' → ')}`).not.toContain(name);
      const { imports, dynamic = [] } = ROOMS[name];
      for (const next of [...imports, ...dynamic]) visit(next, [...path, name]);
    };
    for (const name of Object.keys(ROOMS)) visit(name, []);
  });

  it.each(Object.keys(ROOMS))('%s depends on nothing else of ours', (name) => {
    const { dependencies = {}, peerDependencies = {}, optionalDependencies = {} } = manifestOf(name) ?? {};
    const ours = Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies }).filter(
      (one) => one === 'ferrule' || one.startsWith('@ferrule/'),
    );
    const { imports, dynamic = [] } = ROOMS[name];
    expect([...imports, ...dynamic]).toEqual(expect.arrayContaining(ours));
  });
});
