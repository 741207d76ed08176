/** RFC 8448's traces, byte for byte, through the wire code and the record layer alone. */
import { bioPair } from '@ferrule/bio';
import { expect, it } from 'vitest';
import { nodeCrypto } from '../../src/crypto/node.ts';
import type { CipherSuite } from '../../src/crypto/provider.ts';
import { earlySecret, finishedMac, trafficKeys } from '../../src/keys/schedule13.ts';
import { Secret } from '../../src/keys/secret.ts';
import { Transcript } from '../../src/keys/transcript.ts';
import { Coalescer } from '../../src/record/coalesce.ts';
import { Protection } from '../../src/record/protect.ts';
import { FLUSHED, type ReadAlert, type ReadRecord } from '../../src/record/progress.ts';
import { RecordReader } from '../../src/record/reader.ts';
import { RecordWriter } from '../../src/record/writer.ts';
import * as wire from '../../src/wire/index.ts';
import { describeVectors, hex, toHex, vectorText } from './vectors.ts';
import { x25519 } from '@noble/curves/ed25519.js';

const TRACES = 'tls/rfc8448_transcripts.vec.gz';
type Trace = ReadonlyMap<string, string>;

/** Each section's values in lower-case hexadecimal. */
function traces(): Map<string, Trace> {
  const sections = new Map<string, Map<string, string>>();
  let section = new Map<string, string>();
  for (const line of vectorText(TRACES).split('\n')) {
    const heading = /^\[(.+)\]$/.exec(line)?.[1];
    if (heading !== undefined) sections.set(heading, (section = new Map()));
    const [, name, value] = /^(\w+) *= *([\w ]+)$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) section.set(name, value.replaceAll(' ', '').toLowerCase());
  }
  return sections;
}

const body = (message: Uint8Array): Uint8Array => message.subarray(4);
const reencode = (place: wire.Place, list: readonly wire.Extension[]): wire.Extension[] =>
  wire.encodeExtensions(place, wire.decodeExtensions(place, list));

/** Reads a message down to the values of its extensions and writes it again. */
function roundTrip(message: Uint8Array): Uint8Array {
  switch (message[0]) {
    case wire.HandshakeType.client_hello: {
      const hello = wire.decodeClientHello(body(message));
      return wire.encodeClientHello({ ...hello, extensions: reencode('clientHello', hello.extensions) });
    }
    case wire.HandshakeType.server_hello: {
      const hello = wire.decodeServerHello(body(message));
      return wire.encodeServerHello({
        ...hello,
        extensions: reencode(wire.isHelloRetryRequest(hello) ? 'helloRetryRequest' : 'serverHello', hello.extensions),
      });
    }
    case wire.HandshakeType.encrypted_extensions:
      return wire.encodeEncryptedExtensions(
        reencode('encryptedExtensions', wire.decodeEncryptedExtensions(body(message))),
      );
    case wire.HandshakeType.certificate_request: {
      const request = wire.decodeCertificateRequest(body(message));
      return wire.encodeCertificateRequest({
        ...request,
        extensions: reencode('certificateRequest', request.extensions),
      });
    }
    case wire.HandshakeType.certificate:
      return wire.encodeCertificate(wire.decodeCertificate(body(message)));
    case wire.HandshakeType.certificate_verify:
      return wire.encodeCertificateVerify(wire.decodeCertificateVerify(body(message)));
    case wire.HandshakeType.finished:
      return wire.encodeFinished(body(message));
    default:
      throw new Error(`the traces have no message of type ${message[0]}`);
  }
}

const SECTIONS = [
  'Simple_1RTT_Handshake',
  'Resumed_0RTT_Handshake',
  'HelloRetryRequest_Handshake',
  'Client_Authentication_Handshake',
  'Middlebox_Compatibility_Mode',
  'Externally_Provided_PSK_with_Ephemeral_Key',
  'RawPublicKey_With_Client_Authentication',
];

for (const section of SECTIONS)
  describeVectors(`the messages of ${section}`, [TRACES], () => {
    it('are written as they were read', () => {
      const trace = traces().get(section) as Trace;
      const messages = [...trace].filter(([name]) => name.startsWith('Message_'));
      const hellos = [...trace].filter(([name]) => /^Record_(ClientHello|ServerHello$|HelloRetryRequest)/.test(name));
      expect(messages.length + hellos.length).toBeGreaterThan(4);
      for (const [name, value] of messages) expect([name, toHex(roundTrip(hex(value)))]).toEqual([name, value]);
      for (const [name, value] of hellos)
        expect([name, toHex(roundTrip(hex(value).subarray(5)))]).toEqual([name, value.slice(10)]);
    });
  });

