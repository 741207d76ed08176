/**
 * @module One cell of the matrix: a connection of one engine to a server that is already there, and what can be told of
 * it.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { Client } from '@ferrule/conformance';
import { pki } from '@ferrule/conformance/pki';
import { SocketPeer } from '@ferrule/conformance/server';
import type { Backend, ContextOptions, TlsSession } from '@ferrule/contract';
import { sslErrorName } from '@ferrule/result';
import { curveOf, GROUPS, isFailing, isHybrid, type Failing, type Setting, type Way } from './matrix.ts';

export const ALPN = 'interop';
export const EXPORTER_LABEL = 'EXPERIMENTAL interop';

/** What is said to a server, and what it must answer, in part. */
export interface Dialogue {
  readonly say: string;
  readonly hear: string;
  /** It begins by saying what its exporter gives for {@link EXPORTER_LABEL}, 32 bytes in hex. */
  readonly exports: boolean;
}

export interface Tried {
  readonly backend: Backend;
  readonly setting: Setting;
  readonly suite: number;
  readonly way: Way;
  readonly port: number;
  readonly dialogue: Dialogue;
  /** Whether the server negotiates {@link ALPN}. */
  readonly alpn: boolean;
  /** Of the full handshake before, for `resumed`. */
  readonly session: TlsSession | undefined;
}

/** By name; nothing random. */
export type Facts = Readonly<Record<string, unknown>>;

/** Why this engine cannot have a setting; `undefined` when it can. */
export function lacking({ supported, engine }: Backend, { group }: Setting): string | undefined {
  if (supported.groups.includes(GROUPS[group])) return undefined;
  return isHybrid(group) ? `no ML-KEM in ${engine}` : `no ${group} in ${engine}`;
}

/**
 * Throws what is wrong. @returns what is to be the same with every engine, and the last session that the server gave.
 */
export async function tryCell(
  tried: Tried,
): Promise<{ readonly facts: Facts; readonly session: TlsSession | undefined }> {
  const { backend, way, port } = tried;
  const sessions: TlsSession[] = [];
  const context = backend.createContext({ ...(await optionsFor(tried)), onSession: (each) => sessions.push(each) });
  const peer = new SocketPeer(port);
  try {
    const client = await Client.make(backend, peer, { context, ...(way === 'misnamed' && { host: 'other.test' }) });
    const facts = isFailing(way) ? await failsAs(client, way) : await speaksTo(client, tried);
    return { facts, session: sessions.at(-1) };
  } finally {
    peer.destroy();
    context.dispose();
  }
}

async function optionsFor({ setting, suite, way }: Tried): Promise<ContextOptions> {
  const { version, clientAuth } = setting;
  const trustAnchors = [(await pki(way === 'untrusted' ? 'otherRoot' : 'root')).certificate];
  if (way === 'other version') {
    const other = version === 'TLSv1.3' ? 'TLSv1.2' : 'TLSv1.3';
    return { trustAnchors, minVersion: other, maxVersion: other };
  }
  return {
    trustAnchors,
    minVersion: version,
    maxVersion: version,
    cipherSuites: [suite],
    alpn: [ALPN],
    ...offeredGroups(setting, way),
    ...(clientAuth && way !== 'no certificate' && { credentials: [await clientCredential(setting)] }),
  };
}

async function speaksTo(client: Client, { setting, suite, way, dialogue, alpn, session }: Tried): Promise<Facts> {
  const { ssl } = client;
  if (session !== undefined) ssl.setSession(session);
  await client.established();
  if (dialogue.exports) {
    const ours = ssl.exportKeyingMaterial(EXPORTER_LABEL, new Uint8Array(0), 32);
    assert.equal(await client.receiveText(65), `${Buffer.from(ours).toString('hex')}\n`, 'the exporter');
  }
  await client.send(dialogue.say);
  let heard = '';
  while (!heard.includes(dialogue.hear)) heard += await client.receiveText(1);
  assert.equal(ssl.version, setting.version);
  assert.equal(ssl.cipherSuite, suite);
  assert.equal(ssl.group, GROUPS[setting.group]);
  assert.equal(ssl.alpn, alpn ? ALPN : undefined, 'the application protocol');
  assert.equal(ssl.sessionReused, way === 'resumed', 'sessionReused');
  assert.equal(ssl.helloRetryRequested, way === 'HelloRetryRequest', 'helloRetryRequested');
  const facts = {
    heard,
    signatureAlgorithm: ssl.peerSignatureAlgorithm,
    extendedMasterSecret: ssl.extendedMasterSecret,
    verifyResult: ssl.verifyResult,
    chain: ssl.peerCertificates.map(digest),
    verifiedChain: ssl.verifiedChain?.map(digest),
    endPoint: digest(ssl.channelBinding('tls-server-end-point') ?? new Uint8Array(0)),
    credential: ssl.clientCredential !== undefined,
  };
  return { ...facts, shutdown: await client.shutdown(), shutdownState: ssl.shutdownState };
}

async function failsAs(client: Client, way: Failing): Promise<Facts> {
  const { ssl } = client;
  let ret = await client.connect();
  const connected = ret;
  // In TLS 1.3 a server that refuses us says so when we are already connected (RFC 9846 appendix E.1.2).
  if (ret > 0 && way === 'no certificate') ret = await client.run(() => ssl.read(new Uint8Array(10)));
  assert.ok(ret <= 0, 'it should have failed');
  const { error } = client.failure();
  const { code, alert, verify } = error;
  if (way === 'untrusted') assert.equal(code, 'CERT_UNTRUSTED_ROOT');
  if (way === 'misnamed') assert.equal(code, 'CERT_NAME_MISMATCH');
  if (way === 'no certificate' || way === 'other version') assert.equal(code, 'PEER_ALERT');
  return {
    connected,
    ret,
    why: sslErrorName(ssl.getError(ret)),
    code,
    alert: alert && `${alert.origin} ${alert.name}`,
    verify: verify?.code,
    depth: verify?.depth,
    established: ssl.established,
  };
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

/**
 * A client certificate of the server's kind; in TLS 1.2 RSA, since a server that takes one group takes certificates on
 * its curve only.
 */
async function clientCredential({
  version,
  kind,
}: Setting): Promise<{ chain: readonly Uint8Array[]; key: Uint8Array }> {
  const rsa = version === 'TLSv1.2' || kind.startsWith('rsa');
  const { chain, key } = await pki(rsa ? 'client-rsa' : kind === 'ed25519' ? 'client-ed25519' : 'client');
  return { chain, key };
}

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex').slice(0, 16);
