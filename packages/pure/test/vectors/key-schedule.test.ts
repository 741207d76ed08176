/** The key schedule against OpenSSL's TLS 1.3 KDF vectors and RFC 8448's traces, over each provider. */
import { expect, it } from 'vitest';
import { nobleCrypto } from '../../src/crypto/noble.ts';
import { nodeCrypto } from '../../src/crypto/node.ts';
import type { CipherSuite, CryptoProvider, SyncAead } from '../../src/crypto/provider.ts';
import { tunedCrypto } from '../../src/crypto/tuned.ts';
import { deriveSecret, emptyHash, expandLabel, hkdfExtract } from '../../src/keys/hkdf.ts';
import { earlySecret, finishedMac, resumptionPsk, trafficKeys } from '../../src/keys/schedule13.ts';
import { Secret } from '../../src/keys/secret.ts';
import { Transcript } from '../../src/keys/transcript.ts';
import { describeVectors, hex, toHex, vectorText } from './vectors.ts';

const [KDF, TRACES] = ['tls/tls13_kdf.txt.gz', 'tls/rfc8448_transcripts.vec.gz'] as const;
const providers: readonly CryptoProvider[] = [nobleCrypto, tunedCrypto, nodeCrypto];

for (const provider of providers)
  describeVectors(`the key schedule of TLS 1.3 with ${provider.name}`, [KDF, TRACES], () => {
    it('passes all KDF vectors over SHA-256 and SHA-384', () => {
      let count = 0;
      for (const fields of stanzas(vectorText(KDF))) {
        const get = (name: string): string | undefined => fields.get(`Ctrl.${name}`)?.split(':')[1];
        const hash = { 'SHA2-256': provider.hashes.sha256, 'SHA2-384': provider.hashes.sha384 }[get('digest') ?? ''];
        const output = fields.get('Output');
        if (hash === undefined || output === undefined) continue;
        const zeros = new Uint8Array(hash.size);
        const key = hex(get('key') ?? toHex(zeros));
        const label = Buffer.from(get('label') ?? '', 'hex').toString();
        let derived: Uint8Array;
        if (get('mode') === 'EXTRACT_ONLY') {
          const salt = get('salt');
          derived = hkdfExtract(
            hash,
            salt === undefined ? zeros : deriveSecret(hash, hex(salt), label, emptyHash(hash)),
            key,
          );
        } else derived = expandLabel(hash, key, label, hex(get('data') ?? ''), output.length / 2);
        expect(toHex(derived)).toBe(output);
        count++;
      }
      expect(count).toBeGreaterThan(550);
    });

    it('derives what RFC 8448 section 3 shows: handshake keys, Finished and the application keys', () => {
      const trace = traces().get('Simple_1RTT_Handshake') as Trace;
      const { suite, transcript, secrets } = handshakeOf(provider, trace);
      const records = openRecord(suite, secrets.server, trace('Record_ServerHandshakeMessages'));
      for (const message of ['EncryptedExtensions', 'Server_Certificate', 'Server_CertificateVerify'] as const)
        transcript.add(trace(`Message_${message}`));
      const finished = trace('Message_Server_Finished');
      expect(toHex(finishedMac(suite.hash, secrets.server, transcript.digest()))).toBe(toHex(finished.subarray(4)));
      transcript.add(finished);
      expect(toHex(records)).toBe(toHex(transcript.messages().subarray(transcript.messages().length - records.length)));

      const main = secrets.stage.main();
      const clientTraffic = main.clientTraffic(transcript.digest());
      const clientFinished = finishedMac(suite.hash, secrets.client, transcript.digest());
      expect(toHex(openRecord(suite, secrets.client, trace('Record_ClientFinished')).subarray(4))).toBe(
        toHex(clientFinished),
      );
      expect(toHex(openRecord(suite, clientTraffic, trace('Record_Client_AppData')))).toBe(
        toHex(trace('Client_AppData')),
      );
    });

    it('derives the binder of RFC 8448 section 4 from the ticket of section 3', () => {
      const all = traces();
      const first = all.get('Simple_1RTT_Handshake') as Trace;
      const { suite, transcript, secrets } = handshakeOf(provider, first);
      for (const name of [
        'EncryptedExtensions',
        'Server_Certificate',
        'Server_CertificateVerify',
        'Server_Finished',
      ] as const)
        transcript.add(first(`Message_${name}`));
      const main = secrets.stage.main();
      transcript.add(openRecord(suite, secrets.client, first('Record_ClientFinished')));
      const psk = resumptionPsk(suite.hash, main.resumption(transcript.digest()), new Uint8Array(2));

      const hello = (all.get('Resumed_0RTT_Handshake') as Trace)('Record_ClientHello_1').subarray(5);
      const partial = hello.subarray(0, hello.length - 35);
      const key = earlySecret(suite.hash, psk).binderKey('resumption');
      expect(toHex(finishedMac(suite.hash, key, new Transcript().digestAs(suite.hash, partial)))).toBe(
        toHex(hello.subarray(-32)),
      );
    });
  });

