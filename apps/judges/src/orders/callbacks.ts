/** @module The caller's callbacks: what they answer, when, and what else they do while they are at it. */
import { createPrivateKey, sign as signWith, constants, type KeyObject } from 'node:crypto';
import { pki, type Identity } from '@ferrule/conformance/pki';
import type { Backend, ContextOptions, Credential, Ssl, TlsSession } from '@ferrule/contract';
import type { Callback, Config, Step } from './sequence.ts';

/** What a callback throws when it is told to: no engine may take it for its own, or let it out. */
export class Thrown extends Error {
  override readonly name: 'Thrown' = 'Thrown';
}

/** A promise that the caller has not settled yet. */
export interface Question {
  readonly callback: Callback;
  accept(): void;
  refuse(): void;
  reject(): void;
}

/** Who a context is; each has its own credential, or none, and the last trusts nobody. */
export const WHO = ['alice', 'bob', 'nobody', 'distrustful'] as const;
export type Who = (typeof WHO)[number];

export interface People {
  readonly root: Identity;
  readonly server: Identity;
  readonly alice: Identity;
  readonly bob: Identity;
}

export const people = async (): Promise<People> => ({
  root: await pki('root'),
  server: await pki('p256'),
  alice: await pki('client'),
  bob: await pki('unknownClient'),
});

/** The callbacks of all contexts of one sequence; `act` is what a step inside one does. */
export class Callbacks {
  readonly questions: Question[] = [];
  /** What happened that a model has to know of. */
  threw: Set<Callback> = new Set();
  refused: Set<Callback> = new Set();
  unanswered = false;
  #calls: Map<Callback, number> = new Map();
  readonly #config: Config;
  readonly #act: (step: Step, callback: Callback) => void;
  readonly #onSession: (session: TlsSession, ssl: Ssl, who: Who) => void;

  constructor(
    config: Config,
    act: (step: Step, callback: Callback) => void,
    onSession: (session: TlsSession, ssl: Ssl, who: Who) => void,
  ) {
    this.#config = config;
    this.#act = act;
    this.#onSession = onSession;
  }

  /** For a new connection. */
  reset(): void {
    this.#calls = new Map();
    this.threw = new Set();
    this.refused = new Set();
    this.unanswered = false;
    this.questions.length = 0;
  }

  /** Whether what callbacks have done makes the connection of `who` fail with this code. */
  explain(code: string, who: Who): boolean {
    const { threw, refused } = this;
    switch (code) {
      case 'CERT_REJECTED':
        return who === 'distrustful' || threw.has('verify') || refused.has('verify');
      case 'ASYNC_OPERATION_FAILED':
        return threw.has('sign') || threw.has('onCertificateRequest') || refused.has('sign');
      case 'CALLBACK_FAILED':
        return threw.has('now') || [...threw].some(isObserver);
      default:
        return false;
    }
  }

