/**
 * @module The sum of the primitives of one handshake: what no engine on the same provider can do without. Runs in pages
 * too.
 */
import type { CryptoProvider } from '@ferrule/pure';
import { earlySecret, finishedMac, Secret, trafficKeys, Transcript } from '@ferrule/pure/keys';

/** An ECDSA P-256 signature to be verified. */
export interface Signed {
  readonly spki: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

/** Bytes of what is signed: two certificates, CertificateVerify's content. */
export const SIGNED = [410, 332, 130] as const;

/**
 * Bytes of a recorded handshake: ClientHello, ServerHello, EncryptedExtensions, Certificate of two, CertificateVerify,
 * Finished of both.
 */
const [CLIENT_HELLO, SERVER_HELLO, ENCRYPTED_EXTENSIONS, CERTIFICATE, CERTIFICATE_VERIFY, FINISHED] = [
  194, 122, 6, 942, 79, 36,
];

/**
 * X25519, three ECDSA P-256 checks, the transcript with its five snapshots, the key schedule, four directions keyed,
 * the four records of the server's flight, as OpenSSL sends it, and that of our Finished.
 */
export function primitives(
  provider: CryptoProvider,
  random: (into: Uint8Array) => void,
  checks: readonly Signed[],
): () => Promise<void> {
  const group = provider.groups.find(({ id }) => id === 29);
  const suite = provider.suites.find(({ id }) => id === 0x1301);
  if (group === undefined || suite === undefined) throw new Error(`${provider.name} lacks X25519 or AES-128-GCM`);
  const { hash } = suite;
  // The peer's share is made once: it is the other side's.
  const peer = (async () => (await group.keyShare(random)).publicKey)();
  const bytes = new Uint8Array(CERTIFICATE + 1);
  const [nonce, header, out] = [new Uint8Array(12), new Uint8Array(5), new Uint8Array(bytes.length + 16)];
  type Direction = ReturnType<typeof suite.aead.key>;
  // Sealing costs what opening does, and needs no other side.
  const record = (direction: Direction, length: number): unknown =>
    direction.seal(nonce, header, bytes.subarray(0, length + 1), out);

  return async () => {
    const share = await group.keyShare(random);
    const transcript = new Transcript();
    const message = (length: number): void => transcript.add(bytes.subarray(0, length));
    const shared = await share.derive(await peer);
    transcript.start(hash);
    transcript.forget();
    message(CLIENT_HELLO);
    message(SERVER_HELLO);
    const handshake = earlySecret(hash).handshake(shared === null ? undefined : Secret.take(shared));
    const [client, server] = [
      handshake.clientTraffic(transcript.digest()),
      handshake.serverTraffic(transcript.digest()),
    ];
    const [opener, sealer] = [
      suite.aead.key(trafficKeys(suite, server).key),
      suite.aead.key(trafficKeys(suite, client).key),
    ];
    for (const length of [ENCRYPTED_EXTENSIONS, CERTIFICATE, CERTIFICATE_VERIFY, FINISHED])
      await record(opener, length);
    message(ENCRYPTED_EXTENSIONS);
    message(CERTIFICATE);
    transcript.digest();
    for (const { spki, message: content, signature } of checks) {
      if (!(await provider.verifier.verify({ kind: 'ecdsa', hash: 'sha256' }, spki, content, signature)))
        throw new Error('a good signature was refused');
    }
    message(CERTIFICATE_VERIFY);
    finishedMac(hash, server, transcript.digest());
    message(FINISHED);
    const main = handshake.main();
    for (const secret of [main.clientTraffic(transcript.digest()), main.serverTraffic(transcript.digest())])
      suite.aead.key(trafficKeys(suite, secret).key);
    main.exporter(transcript.digest());
    finishedMac(hash, client, transcript.digest());
    await record(sealer, FINISHED);
    message(FINISHED);
    main.resumption(transcript.digest());
  };
}
