/** @module Making the world that inputs refer to. */
import { existsSync, writeFileSync } from 'node:fs';
import { makeCrl, makeOcspResponse, pki, type PkiName } from '@ferrule/conformance/pki';
import { readWorld, type World } from './world.ts';

const LEAVES = [
  'rsa',
  'rsa-pss',
  'p256',
  'p384',
  'ed25519',
  'wrongName',
  'expired',
  'revoked',
  'selfSigned',
  'underFalseCa',
  'client',
] as const satisfies readonly PkiName[];

/** Reads the file, or makes the world and writes it there. */
export async function openWorld(file: string): Promise<World> {
  if (!existsSync(file))
    writeFileSync(
      file,
      JSON.stringify(await makeWorld(), (_key, value: unknown) =>
        value instanceof Uint8Array ? { hex: Buffer.from(value).toString('hex') } : value,
      ),
    );
  return readWorld(file);
}

/** The same for one process, kept nowhere. */
export async function makeWorld(): Promise<World> {
  const identity = await pki('p256');
  const root = await pki('root');
  const intermediate = await pki('intermediate');
  const revoked = await pki('revoked');
  const chains: Record<string, readonly Uint8Array[]> = {};
  for (const name of LEAVES) chains[name] = (await pki(name)).chain;
  return {
    now: Date.now(),
    root: root.certificate,
    identity,
    chains,
    crl: await makeCrl(intermediate, [revoked]),
    ocsp: [makeOcspResponse(identity, intermediate), makeOcspResponse(revoked, intermediate, { status: 'revoked' })],
  };
}
