/**
 * The seven traces of RFC 8448 and its company, byte for byte, through the engine as it is: only hello shape and
 * randomness are given.
 */
import { bioPair, type Bio } from '@ferrule/bio';
import type { ContextOptions, Credential, Signer, Ssl, TlsSession } from '@ferrule/contract';
import { expect, it } from 'vitest';
import { newConnection } from '../../src/connection.ts';
import { parseOptions, type Config } from '../../src/context.ts';
import { nobleCrypto } from '../../src/crypto/noble.ts';
import { nodeCrypto } from '../../src/crypto/node.ts';
import type { CryptoProvider } from '../../src/crypto/provider.ts';
import { tunedCrypto } from '../../src/crypto/tuned.ts';
import { trafficKeys } from '../../src/keys/schedule13.ts';
import { Secret } from '../../src/keys/secret.ts';
import { Protection } from '../../src/record/protect.ts';
import { decodeCertificate } from '../../src/wire/certificate.ts';
import type { ExtensionInput } from '../../src/wire/extensions.ts';
import { describeVectors, vectorText } from './vectors.ts';

const TRACES = 'tls/rfc8448_transcripts.vec.gz';
type Trace = ReadonlyMap<string, string>;
let traces: ReadonlyMap<string, Trace> = new Map();

for (const provider of [nodeCrypto, nobleCrypto, tunedCrypto]) {
  describeVectors(`the traces of RFC 8448 with ${provider.name}`, [TRACES], () => {
    traces = readTraces(vectorText(TRACES));

    it('section 3: a simple 1-RTT handshake, a ticket, data both ways, and the end', () => {
      const run = simple(provider);
      run.exchangeData();
      run.close();
      expect(run.ssl.alpn).toBeUndefined();
      expect(run.sessions).toHaveLength(1);
    });

    it('section 4: resumption with 0-RTT data', () => {
      const [session] = simple(provider).sessions;
      const run = new Run(provider, 'Resumed_0RTT_Handshake', { session });
      run.ssl.setSession(session as TlsSession);
      const early = run.bytes('Client_EarlyAppData');
      expect(run.ssl.writeEarlyData(early)).toBe(early.length);
      run.sends('Record_ClientHello_1', 'Record_Client_EarlyAppData');
      run.receives('Record_ServerHello');
      run.ssl.connect();
      // The file's flight lacks the server_name that the RFC's has, so that neither Finished would fit: it is sealed
      // anew.
      run.receivesSealed(RFC_EXTENSIONS_WITH_EARLY_DATA, run.bytes('Message_Server_Finished'));
      expect(run.ssl.connect(), run.ssl.failure?.error.message).toBe(1);
      run.sends('Record_ClientFinished');
      expect([run.ssl.earlyData, run.ssl.sessionReused]).toEqual(['accepted', true]);
      run.exchangeData();
      run.close();
    });

    it('section 5: HelloRetryRequest with a cookie and another group', () => {
      const run = new Run(provider, 'HelloRetryRequest_Handshake', { groups: [29, 23, 24] });
      run.ssl.connect();
      run.sends('Record_ClientHello_1');
      run.receives('Record_HelloRetryRequest');
      run.ssl.connect();
      run.sends('Record_ClientHello_2');
      run.receives('Record_ServerHello', 'Record_ServerHandshakeMessages');
      expect(run.ssl.connect()).toBe(1);
      run.sends('Record_ClientFinished');
      expect([run.ssl.helloRetryRequested, run.ssl.group]).toEqual([true, 23]);
      run.close();
    });

    it('section 6: client authentication', async () => {
      const run = new Run(provider, 'Client_Authentication_Handshake', { client: 'certificate' });
      await run.authenticate();
      run.close();
    });

    it('section 7: middlebox compatibility mode', () => {
      const run = new Run(provider, 'Middlebox_Compatibility_Mode', { compatible: true });
      run.handshake();
      run.close();
    });

    it('an external PSK with a key share', () => {
      const run = new Run(provider, 'Externally_Provided_PSK_with_Ephemeral_Key', {
        groups: [29, 23, 24],
        signatureAlgorithms: [0x0805, 0x0804, 0x0806, 0x0501, 0x0601, 0x0401, 0x0503, 0x0603, 0x0403],
        psk: true,
      });
      run.handshake();
      expect(run.ssl.sessionReused).toBe(false);
      run.exchangeData();
      run.close();
    });

    it('raw public keys on both sides', async () => {
      const run = new Run(provider, 'RawPublicKey_With_Client_Authentication', {
        groups: [29, 23, 24],
        client: 'raw-public-key',
      });
      await run.authenticate();
      run.close();
    });
  });
}

