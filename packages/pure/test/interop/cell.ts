/** @module One cell of the matrix: a connection of the pure engine to a server that is already there. */
import assert from 'node:assert/strict';
import { Client } from '@ferrule/conformance';
import { pki } from '@ferrule/conformance/pki';
import { SocketPeer } from '@ferrule/conformance/server';
import type { Backend, ContextOptions, TlsSession } from '@ferrule/contract';
import { curveOf, GROUPS, type Setting, type Way } from './matrix.ts';

/** What is said to a server, and what it must answer, in part. */
export interface Dialogue {
  readonly say: string;
  readonly hear: string;
}

export interface Tried {
  readonly backend: Backend;
  readonly setting: Setting;
  readonly suite: number;
  readonly way: Way;
  readonly port: number;
  readonly dialogue: Dialogue;
  /** Of the full handshake before, for `resumed`. */
  readonly session: TlsSession | undefined;
}

/** Throws what is wrong. @returns the last session that the server gave. */
export async function tryCell({ backend, setting, suite, way, port, dialogue, session }: Tried): Promise<TlsSession | undefined> {
  const { version, group, clientAuth } = setting;
  const sessions: TlsSession[] = [];
  const context = backend.createContext({
    trustAnchors: [(await pki('root')).certificate],
    minVersion: version,
    maxVersion: version,
    cipherSuites: [suite],
    ...offeredGroups(setting, way),
    ...(clientAuth && { credentials: [await clientCredential(setting)] }),
    onSession: (each) => sessions.push(each),
  });
  const peer = new SocketPeer(port);
  try {
    const client = await Client.make(backend, peer, { context });
    if (session !== undefined) client.ssl.setSession(session);
    await client.established();
    await client.send(dialogue.say);
    let heard = '';
    while (!heard.includes(dialogue.hear)) heard += await client.receiveText(1);
    const { ssl } = client;
    assert.equal(ssl.version, version);
    assert.equal(ssl.cipherSuite, suite);
    assert.equal(ssl.group, GROUPS[group]);
    assert.equal(ssl.sessionReused, way === 'resumed', 'sessionReused');
    assert.equal(ssl.helloRetryRequested, way === 'HelloRetryRequest', 'helloRetryRequested');
    await client.shutdown();
    return sessions.at(-1);
  } finally {
    peer.destroy();
  }
}

function offeredGroups({ version, group, kind }: Setting, way: Way): ContextOptions {
  const id = GROUPS[group];
  if (version === 'TLSv1.2') {
    const curve = curveOf(kind);
    return { groups: curve === undefined || curve === id ? [id] : [id, curve] };
  }
  if (way !== 'HelloRetryRequest') return { groups: [id] };
  const decoy = group === 'X25519' ? GROUPS['P-256'] : GROUPS.X25519;
  return { groups: [decoy, id], keyShares: [decoy] };
}

/** A client certificate of the server's kind; in TLS 1.2 RSA, since a server that takes one group takes certificates on its curve only. */
async function clientCredential({ version, kind }: Setting): Promise<{ chain: readonly Uint8Array[]; key: Uint8Array }> {
  const rsa = version === 'TLSv1.2' || kind.startsWith('rsa');
  const { chain, key } = await pki(rsa ? 'client-rsa' : kind === 'ed25519' ? 'client-ed25519' : 'client');
  return { chain, key };
}
