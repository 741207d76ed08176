/** @module The sum of the primitives of one handshake: what no engine on the same provider can do without. */
import { sign, generateKeyPairSync } from 'node:crypto';
import type { CryptoProvider } from '@ferrule/pure';
import { earlySecret, finishedMac, trafficKeys, Transcript } from '@ferrule/pure/keys';

interface Signed {
  readonly spki: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

function signed(length: number): Signed {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const message = new Uint8Array(length).fill(7);
  return { spki: publicKey.export({ type: 'spki', format: 'der' }), message, signature: sign('sha256', message, privateKey) };
}

/** Bytes of a recorded handshake: ClientHello, ServerHello, EncryptedExtensions, Certificate of two, CertificateVerify, Finished. */
const MESSAGES = [230, 122, 10, 900, 79, 36, 36] as const;

/**
 * X25519, three ECDSA P-256 checks (two of the chain, CertificateVerify), the transcript with its snapshots, the key
 * schedule, four directions keyed, the server's flight opened and our Finished sealed.
 */
export function primitives(provider: CryptoProvider, random: (into: Uint8Array) => void): () => Promise<void> {
  const group = provider.groups.find(({ id }) => id === 29);
  const suite = provider.suites.find(({ id }) => id === 0x1301);
  if (group === undefined || suite === undefined) throw new Error(`${provider.name} lacks X25519 or AES-128-GCM`);
  const { hash } = suite;
  // The peer's share and three keys are made once: they are the other side's.
  const peer = (async () => (await group.keyShare(random)).publicKey)();
  const checks = [signed(500), signed(450), signed(130)];
  const messages = MESSAGES.map((length) => new Uint8Array(length).fill(3));
  const flight = new Uint8Array(1050);

  return async () => {
    const share = await group.keyShare(random);
    const shared = await share.derive(await peer);
    const transcript = new Transcript();
    transcript.start(hash);
    for (const message of messages.slice(0, 2)) transcript.add(message);
    const handshake = earlySecret(hash).handshake(shared ?? undefined);
    const [client, server] = [handshake.clientTraffic(transcript.digest()), handshake.serverTraffic(transcript.digest())];
    const opener = suite.aead.key(trafficKeys(suite, server).key);
    const sealer = suite.aead.key(trafficKeys(suite, client).key);
    const sealed = await opener.seal(new Uint8Array(12), new Uint8Array(5), flight, new Uint8Array(flight.length + 16));
    for (const message of messages.slice(2, 4)) transcript.add(message);
    for (const { spki, message, signature } of checks) {
      if (!(await provider.verifier.verify({ kind: 'ecdsa', hash: 'sha256' }, spki, message, signature))) throw new Error('a good signature was refused');
    }
    transcript.digest();
    for (const message of messages.slice(4, 6)) transcript.add(message);
    finishedMac(hash, server, transcript.digest());
    const main = handshake.main();
    for (const secret of [main.clientTraffic(transcript.digest()), main.serverTraffic(transcript.digest())]) suite.aead.key(trafficKeys(suite, secret).key);
    main.exporter(transcript.digest());
    finishedMac(hash, client, transcript.digest());
    await sealer.seal(new Uint8Array(12), new Uint8Array(5), sealed.subarray(0, 53), new Uint8Array(69));
    main.resumption(transcript.digest());
  };
}