function simple(provider: CryptoProvider): Run {
  const run = new Run(provider, 'Simple_1RTT_Handshake', {});
  run.handshake();
  run.receives('Record_NewSessionTicket');
  expect(run.ssl.read(new Uint8Array(1))).toBe(-1);
  return run;
}

interface Shape {
  readonly groups?: readonly number[];
  readonly signatureAlgorithms?: readonly number[];
  readonly compatible?: boolean;
  readonly psk?: boolean;
  readonly session?: TlsSession | undefined;
  readonly client?: 'certificate' | 'raw-public-key';
}

/**
 * Keys of 1024 bits and certificates that have expired: the chain is not the subject here, CertificateVerify is checked
 * all the same. One function for every run, since a session is bound to it.
 */
const anyChain = (): boolean => true;

/** NSS of 2018, which the RFC's traces were taken from, offered finite fields, SHA-1 and DSA too. */
const NSS_GROUPS = [0x1d, 0x17, 0x18, 0x19, 0x100, 0x101, 0x102, 0x103, 0x104];
const NSS_SCHEMES = [
  0x403, 0x503, 0x603, 0x203, 0x804, 0x805, 0x806, 0x401, 0x501, 0x601, 0x201, 0x402, 0x502, 0x602, 0x202,
];

/** EncryptedExtensions of RFC 8448 section 4. */
const RFC_EXTENSIONS_WITH_EARLY_DATA = unhex(
  '080000280026000a00140012001d00170018001901000101010201030104001c0002400100000000002a0000',
);

class Run {
  readonly ssl: Ssl;
  readonly sessions: TlsSession[] = [];
  readonly #trace: Trace;
  readonly #net: Bio;
  readonly #provider: CryptoProvider;
  readonly #secrets = new Map<string, Uint8Array>();
  #answer: (credential: Credential) => void = () => undefined;

