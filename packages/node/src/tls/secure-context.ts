/**
 * @module createSecureContext(): what Node's function accepts, as the contexts of an engine. Node itself judges the
 * options (syntax, passphrases, whether key and certificate belong together) and makes the object, which is a context
 * of node:tls for servers as well; beside it is kept what our engines are given.
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

/** What connections of one context differ in, and an engine's context decides. */
export interface Variant {
  readonly verify: 'peer' | 'none';
  readonly alpn: readonly string[];
  readonly ocsp: boolean;
  readonly psk: ExternalPsk | undefined;
  readonly trace: ContextOptions['onMessage'];
}

/** Who is told of what a connection does; asked by the context for each. */
export interface Listener {
  session: NonNullable<ContextOptions['onSession']>;
  keylog(line: string): void;
}

/** The context of an engine for each kind of connection that a SecureContext makes. */
export class ClientContext {
  readonly #options: SecureContextOptions;
  readonly #defaults: Defaults;
  /** By the engine itself: two may have one name, and verify by different rules. */
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
    // As node:tls, which takes what is false for not given
    this.#ca = !ca ? undefined : flat<string | Uint8Array>(ca).flatMap(certificatesIn);
    this.allowPartialTrustChain = (options as Given)['allowPartialTrustChain'] === true;
    this.#credentials = credentialsOf(options);
  }

  /** DER, where the caller named anchors. */
  get ca(): readonly Uint8Array[] | undefined {
    return this.#added.length === 0 ? this.#ca : [...(this.#ca ?? platformAnchors()), ...this.#added];
  }

  /** @throws TypeError for what this engine does not have. */
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

/** Node's own, also once another has taken its place. */
const nodeCreateSecureContext = nodeTls.createSecureContext;

/**
 * As `tls.createSecureContext()`: the same options, the same errors, and a context that servers of node:tls take too.
 * @throws TypeError `ERR_INVALID_ARG_VALUE` for an option that is refused (docs/migrating-from-node-tls.md).
 */
export function createSecureContext(options: SecureContextOptions = {}): SecureContext {
  const own = keep(options);
  const made = nodeCreateSecureContext(own.options);
  kept.set(made, own);
  hearOfAnchors(made, own.added);
  return made;
}

/** Programs add the anchors of the system to each context by `context.addCACert()`, which is Node's own object. */
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

/** What a SecureContext is made of, as it was at that moment: neither the caller nor node:tls's defaults change it. */
interface Kept {
  readonly options: SecureContextOptions;
  readonly defaults: Defaults;
  /** DER: what was added to the context since. */
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

/** Bytes, lists, and keys and PFX files with a passphrase of their own; everything else is itself. */
function copied(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return Buffer.from(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  if (Array.isArray(value)) return value.map(copied);
  if (typeof value !== 'object' || value === null || !('pem' in value || 'buf' in value)) return value;
  const { pem, buf, passphrase } = value as Given;
  return { ...('pem' in value ? { pem: copied(pem) } : { buf: copied(buf) }), passphrase };
}

/** What the program has put in the place of `tls.createSecureContext()` is asked, as node:tls would. */
export const contextFor = (options: SecureContextOptions): SecureContext =>
  nodeTls.createSecureContext === nodeCreateSecureContext
    ? createSecureContext(options)
    : nodeTls.createSecureContext(options);

/** Options of contexts that no client has used yet: what servers are given need not be what a client can use. */
const kept = new WeakMap<SecureContext, Kept>();

/** @throws TypeError for a context that was made by node:tls itself, and for options that are refused. */
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

/** As Node, which passes over what is not a certificate. */
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

/** Each certificate with the key that belongs to it: Node has compared them already. */
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

/** What Node began with: an engine has better defaults, so only what the program has changed counts. */
const initial = { DEFAULT_CIPHERS: nodeTls.DEFAULT_CIPHERS, DEFAULT_ECDH_CURVE: nodeTls.DEFAULT_ECDH_CURVE };
const changed = (name: keyof typeof initial, value: string): string | undefined =>
  value === initial[name] ? undefined : value;
