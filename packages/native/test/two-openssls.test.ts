/** A second OpenSSL in the process, as another addon or LD_PRELOAD maps one, gives the engine nothing. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

/** The features of the engine in a process of its own. */
function features(env: NodeJS.ProcessEnv): string[] {
  const program =
    "const { createNative } = await import('@ferrule/native'); console.log(JSON.stringify([...createNative().features]));";
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--conditions=@ferrule/source', '--import', 'tsx', '--input-type=module', '-e', program],
    {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      encoding: 'utf8',
      env: { ...process.env, ...env },
    },
  );
  expect(stderr).toBe('');
  return JSON.parse(stdout) as string[];
}

it.runIf(process.platform === 'linux')(
  'takes each function from the OpenSSL of the process, and none that only a second one has',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'ferrule-two-openssls-'));
    const [source, library] = [join(folder, 'second.cpp'), join(folder, 'second.so')];
    // Of OpenSSL 3.2: that of Node 20 has it not, and finds this one
    writeFileSync(
      source,
      'extern "C" int SSL_CTX_set1_cert_comp_preference(void*, int*, unsigned long) { return 1; }\n',
    );
    expect(spawnSync(process.env['CXX'] ?? 'c++', ['-shared', '-fPIC', source, '-o', library]).status).toBe(0);
    // Behind what is loaded already: a sanitizer's run time has to come first
    const before = (process.env['LD_PRELOAD'] ?? '').split(/[ :]+/).filter((each) => each !== '');
    expect(features({ LD_PRELOAD: [...before, library].join(':') })).toEqual(features({}));
  },
);