  constructor(provider: CryptoProvider, name: string, shape: Shape) {
    this.#provider = provider;
    this.#trace = traces.get(name) as Trace;
    let pool = this.bytes('Client_RNG_Pool');
    const now = Number(this.#trace.get('CurrentTimestamp'));
    const options: ContextOptions = {
      cipherSuites: [0x1301, 0x1303, 0x1302],
      groups: shape.groups ?? [29, 23, 24, 25],
      keyShares: [29],
      recordSizeLimit: 16_384,
      verify: anyChain,
      now: () => now,
      random: (into) => {
        into.set(pool.subarray(0, into.length));
        pool = pool.subarray(into.length);
      },
      onSession: (session) => this.sessions.push(session),
      onKeylog: (line) => {
        const [label = '', , secret = ''] = line.split(' ');
        this.#secrets.set(label, unhex(secret));
      },
      ...(shape.psk && {
        externalPsks: [
          {
            identity: new TextEncoder().encode(this.#trace.get('PskIdentity') ?? ''),
            key: this.bytes('PskSecret'),
            hash: 'sha256',
          },
        ],
      }),
      ...(shape.client && {
        onCertificateRequest: () => new Promise<Credential>((resolve) => (this.#answer = resolve)),
      }),
      ...(shape.client === 'raw-public-key' && {
        serverCertificateTypes: ['raw-public-key'],
        clientCertificateTypes: ['raw-public-key'],
      }),
    };
    const config: Config = {
      ...parseOptions(provider, options),
      middleboxCompatibility: shape.compatible ?? false,
      shape: nss(shape),
    };
    this.ssl = newConnection({
      ...config,
      versions: ['TLSv1.3'],
      suites: config.suites.filter(({ version }) => version === 'TLSv1.3'),
    });
    const [bio, net] = bioPair(65_536);
    this.#net = net;
    this.ssl.setBio(bio, bio);
    this.ssl.setHost('server');
  }

  handshake(): void {
    this.ssl.connect();
    this.sends('Record_ClientHello_1');
    this.receives('Record_ServerHello', 'Record_ServerHandshakeMessages');
    expect(this.ssl.connect(), this.ssl.failure?.error.message).toBe(1);
    this.sends('Record_ClientFinished');
  }

  /** The client's certificate stands nowhere but in its encrypted flight, so it is taken from there. */
  async authenticate(): Promise<void> {
    this.ssl.connect();
    this.sends('Record_ClientHello_1');
    this.receives('Record_ServerHello', 'Record_ServerHandshakeMessages');
    this.ssl.connect();
    const { data, algorithm } = this.#decryptCertificate();
    const signer: Signer = { schemes: [algorithm], sign: () => this.bytes('Client_MessageSignature') };
    const raw = this.ssl.peerRawPublicKey !== undefined;
    this.#answer(raw ? { chain: [], rawPublicKey: data, key: signer } : { chain: [data], key: signer });
    await this.ssl.asyncReady;
    expect(this.ssl.connect(), this.ssl.failure?.error.message).toBe(1);
    this.sends('Record_ClientFinished');
  }

  exchangeData(): void {
    const ours = this.bytes('Client_AppData');
    expect(this.ssl.write(ours)).toBe(ours.length);
    this.sends('Record_Client_AppData');
    this.receives('Record_Server_AppData');
    const theirs = new Uint8Array(1024);
    expect(hex(theirs.subarray(0, this.ssl.read(theirs)))).toBe(hex(this.bytes('Server_AppData')));
  }

  close(): void {
    expect(this.ssl.shutdown()).toBe(0);
    this.sends('Record_Client_CloseNotify');
    if (!this.#trace.has('Record_Server_CloseNotify')) return;
    this.receives('Record_Server_CloseNotify');
    expect(this.ssl.shutdown()).toBe(1);
  }

  sends(...records: readonly string[]): void {
    const sent = hex(this.#net.nread0());
    this.#net.nread(this.#net.pending);
    expect(sent).toBe(records.map((record) => hex(this.bytes(record))).join(''));
  }

  receives(...records: readonly string[]): void {
    for (const record of records) this.#net.write(this.bytes(record));
  }

  /** One record of the server's handshake flight. */
  receivesSealed(...messages: readonly Uint8Array[]): void {
    const content = Buffer.concat(messages);
    const record = new Uint8Array(5 + content.length + 17);
    record.set(content, 5);
    this.#protection('SERVER_HANDSHAKE_TRAFFIC_SECRET').seal(record, 22, content.length, 0);
    this.#net.write(record);
  }

  bytes(key: string): Uint8Array {
    return unhex(this.#trace.get(key) ?? '');
  }

  #protection(label: string): Protection {
    const suite = this.#provider.suites.find(({ id }) => id === 0x1301);
    const secret = this.#secrets.get(label);
    if (suite === undefined || secret === undefined) throw new Error(`no ${label} yet`);
    return new Protection({ version: 'TLSv1.3', suite, ...trafficKeys(suite, Secret.copyOf(secret)) });
  }

  #decryptCertificate(): { data: Uint8Array; algorithm: number } {
    const record = this.bytes('Record_ClientFinished');
    const plain = this.#protection('CLIENT_HANDSHAKE_TRAFFIC_SECRET').open(
      record,
      record.length,
      new Uint8Array(record.length),
    );
    if (plain === null) throw new Error('the client flight does not decrypt');
    const length = (((plain[1] ?? 0) << 16) | ((plain[2] ?? 0) << 8) | (plain[3] ?? 0)) + 4;
    const [entry] = decodeCertificate(plain.subarray(4, length)).entries;
    return {
      data: entry?.data.slice() ?? new Uint8Array(0),
      algorithm: ((plain[length + 4] ?? 0) << 8) | (plain[length + 5] ?? 0),
    };
  }
}

/** The values of the traces where ours differ; an `undefined` leaves the extension out. */
function nss(shape: Shape): (values: ExtensionInput<'clientHello'>) => ExtensionInput<'clientHello'> {
  const modern = shape.psk === true || shape.client === 'raw-public-key';
  const retried = shape.groups !== undefined;
  return (values) => ({
    ...values,
    renegotiationInfo: modern ? undefined : new Uint8Array(0),
    supportedGroups: shape.groups ?? NSS_GROUPS,
    sessionTicket:
      modern || retried || shape.session !== undefined || shape.client !== undefined || shape.compatible === true
        ? undefined
        : new Uint8Array(0),
    signatureAlgorithms: shape.signatureAlgorithms ?? NSS_SCHEMES,
  });
}

function readTraces(text: string): ReadonlyMap<string, Trace> {
  const all = new Map<string, Map<string, string>>();
  let current = new Map<string, string>();
  for (const line of text.split('\n')) {
    const section = /^\[(.+)\]$/.exec(line.trim());
    const pair = /^(\w+)\s*=\s*(.*)$/.exec(line);
    if (section?.[1] !== undefined) all.set(section[1], (current = new Map()));
    else if (pair?.[1] !== undefined) current.set(pair[1], (pair[2] ?? '').trim());
  }
  return all;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function unhex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));
}
