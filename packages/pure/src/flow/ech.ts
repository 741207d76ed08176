/**
 * @module Encrypted ClientHello in the flow (RFC 9849 section 6): an outer offer for the public name around the inner
 * one that is meant, a transcript for each, and which of the two the server answered. Also GREASE for those without a
 * configuration.
 */
import { concat, EMPTY } from '@ferrule/result/bytes';
import { ExtensionType } from '@ferrule/result/numbers';
import { parseHost } from '@ferrule/result/host';
import { chooseEchConfig, type ChosenEch } from '../ech/config.ts';
import {
  arrangeInner,
  confirmsEch,
  encodeInner,
  encodeOuter,
  greasePsks,
  INNER,
  outerAad,
  SERVER_HELLO_CONFIRMATION,
} from '../ech/hello.ts';
import { kemGroup, setupSender, type HpkeSender } from '../ech/hpke.ts';
import type { Effects } from '../effects.ts';
import { KeylogLabel } from '../keys/keylog.ts';
import { Transcript } from '../keys/transcript.ts';
import { fail } from '../reason.ts';
import type { HandshakeMessage } from '../record/coalesce.ts';
import { blankBinders } from '../session/resume.ts';
import { settle, type Steps } from '../wait.ts';
import type { EchClientHello } from '../wire/extension-values.ts';
import { findExtension } from '../wire/extensions.ts';
import type { ServerHello } from '../wire/server-hello.ts';
import { keyShare } from './exchange.ts';
import { describeHello, disposePsks, encodeHello, makeOffer, type Offer, type Request } from './hello.ts';

/** What is hidden in the outer hello. */
export interface Ech {
  readonly chosen: ChosenEch;
  readonly sender: HpkeSender;
  readonly inner: Offer;
  /** Of the handshake with the inner hello. */
  readonly transcript: Transcript;
}

/**
 * The two offers: the outer one for the wire, and what is hidden in it. @throws TlsError ECH_REQUIRED when no
 * configuration can be used.
 */
export function* offerEch(effects: Effects, request: Request): Steps<{ readonly outer: Offer; readonly ech: Ech }> {
  const { config } = effects;
  const chosen = Array.isArray(config.ech) ? chooseEchConfig(config.ech, config.provider) : undefined;
  const group = chosen === undefined ? undefined : kemGroup(config.provider, chosen.suite.kem);
  if (chosen === undefined || group === undefined) throw fail('ECH_REQUIRED');
  // An inner hello is for TLS 1.3, and the outer one is not ours to resume with.
  const meant = yield* makeOffer(effects, {
    ...request,
    session: request.session?.version === 'TLSv1.3' ? request.session : undefined,
  });
  const random = new Uint8Array(32);
  config.random(random);
  const inner: Offer = { ...meant, random, ech: INNER };
  const outer: Offer = {
    ...meant,
    request: { host: parseHost(chosen.config.publicName), session: undefined, earlyData: request.earlyData },
    psks: [],
    hidesAnother: true,
    // RFC 9849 section 6.1.2: PSKs that are none, so that the outer hello looks like one that resumes.
    greasePsks:
      meant.psks.length === 0
        ? undefined
        : greasePsks({ identities: meant.psks, binders: blankBinders(meant.psks) }, config.random),
  };
  const ephemeral = yield* keyShare(effects, 'make a key for ECH', group);
  // RFC 9850 section 2.3: these two are found by the random on the wire, the handshake's own by that of the hello it is
  // with.
  const reveal = (secret: Uint8Array): void => {
    effects.hs.keylog(KeylogLabel.echSecret, outer.random, secret);
    effects.hs.keylog(KeylogLabel.echConfig, outer.random, chosen.config.raw);
  };
  const sender = yield* settle(
    effects,
    'derive the key of ECH',
    setupSender(config.provider, chosen.suite, ephemeral, chosen.config.publicKey, hpkeInfo(chosen), {
      owner: effects.secrets,
      reveal,
    }),
  );
  if (sender === null) throw fail('ECH_REQUIRED', 'the public key of the ECH configuration is not a valid one');
  return { outer, ech: { chosen, sender, inner, transcript: new Transcript() } };
}

