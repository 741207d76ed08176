/**
 * @module createSecureContext(): accepts the options of Node's function for the contexts of an engine. Node itself
 * checks the options (syntax, passphrases, whether key and certificate match) and creates the object, which servers of
 * node:tls can use as well; our engines' options are kept beside it.
 */
import { constants, createPrivateKey, X509Certificate } from 'node:crypto';
import nodeTls, { type SecureContext, type SecureContextOptions } from 'node:tls';
import type { Backend, ContextOptions, Credential, ExternalPsk, Ssl, SslContext, TlsVersion } from '@ferrule/contract';
import { isTls13Suite } from '@ferrule/result/numbers';
import { certificatesOf, platformAnchors } from 'ferrule';
import { argumentType } from '../duplex/argument-errors.ts';
import { cipherSuitesOf, groupsOf, securityLevelOf, signatureSchemesOf } from './names.ts';
import { type Given, ownCopy, refusal, refuseByTable } from './options.ts';
import { readPfx } from './pfx.ts';

/** Settings that differ between connections of one context but belong to an engine's context. */
export interface Variant {
  readonly verify: 'peer' | 'none';
  readonly alpn: readonly string[];
  readonly ocsp: boolean;
  readonly psk: ExternalPsk | undefined;
  readonly trace: ContextOptions['onMessage'];
}

/** Callbacks of one connection, looked up by the context. */
export interface Listener {
  session: NonNullable<ContextOptions['onSession']>;
  keylog(line: string): void;
}

/** The context of an engine for each kind of connection that a SecureContext makes. */
export class ClientContext {
  readonly #options: SecureContextOptions;
  readonly #defaults: Defaults;
  /** By engine, not by name: two may share a name and verify by different rules. */
  readonly #made = new WeakMap<Backend, Map<string, SslContext>>();
  readonly #listeners = new WeakMap<Ssl, Listener>();
  readonly #ca: readonly Uint8Array[] | undefined;
  readonly #added: readonly Uint8Array[];
  readonly allowPartialTrustChain: boolean;
  readonly #credentials: readonly Credential[];

  constructor({ options, defaults, added }: Kept) {
    this.#options = options;
    this.#defaults = defaults;
    this.#added = added;
    const { ca } = options;
    // As in node:tls, falsy means absent
    this.#ca = !ca ? undefined : flat<string | Uint8Array>(ca).flatMap(certificatesIn);
    this.allowPartialTrustChain = (options as Given)['allowPartialTrustChain'] === true;
    this.#credentials = credentialsOf(options);
  }

  /** DER, if the caller gave anchors. */
  get ca(): readonly Uint8Array[] | undefined {
    return this.#added.length === 0 ? this.#ca : [...(this.#ca ?? platformAnchors()), ...this.#added];
  }