type Trace = (name: string) => Uint8Array;

/** RFC 8448's traces by section name. */
function traces(): Map<string, Trace> {
  const found = new Map<string, Trace>();
  for (const section of vectorText(TRACES).split(/^\[/m).slice(1)) {
    const lines = new Map(
      section.split('\n').flatMap((line) => (line.includes(' = ') ? [line.split(' = ') as [string, string]] : [])),
    );
    found.set(section.slice(0, section.indexOf(']')), (name) => hex((lines.get(name) ?? '').trim()));
  }
  return found;
}

/** Both hellos of a trace with X25519, whose client key follows the 32 bytes of its random. */
function handshakeOf(provider: CryptoProvider, trace: Trace) {
  const suite = provider.suites.find(({ id }) => id === 0x1301) as CipherSuite;
  const x25519 = provider.groups.find(({ name }) => name === 'x25519');
  const share = x25519?.keyShare((into) => into.set(trace('Client_RNG_Pool').subarray(32))) as {
    derive(peer: Uint8Array): Uint8Array;
  };
  const transcript = new Transcript();
  transcript.add(trace('Record_ClientHello_1').subarray(5));
  transcript.add(trace('Message_ServerHello'));
  transcript.start(suite.hash);
  const hello = Buffer.from(trace('Message_ServerHello'));
  const keyShare = hello.indexOf(Buffer.from('00330024001d0020', 'hex')) + 8;
  const stage = earlySecret(suite.hash).handshake(Secret.take(share.derive(hello.subarray(keyShare, keyShare + 32))));
  const secrets = {
    stage,
    client: stage.clientTraffic(transcript.digest()),
    server: stage.serverTraffic(transcript.digest()),
  };
  return { suite, transcript, secrets };
}

/** The content of a first record under a traffic secret, without its type and padding. */
function openRecord(suite: CipherSuite, secret: Secret, record: Uint8Array): Uint8Array {
  const { key, iv } = trafficKeys(suite, secret);
  const plain = (suite.aead.key(key) as SyncAead).open(
    iv,
    record.subarray(0, 5),
    record.subarray(5),
    new Uint8Array(record.length),
  );
  if (plain === null) throw new Error('the record does not open');
  let end = plain.length;
  while (plain[end - 1] === 0) end--;
  return plain.slice(0, end - 1);
}

function stanzas(text: string): Map<string, string>[] {
  return text.split(/\n\s*\n/).map((stanza) => {
    // Ctrl.mode = mode:EXTRACT_ONLY
    return new Map(
      stanza
        .split('\n')
        .flatMap((line) =>
          line.startsWith('#') || !line.includes(' = ') ? [] : [line.split(' = ') as [string, string]],
        ),
    );
  });
}