/**
 * The outer hello around the sealed inner one, which goes into its transcript (section 6.1.1). `enc` is only in the
 * first.
 */
export function* encryptHello(
  effects: Effects,
  outer: Offer,
  ech: Ech,
  first: boolean,
): Steps<{ readonly message: Uint8Array; readonly sent: EchClientHello }> {
  const { chosen, sender, inner, transcript } = ech;
  const outerHello = describeHello(effects, outer);
  const innerMessage = encodeHello(arrangeInner(describeHello(effects, inner), outerHello), inner.psks, transcript);
  const encoded = encodeInner(innerMessage, outerHello, chosen.config.maximumNameLength);
  const enc = first ? sender.enc : EMPTY;
  const payload = yield* settle(
    effects,
    'encrypt the ClientHello',
    sender.seal(outerAad(outerHello, chosen, enc, encoded), encoded),
  );
  transcript.add(innerMessage);
  const sent = {
    kind: 'outer',
    kdf: chosen.suite.kdf,
    aead: chosen.suite.aead,
    configId: chosen.config.id,
    enc,
    payload,
  } as const;
  return { message: encodeOuter(outerHello, chosen, enc, payload), sent };
}

/**
 * Section 7.2: whether this HelloRetryRequest or ServerHello answers the inner hello. `transcript` has a hash, and all
 * that came before.
 */
export function echAccepted(
  { inner, transcript }: Ech,
  message: HandshakeMessage,
  hello: ServerHello,
  hash: Parameters<typeof confirmsEch>[0],
  retry: boolean,
): boolean {
  const digest = (blanked: Uint8Array): Uint8Array => transcript.digest(blanked);
  if (!retry) return confirmsEch(hash, inner.random, 'serverHello', message.raw, SERVER_HELLO_CONFIRMATION, digest);
  // 8 bytes: whoever called has decoded the extensions.
  const confirmation = findExtension(hello.extensions, ExtensionType.encrypted_client_hello);
  if (confirmation === undefined) return false;
  return confirmsEch(
    hash,
    inner.random,
    'helloRetryRequest',
    message.raw,
    confirmation.byteOffset - message.raw.byteOffset,
    digest,
  );
}

/**
 * The server did not use the inner hello: what is left of it is wiped. A second hello repeats `sent` as it was (section
 * 6.1.5).
 */
export function abandonEch(
  { secrets }: Effects,
  { inner, sender }: Ech,
  outer: Offer,
  sent: EchClientHello | undefined,
): Offer {
  disposePsks(inner);
  secrets.wipe(sender);
  return sent === undefined ? outer : { ...outer, ech: sent, hidesAnother: false };
}

/** Section 6.2: what looks like ECH to those who cannot decrypt, so that those who do are not told by having it. */
export function* greaseEch(effects: Effects): Steps<EchClientHello> {
  const { provider, random } = effects.config;
  const drawn = new Uint8Array(2);
  random(drawn);
  const [configId = 0, size = 0] = drawn;
  const group = kemGroup(provider, 0x20) ?? kemGroup(provider, 0x10);
  if (group === undefined) throw fail('INTERNAL_ERROR', 'no group for ECH');
  const share = yield* keyShare(effects, 'make a key for ECH', group);
  // Four sizes that encrypted hellos often have: multiples of 32, and the tag.
  const payload = new Uint8Array(128 + 32 * (size & 3) + 16);
  random(payload);
  effects.secrets.wipe(share);
  return { kind: 'outer', kdf: 1, aead: 1, configId, enc: share.publicKey, payload };
}

/** Section 6.1: `"tls ech" || 0x00 || ECHConfig`. */
const hpkeInfo = ({ config }: ChosenEch): Uint8Array => concat([new TextEncoder().encode('tls ech\0'), config.raw]);