  /** @throws TypeError for what this engine does not support. */
  for(backend: Backend, variant: Variant): SslContext {
    const { verify, alpn, ocsp, psk, trace } = variant;
    const key = JSON.stringify([verify, alpn, ocsp, trace !== undefined, this.#added.length]);
    const contexts = this.#made.get(backend) ?? new Map<string, SslContext>();
    const known = psk === undefined ? contexts.get(key) : undefined;
    if (known !== undefined) return known;
    const made = backend.createContext({
      ...this.#shared(backend),
      verify,
      verifyHost: false,
      ...(alpn.length > 0 && { alpn }),
      ocsp: ocsp ? 'request' : 'off',
      ...(psk && { externalPsks: [psk] }),
      ...(trace && { onMessage: trace }),
      onSession: (session, ssl) => this.#listeners.get(ssl)?.session(session, ssl),
      onKeylog: (line, ssl) => this.#listeners.get(ssl)?.keylog(line),
    });
    if (psk === undefined) this.#made.set(backend, contexts.set(key, made));
    return made;
  }

  listen(ssl: Ssl, listener: Listener): void {
    this.#listeners.set(ssl, listener);
  }

  #shared(backend: Backend): ContextOptions {
    const { sigalgs, crl } = this.#options;
    const crls = crl ? flat<string | Uint8Array>(crl).flatMap(crlsIn) : [];
    const ciphers = changed('DEFAULT_CIPHERS', this.#options.ciphers ?? this.#defaults.DEFAULT_CIPHERS);
    const ecdhCurve = changed('DEFAULT_ECDH_CURVE', this.#options.ecdhCurve ?? this.#defaults.DEFAULT_ECDH_CURVE);
    const versions = versionsOf(this.#options, this.#defaults);
    const suites = ciphers === undefined ? undefined : cipherSuitesOf(ciphers, backend);
    if (suites !== undefined && !suites.some((id) => usable(id, versions)))
      throw refusal(
        'ciphers',
        `'${ciphers}' leaves no suite: this engine has those of TLS 1.3, and of TLS 1.2 ECDHE with AES-GCM and ChaCha20-Poly1305. DHE, static RSA, CBC and PSK of TLS 1.2 are not supported: they have no forward secrecy, or an integrity check that attacks go through (RFC 9325 section 4.1)`,
      );
    const groups = ecdhCurve === undefined ? undefined : groupsOf(ecdhCurve, backend);
    const level = ciphers === undefined ? undefined : securityLevelOf(ciphers);
    return {
      trustAnchors: this.ca ?? platformAnchors(),
      ...(crls.length > 0 && { crls }),
      ...versions,
      ...(suites && { cipherSuites: suites }),
      ...(groups && { groups }),
      ...(sigalgs && { signatureAlgorithms: signatureSchemesOf(sigalgs, backend) }),
      ...(level !== undefined && { securityLevel: Math.max(1, level) }),
      ...(this.#credentials.length > 0 && { credentials: this.#credentials }),
      ...bitsOf(this.#options.secureOptions ?? 0),
    };
  }
}

const contexts = new WeakMap<SecureContext, ClientContext>();

/** Node's own, even after replacement. */
const nodeCreateSecureContext = nodeTls.createSecureContext;

/**
 * As `tls.createSecureContext()`: the same options and errors, and a context that servers of node:tls accept too.
 * @throws TypeError `ERR_INVALID_ARG_VALUE` for an option that is refused (docs/migrating-from-node-tls.md).
 */
export function createSecureContext(options: SecureContextOptions = {}): SecureContext {
  const own = keep(options);
  const made = nodeCreateSecureContext(own.options);
  kept.set(made, own);
  hearOfAnchors(made, own.added);
  return made;
}

/** Observes `context.addCACert()` of Node's own object, with which programs add the system's anchors. */
function hearOfAnchors({ context }: SecureContext, added: Uint8Array[]): void {
  const { addCACert } = context as NativeContext;
  if (typeof addCACert !== 'function') return;
  const add = (pem: string | Uint8Array): void => {
    addCACert.call(context, pem);
    added.push(...certificatesIn(pem));
  };
  Object.defineProperty(context, 'addCACert', { value: add, writable: true, configurable: true });
}

interface NativeContext {
  readonly addCACert?: (pem: string | Uint8Array) => void;
}

/** A snapshot of a SecureContext's options and of node:tls's defaults, unaffected by later changes. */
interface Kept {
  readonly options: SecureContextOptions;
  readonly defaults: Defaults;
  /** DER: anchors added to the context later. */
  readonly added: Uint8Array[];
}

type Defaults = Pick<
  typeof nodeTls,
  'DEFAULT_CIPHERS' | 'DEFAULT_ECDH_CURVE' | 'DEFAULT_MIN_VERSION' | 'DEFAULT_MAX_VERSION'
>;

function keep(options: SecureContextOptions): Kept {
  if (options && typeof options !== 'object') throw argumentType('options', 'of type object', options);
  const { DEFAULT_CIPHERS, DEFAULT_ECDH_CURVE, DEFAULT_MIN_VERSION, DEFAULT_MAX_VERSION } = nodeTls;
  return {
    options: Object.fromEntries(Object.entries(ownCopy(options ?? {})).map(([name, value]) => [name, copied(value)])),
    defaults: { DEFAULT_CIPHERS, DEFAULT_ECDH_CURVE, DEFAULT_MIN_VERSION, DEFAULT_MAX_VERSION },
    added: [],
  };
}

/** Copies bytes, lists, and keys and PFX files with their own passphrase; anything else is returned as is. */
function copied(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return Buffer.from(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  if (Array.isArray(value)) return value.map(copied);
  if (typeof value !== 'object' || value === null || !('pem' in value || 'buf' in value)) return value;
  const { pem, buf, passphrase } = value as Given;
  return { ...('pem' in value ? { pem: copied(pem) } : { buf: copied(buf) }), passphrase };
}

/** Calls `tls.createSecureContext()` even if the program has replaced it, as node:tls would. */
export const contextFor = (options: SecureContextOptions): SecureContext =>
  nodeTls.createSecureContext === nodeCreateSecureContext
    ? createSecureContext(options)
    : nodeTls.createSecureContext(options);

/** Options of contexts not used by a client yet: those of servers need not be valid for clients. */
const kept = new WeakMap<SecureContext, Kept>();

/** @throws TypeError for a context made by node:tls itself, and for refused options. */
export function clientContextOf(context: SecureContext): ClientContext {
  const known = contexts.get(context);
  if (known !== undefined) return known;
  const own = kept.get(context);
  if (!hasContext(context))
    throw Object.assign(new TypeError('context must be a SecureContext'), { code: 'ERR_TLS_INVALID_CONTEXT' });
  if (own === undefined)
    throw refusal(
      'secureContext',
      'it was made by node:tls itself, and what it was made of cannot be read: use createSecureContext() of @ferrule/node/tls',
    );
  refuseByTable(own.options as Given);
  const made = new ClientContext(own);
  contexts.set(context, made);
  return made;
}

const hasContext = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && typeof (value as Partial<SecureContext>).context === 'object';

const flat = <T>(value: unknown): readonly T[] => (Array.isArray(value) ? value : [value]).flat() as readonly T[];

/** As in Node, anything that is not a certificate is skipped. */
function certificatesIn(source: string | Uint8Array): readonly Uint8Array[] {
  try {
    return certificatesOf(source);
  } catch {
    return [];
  }
}

function crlsIn(source: string | Uint8Array): readonly Uint8Array[] {
  const text = typeof source === 'string' ? source : Buffer.from(source).toString('latin1');
  if (!text.includes('-----BEGIN')) return [Buffer.from(source as Uint8Array)];
  return [...text.matchAll(/-----BEGIN X509 CRL-----([^-]*)-----END X509 CRL-----/g)].map(([, body = '']) =>
    Buffer.from(body, 'base64'),
  );
}

type KeyInput = string | Buffer | { readonly pem: string | Buffer; readonly passphrase?: string };
type PfxInput = string | Buffer | { readonly buf: string | Buffer; readonly passphrase?: string };

/** Each certificate with its key: Node has already matched them. */
function credentialsOf({ cert, key, pfx, passphrase }: SecureContextOptions): readonly Credential[] {
  const keys = !key ? [] : flat<KeyInput>(key).map((each) => keyOf(each, passphrase));
  const chains = !cert ? [] : flat<string | Buffer>(cert).map(certificatesIn);
  const paired = chains.flatMap((chain): Credential[] => {
    const leaf = chain[0] && new X509Certificate(chain[0]);
    const own = leaf && keys.find((each) => leaf.checkPrivateKey(each));
    return own === undefined ? [] : [{ chain, key: own.export({ format: 'der', type: 'pkcs8' }) }];
  });
  const files = !pfx ? [] : flat<PfxInput>(pfx);
  return [
    ...paired,
    ...files.map((file) => {
      const { buf, passphrase: own = passphrase } = isWrapped(file, 'buf') ? file : { buf: file as string | Buffer };
      return readPfx(typeof buf === 'string' ? Buffer.from(buf, 'latin1') : buf, own ?? '');
    }),
  ];
}

function keyOf(given: KeyInput, passphrase: string | undefined): ReturnType<typeof createPrivateKey> {
  const { pem, passphrase: own = passphrase } = isWrapped(given, 'pem') ? given : { pem: given as string | Buffer };
  return createPrivateKey({ key: pem, ...(own !== undefined && { passphrase: own }) });
}

const isWrapped = <T extends object>(value: string | Buffer | T, key: keyof T): value is T =>
  typeof value === 'object' && !Buffer.isBuffer(value) && key in value;

type Versions = Pick<ContextOptions, 'minVersion' | 'maxVersion'>;

function versionsOf(
  { minVersion, maxVersion, secureProtocol, secureOptions = 0 }: SecureContextOptions,
  defaults: Defaults,
): Versions {
  const only12 = secureProtocol !== undefined && /^TLSv1_2_/.test(secureProtocol);
  const oldest = only12 ? 'TLSv1.2' : (minVersion ?? defaults.DEFAULT_MIN_VERSION);
  const newest = only12 ? 'TLSv1.2' : (maxVersion ?? defaults.DEFAULT_MAX_VERSION);
  if (newest !== 'TLSv1.2' && newest !== 'TLSv1.3')
    throw refusal('maxVersion', `${newest} is not supported (RFC 8996)`);
  const min: TlsVersion =
    oldest === 'TLSv1.3' || (secureOptions & constants.SSL_OP_NO_TLSv1_2) !== 0 ? 'TLSv1.3' : 'TLSv1.2';
  const max: TlsVersion =
    newest === 'TLSv1.3' && (secureOptions & constants.SSL_OP_NO_TLSv1_3) === 0 ? 'TLSv1.3' : 'TLSv1.2';
  return { minVersion: min, maxVersion: max };
}

function usable(suite: number, { minVersion, maxVersion }: Versions): boolean {
  const version = isTls13Suite(suite) ? 'TLSv1.3' : 'TLSv1.2';
  return version >= (minVersion ?? 'TLSv1.2') && version <= (maxVersion ?? 'TLSv1.3');
}

const bitsOf = (bits: number): Pick<ContextOptions, 'sessionTickets' | 'secureRenegotiation'> => ({
  ...((bits & constants.SSL_OP_NO_TICKET) !== 0 && { sessionTickets: false }),
  ...((bits & constants.SSL_OP_LEGACY_SERVER_CONNECT) !== 0 && { secureRenegotiation: 'allow' }),
});

/** Node's initial values: the engines have better defaults, so only values changed by the program count. */
const initial = { DEFAULT_CIPHERS: nodeTls.DEFAULT_CIPHERS, DEFAULT_ECDH_CURVE: nodeTls.DEFAULT_ECDH_CURVE };
const changed = (name: keyof typeof initial, value: string): string | undefined =>
  value === initial[name] ? undefined : value;
