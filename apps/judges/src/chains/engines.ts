/**
 * @module What @ferrule/x509 and the engines say of a chain: the engines in handshakes, with a server that shows
 * anything.
 */
import type { KeyObject } from 'node:crypto';
import type { Backend, ContextOptions, TrustAnchor } from '@ferrule/contract';
import { concat } from '@ferrule/result/bytes';
import { trustStore, validatePath } from '@ferrule/x509';
import { nodeVerifier } from '@ferrule/x509/crypto/node';
import { converse } from '../hostile/exchange.ts';
import { signAs, type Script } from '@ferrule/wrong-servers/peer';
import { Server13 } from '@ferrule/wrong-servers/server13';
import { pki } from '@ferrule/conformance/pki';
import type { Chain } from './chain.ts';

/** What a server shows, and whom its client trusts. */
export type Server = Pick<Chain, 'sent' | 'anchors' | 'leafKey'> & Partial<Pick<Chain, 'told'>>;

/** What one judge says. */
export interface Verdict {
  readonly accepts: boolean;
  /** Why not: ferrule's code, and the X509_V number; of other judges, their message. */
  readonly code?: string | undefined;
  readonly verify?: number | undefined;
  readonly message?: string | undefined;
}

export const HOST = 'server.test';
/** The anchors cannot be read: no context is made. */
const NO_ANCHOR: Verdict = { accepts: false, code: 'bad trust anchor' };
/** RFC 9846 section 4.5.2. */
const CONTEXT = 'TLS 1.3, server CertificateVerify';

export function askX509({ sent, anchors, told: { crls, staple } }: Chain): Verdict {
  let trustAnchors;
  try {
    trustAnchors = trustStore(anchors);
  } catch (error) {
    if (error instanceof TypeError) return NO_ANCHOR;
    throw error;
  }
  const result = validatePath({
    chain: sent,
    trustAnchors,
    verifier: nodeVerifier,
    host: HOST,
    ...(crls.length > 0 && { crls }),
    ...(staple && { ocsp: 'request', ocspResponse: staple }),
  });
  return result.ok
    ? { accepts: true }
    : { accepts: false, code: result.error.code, verify: result.error.verify, message: result.error.message };
}

export async function askEngine(
  backend: Backend,
  chain: Omit<Server, 'anchors'> & { readonly anchors: readonly TrustAnchor[] },
  host: string = HOST,
  options: ContextOptions = {},
): Promise<Verdict> {
  const { crls = [], staple } = chain.told ?? {};
  const asked = { ...(crls.length > 0 && { crls }), ...(staple && { ocsp: 'request' as const }) };
  let context;
  try {
    context = backend.createContext({ ...asked, ...options, trustAnchors: chain.anchors });
  } catch (error) {
    if (error instanceof TypeError) return NO_ANCHOR;
    throw error;
  }
  try {
    const server = new Server13(await pki('p256'));
    const { established, code, verify } = await converse(context, server, serving(server, chain), { host });
    return established ? { accepts: true } : { accepts: false, code, verify };
  } finally {
    context.dispose();
  }
}

function* serving(server: Server13, { sent, leafKey, told }: Omit<Server, 'anchors'>): Script {
  yield* server.clientHello();
  server.serverHello();
  server.encryptedExtensions();
  server.certificate(sent, told?.staple && { extensions: [{ type: STATUS_REQUEST, data: statusOf(told.staple) }] });
  const content = concat([new Uint8Array(64).fill(0x20), Buffer.from(`${CONTEXT}\0`), server.transcript.digest()]);
  const algorithm = schemeOf(leafKey);
  server.certificateVerify({ algorithm, signature: signAs(algorithm, leafKey, content) });
  server.finished();
  yield* server.clientFinished();
  server.sendAlert(1, 0);
}

const STATUS_REQUEST = 5;
/** RFC 9846 section 4.5.1.1, RFC 6066 section 8: CertificateStatus of the type ocsp. */
const statusOf = (response: Uint8Array): Uint8Array =>
  concat([Uint8Array.of(1, 0, response.length >> 8, response.length & 0xff), response]);

function schemeOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): number {
  if (asymmetricKeyType === 'rsa') return 0x0804;
  switch (asymmetricKeyDetails?.namedCurve) {
    case 'secp384r1':
      return 0x0503;
    // RFC 8734
    case 'brainpoolP256r1':
      return 0x081a;
    default:
      return 0x0403;
  }
}