  /** @param rawKey - that the server shows, where it shows one. */
  options(who: Who, { root, alice, bob }: People, backend: Backend, rawKey?: Uint8Array): ContextOptions {
    const { features } = backend;
    const config = this.#config;
    // Who trusts nobody is alice otherwise: a session of hers would be his but for whom he trusts
    const identity = who === 'nobody' ? undefined : who === 'bob' ? bob : alice;
    const watched = (callback: Callback): boolean => config.inside.some((each) => each.callback === callback);
    return {
      ...(who !== 'distrustful' &&
        config.verify === 'peer' &&
        (rawKey === undefined ? { trustAnchors: [root.certificate] } : { rawPublicKeys: [rawKey] })),
      ...(rawKey !== undefined && { serverCertificateTypes: ['raw-public-key'] }),
      maxVersion: config.version === 13 ? 'TLSv1.3' : 'TLSv1.2',
      groups: [0x1d, 0x17],
      ...(who === 'distrustful'
        ? { verify: () => false }
        : config.verify === 'peer'
          ? {}
          : {
              verify: () =>
                this.#answer('verify', config.verify === 'promise' && features.has('async-verify'), true, false),
            }),
      ...(identity && this.#credential(identity, backend)),
      ...(config.postHandshakeAuth &&
        config.version === 13 &&
        features.has('post-handshake-auth') && { postHandshakeAuth: true }),
      onSession: (session, ssl) => {
        this.#onSession(session, ssl, who);
        return this.#answer('onSession', false, undefined, undefined);
      },
      ...(watched('onKeylog') && { onKeylog: () => this.#answer('onKeylog', false, undefined, undefined) }),
      ...(watched('onMessage') && { onMessage: () => this.#answer('onMessage', false, undefined, undefined) }),
      ...(watched('now') && {
        now: () => {
          this.#answer('now', false, undefined, undefined);
          return Date.now();
        },
      }),
    };
  }

  #credential(identity: Identity, backend: Backend): Partial<ContextOptions> {
    const { credential } = this.#config;
    const signs = signsItself(backend, identity);
    const kind = !possible(credential, backend.features)
      ? 'key'
      : credential === 'key' && !signs
        ? 'signer'
        : credential;
    const plain: Credential = {
      chain: identity.chain,
      key: signs
        ? identity.key
        : {
            schemes: [0x0403],
            sign: (_scheme, message) => new Uint8Array(signWith('sha256', message, privateKey(identity))),
          },
    };
    if (kind === 'key') return { credentials: [plain] };
    if (kind === 'callback' || kind === 'callback promise')
      return {
        onCertificateRequest: () =>
          this.#answer<Credential | undefined>('onCertificateRequest', kind === 'callback promise', plain, undefined),
      };
    const key = privateKey(identity);
    const sign = (scheme: number, message: Uint8Array): Uint8Array | Promise<Uint8Array> => {
      const pss =
        scheme === 0x0804
          ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
          : {};
      const signature = new Uint8Array(signWith('sha256', message, { key, ...pss }));
      return this.#answer<Uint8Array>('sign', kind === 'signer promise', signature, new Uint8Array(0));
    };
    return { credentials: [{ chain: identity.chain, key: { schemes: [0x0403], sign } }] };
  }

  /** What this call of the callback answers: as it should, or as a step of the configuration has it. */
  #answer<T>(callback: Callback, later: boolean, good: T, bad: T): T | Promise<T>;
  #answer<T>(callback: Callback, later: false, good: T, bad: T): T;
  #answer<T>(callback: Callback, later: boolean, good: T, bad: T): T | Promise<T> {
    const nth = this.#calls.get(callback) ?? 0;
    this.#calls.set(callback, nth + 1);
    const inside = this.#config.inside.find((each) => each.callback === callback && each.nth === nth);
    switch (inside?.step[0]) {
      case undefined:
        break;
      case 'throw':
        this.threw.add(callback);
        throw new Thrown(`thrown by ${callback}`);
      case 'reject':
        this.threw.add(callback);
        // A time cannot be promised
        if (callback === 'now') throw new Thrown(`thrown by ${callback}`);
        return Promise.reject(new Thrown(`rejected by ${callback}`));
      case 'refuse':
        this.refused.add(callback);
        return bad;
      case 'never':
        if (!isAsking(callback)) break;
        this.unanswered = true;
        return new Promise<T>(() => undefined);
      default:
        if (inside !== undefined) this.#act(inside.step, callback);
    }
    if (!later) return good;
    return new Promise<T>((resolve, reject) => {
      const { refused, threw } = this;
      const settle = (act: () => void) => (): void => {
        this.questions.splice(this.questions.indexOf(question), 1);
        act();
      };
      const question: Question = {
        callback,
        accept: settle(() => resolve(good)),
        refuse: settle(() => {
          refused.add(callback);
          resolve(bad);
        }),
        reject: settle(() => {
          threw.add(callback);
          reject(new Thrown(`rejected by ${callback}`));
        }),
      };
      this.questions.push(question);
    });
  }
}

/** Callbacks whose answer the engine waits for. */
const isAsking = (callback: Callback): boolean =>
  callback === 'verify' || callback === 'onCertificateRequest' || callback === 'sign';

/**
 * Callbacks that watch: told between operations, and free to call any. The others are called in the middle of one, and
 * may call none.
 */
export const isObserver = (callback: Callback): boolean =>
  callback === 'onSession' || callback === 'onKeylog' || callback === 'onMessage';

const privateKey = (identity: Identity): KeyObject =>
  createPrivateKey({ key: Buffer.from(identity.key), format: 'der', type: 'pkcs8' });

const signing = new WeakMap<Backend, boolean>();

/** Whether the engine takes a key, and not only someone who signs. */
function signsItself(backend: Backend, { chain, key }: Identity): boolean {
  let signs = signing.get(backend);
  if (signs === undefined) {
    try {
      backend.createContext({ credentials: [{ chain, key }] }).dispose();
      signs = true;
    } catch {
      signs = false;
    }
    signing.set(backend, signs);
  }
  return signs;
}

/** Whether the engine has what this way to a credential needs. */
function possible(credential: Config['credential'], features: ReadonlySet<string>): boolean {
  switch (credential) {
    case 'key':
    case 'callback':
      return true;
    case 'callback promise':
      return features.has('async-credential');
    case 'signer':
    case 'signer promise':
      return features.has('external-signer');
  }
}