/** The handshake up to the server's flight, from the private key in the client's pool of randomness. */
function handshakeOf(
  trace: Trace,
  privateKeyAt: number,
): { suite: CipherSuite; transcript: Transcript; client: Secret; server: Secret; main: () => Secret[] } {
  const value = (name: string): Uint8Array => hex(trace.get(name) ?? '');
  const hello = wire.decodeServerHello(body(value('Message_ServerHello')));
  const suite = nodeCrypto.suites.find(({ id }) => id === hello.cipherSuite) as CipherSuite;
  const share = wire.decodeExtensions('serverHello', hello.extensions).keyShare?.keyExchange as Uint8Array;
  const transcript = new Transcript();
  transcript.start(suite.hash);
  transcript.add(value('Record_ClientHello_1').subarray(5));
  transcript.add(value('Message_ServerHello'));
  const stage = earlySecret(suite.hash).handshake(
    Secret.take(x25519.scalarMult(value('Client_RNG_Pool').subarray(privateKeyAt, privateKeyAt + 32), share)),
  );
  const [client, server] = [stage.clientTraffic(transcript.digest()), stage.serverTraffic(transcript.digest())];
  return {
    suite,
    transcript,
    client,
    server,
    main: () => {
      const next = stage.main();
      return [next.clientTraffic(transcript.digest()), next.serverTraffic(transcript.digest())];
    },
  };
}

for (const [section, privateKeyAt] of [
  ['Simple_1RTT_Handshake', 32],
  ['Middlebox_Compatibility_Mode', 64],
] as const)
  describeVectors(`the records of ${section}`, [TRACES], () => {
    const trace = traces().get(section) as Trace;
    const value = (name: string): Uint8Array => hex(trace.get(name) ?? '');
    const protect = (suite: CipherSuite, secret: Secret): Protection =>
      new Protection({ version: 'TLSv1.3', suite, ...trafficKeys(suite, secret) });

    it('are read and written byte for byte, through BIOs of any size', () => {
      for (const size of [1, 17, 40_000]) {
        const { suite, transcript, client, server, main } = handshakeOf(trace, privateKeyAt);
        const coalescer = new Coalescer(10_000);
        const reader = new RecordReader({ handshake: coalescer, emptyRecordsInARow: 32 });
        const [rbio, arrives] = bioPair(size);
        /** Handshake goes to the coalescer, anything else comes back. */
        const feed = (bytes: Uint8Array): ReadRecord | ReadAlert | undefined => {
          for (let at = 0; ;) {
            const came = reader.next(rbio);
            if (came.kind === 'record' && came.type === wire.ContentType.handshake) coalescer.push(came.fragment);
            else if (came.kind === 'record' || came.kind === 'alert') return came;
            else if (at === bytes.length) return undefined;
            else at += arrives.write(bytes.subarray(at));
          }
        };
        const writer = new RecordWriter();
        writer.legacyVersion = wire.Version.tls12;
        const [wbio, leaves] = bioPair(size);
        const sent = (): string => {
          let out = '';
          for (;;) {
            const progress = writer.flush(wbio);
            out += toHex(leaves.nread0());
            leaves.nread(leaves.pending);
            if (progress === FLUSHED) return out;
          }
        };

        // The server's flight, message by message.
        feed(value('Record_ServerHello'));
        expect(toHex(coalescer.next()?.raw ?? new Uint8Array(0))).toBe(trace.get('Message_ServerHello'));
        reader.version = 'TLSv1.3';
        reader.install(protect(suite, server));
        feed(value('Record_ServerHandshakeMessages'));
        for (const name of [
          'EncryptedExtensions',
          'Server_Certificate',
          'Server_CertificateVerify',
          'Server_Finished',
        ]) {
          const message = coalescer.next();
          expect(toHex(message?.raw ?? new Uint8Array(0))).toBe(trace.get(`Message_${name}`));
          transcript.add(message?.raw ?? new Uint8Array(0));
        }
        expect(coalescer.leftover).toBe(0);

        // Ours, then application data and close_notify both ways.
        const [clientTraffic = client, serverTraffic = server] = main();
        if (trace.get('Record_ClientFinished')?.startsWith('14')) writer.changeCipherSpec();
        writer.install(protect(suite, client));
        writer.handshake(wire.encodeFinished(finishedMac(suite.hash, client, transcript.digest())));
        expect(sent()).toBe(trace.get('Record_ClientFinished'));
        writer.install(protect(suite, clientTraffic));
        reader.install(protect(suite, serverTraffic));
        reader.established = true;
        if (trace.has('Record_NewSessionTicket')) {
          feed(value('Record_NewSessionTicket'));
          const { ticket } = wire.decodeNewSessionTicket(coalescer.next()?.body ?? new Uint8Array(0));
          expect(toHex(ticket)).toBe(trace.get('SessionTicket'));
        }
        if (trace.has('Client_AppData')) {
          let record = '';
          for (let written = false; !written;) {
            written = writer.write(wbio, value('Client_AppData')).kind === 'written';
            record += toHex(leaves.nread0());
            leaves.nread(leaves.pending);
          }
          expect(record).toBe(trace.get('Record_Client_AppData'));
          expect(feed(value('Record_Server_AppData'))).toMatchObject({ fragment: value('Server_AppData') });
        }
        writer.alert(1, 0);
        expect(sent()).toBe(trace.get('Record_Client_CloseNotify'));
        expect(feed(value('Record_Server_CloseNotify'))).toMatchObject({ alert: { level: 1, description: 0 } });
      }
    });
  });
