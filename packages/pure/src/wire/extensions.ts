/**
 * @module The extensions (RFC 9846 section 4.3): one row each, with its code point, the messages that may carry it, how
 * its value is written and read there, and what its absence means.
 */
import type { TlsError } from '@ferrule/result';
import { extensionName } from '@ferrule/result/names';
import { ExtensionType, isGrease } from '@ferrule/result/numbers';
import { fail } from '../reason.ts';
import {
  distinguishedNames,
  echClientHello,
  echConfigList,
  echConfirmation,
  flag,
  flagNumbers,
  hostName,
  keyShareEntry,
  keyShareList,
  listOfU16,
  listOfU8,
  offeredPsks,
  opaque16,
  opaque8,
  pointFormats,
  protocolName,
  protocolNames,
  raw,
  shortListOfU16,
  sizeLimit,
  statusRequest,
  statusResponse,
  timestampList,
  u16,
  u32,
  u8,
  zeros,
  type Codec,
} from './extension-codecs.ts';
import type { Extension, ExtensionValues, Place } from './extension-values.ts';
import { Reader } from './read.ts';
import { Writer } from './write.ts';

/** Values to write; `undefined` leaves one out. */
export type ExtensionInput<P extends Place> = {
  readonly [K in keyof ExtensionValues[P]]?: ExtensionValues[P][K] | undefined;
};

/** One extension of a message, ready for the wire. */
export function encodeExtension<P extends Place, K extends keyof ExtensionValues[P]>(
  place: P,
  key: K,
  value: NonNullable<ExtensionValues[P][K]>,
): Extension {
  const row = ROWS_BY_KEY.get(key as string);
  const codec = row?.in[place];
  if (row === undefined || codec === undefined) throw new TypeError(`${String(key)} is not an extension of ${place}`);
  const writer = new Writer(64);
  codec.encode(writer, value);
  return { type: row.type, data: writer.finish() };
}

/** The extensions of a message in the order in which the properties of `values` stand. */
export function encodeExtensions<P extends Place>(place: P, values: ExtensionInput<P>): Extension[] {
  const list: Extension[] = [];
  for (const key of Object.keys(values) as (keyof ExtensionValues[P])[]) {
    const value = values[key];
    if (value !== undefined) list.push(encodeExtension(place, key, value as NonNullable<typeof value>));
  }
  return list;
}

/**
 * What a message's extensions say. A response (`offered` given) may hold only what was offered to its sender; in a
 * request (ClientHello, CertificateRequest, NewSessionTicket: `offered` undefined) unknown ones are passed over.
 *
 * @param offered the code points that our request held; GREASE is never among what a peer may answer.
 * @throws TlsError UNEXPECTED_EXTENSION not offered; DUPLICATE_EXTENSION; MISPLACED_EXTENSION known, but not for this
 *   message; ERROR_PARSING_EXTENSION; ILLEGAL_PARAMETER for a value that the extension's RFC forbids.
 */
export function decodeExtensions<P extends Place>(
  place: P,
  list: readonly Extension[],
  offered?: ReadonlySet<number>,
): ExtensionValues[P] {
  refuseDuplicates(place, list);
  const values: Record<string, unknown> = {};
  for (const { type, data } of list) {
    if (offered !== undefined && (!offered.has(type) || isGrease(type)))
      throw fail('UNEXPECTED_EXTENSION', `the extension ${extensionName(type)} was not offered`);
    const key = KEYS_BY_TYPE.get(type);
    const codec = key === undefined ? undefined : ROWS_BY_KEY.get(key)?.in[place];
    if (key === undefined) continue;
    if (codec === undefined) throw misplaced(place, type);
    const reader = new Reader(data, extensionName(type), 'ERROR_PARSING_EXTENSION');
    values[key] = codec.decode(reader);
    reader.end();
  }
  return values as ExtensionValues[P];
}

/**
 * The RFCs name no alert for it. These two messages are what BoringSSL cannot decode then; elsewhere it has another
 * alert.
 */
const UNDECODABLE_TWICE: ReadonlySet<Place> = new Set<Place>(['serverHello12', 'encryptedExtensions']);

function refuseDuplicates(place: Place, list: readonly Extension[]): void {
  const seen = new Set<number>();
  for (const { type } of list) {
    if (seen.has(type))
      throw fail(
        UNDECODABLE_TWICE.has(place) ? 'DECODE_ERROR' : 'DUPLICATE_EXTENSION',
        `the extension ${extensionName(type)} is duplicated`,
      );
    seen.add(type);
  }
}

/**
 * RFC 9846 section 4.3: a known extension in a message that it is not for. TLS 1.2 has only unsolicited ones (RFC 5246
 * section 7.4.1.4), but for supported_versions with an older version, of which RFC 9846 section 4.3.1 speaks itself.
 */
function misplaced(place: Place, type: number): TlsError {
  const unsolicited = place === 'serverHello12' && type !== ExtensionType.supported_versions;
  return fail(
    unsolicited ? 'UNEXPECTED_EXTENSION' : 'MISPLACED_EXTENSION',
    `the extension ${extensionName(type)} does not belong into ${place}`,
  );
}

/** The data of one extension, undecoded; for what must be known before the message can be judged as a whole. */
export const findExtension = (list: readonly Extension[], type: number): Uint8Array | undefined =>
  list.find((each) => each.type === type)?.data;

/** What the absence of an extension means, for documentation and traces. */
export const absenceOf = (type: number): string | undefined => ROWS_BY_KEY.get(KEYS_BY_TYPE.get(type) ?? '')?.absence;

/** `Extension extensions<0..2^16-1>` */
export function readExtensions(reader: Reader): Extension[] {
  return reader.list(reader.vector16(), (each) => ({ type: each.u16(), data: each.vector16() }));
}

export function writeExtensions(writer: Writer, list: readonly Extension[]): void {
  writer.vector16(() => list.forEach(({ type, data }) => writer.u16(type).vector16(data)));
}

/** Every key of every message's values. */
type Key = { [P in Place]: keyof ExtensionValues[P] }[Place];

/** A row has a codec for exactly the messages whose values have its key. */
interface Row<K extends Key> {
  readonly type: number;
  /** What it means when the peer leaves it out. */
  readonly absence: string;
  readonly in: {
    readonly [P in Place as K extends keyof ExtensionValues[P] ? P : never]: Codec<
      NonNullable<ExtensionValues[P][K & keyof ExtensionValues[P]]>
    >;
  };
}

const ROWS: { readonly [K in Key]: Row<K> } = {
  // RFC 6066 section 3
  serverName: {
    type: ExtensionType.server_name,
    absence: 'from the server: it did not need the name, or does not say',
    in: { clientHello: hostName, serverHello12: flag, encryptedExtensions: flag },
  },
  // RFC 6066 section 8, RFC 9846 section 4.5.1.1
  statusRequest: {
    type: ExtensionType.status_request,
    absence: 'no OCSP response comes',
    in: { clientHello: statusRequest, serverHello12: flag, certificate: statusResponse, certificateRequest: flag },
  },
  // RFC 9846 section 4.3.7
  supportedGroups: {
    type: ExtensionType.supported_groups,
    absence: 'from the server: it has no preference to tell',
    in: { clientHello: listOfU16, serverHello12: listOfU16, encryptedExtensions: listOfU16 },
  },
  // RFC 8422 section 5.1.2
  ecPointFormats: {
    type: ExtensionType.ec_point_formats,
    absence: 'uncompressed only',
    in: { clientHello: pointFormats, serverHello12: pointFormats },
  },
  // RFC 9846 section 4.3.3
  signatureAlgorithms: {
    type: ExtensionType.signature_algorithms,
    absence: 'in a CertificateRequest of TLS 1.3: missing_extension',
    in: { clientHello: listOfU16, certificateRequest: listOfU16 },
  },
  signatureAlgorithmsCert: {
    type: ExtensionType.signature_algorithms_cert,
    absence: 'signature_algorithms speaks for certificates too',
    in: { clientHello: listOfU16, certificateRequest: listOfU16 },
  },
  // RFC 7301
  alpn: {
    type: ExtensionType.application_layer_protocol_negotiation,
    absence: 'no protocol was chosen',
    in: { clientHello: protocolNames, serverHello12: protocolName, encryptedExtensions: protocolName },
  },
  // RFC 6962 section 3.3.1
  signedCertificateTimestamp: {
    type: ExtensionType.signed_certificate_timestamp,
    absence: 'no timestamps by this way',
    in: { clientHello: flag, serverHello12: timestampList, certificate: timestampList, certificateRequest: flag },
  },
  // RFC 7250
  clientCertificateType: {
    type: ExtensionType.client_certificate_type,
    absence: 'X.509',
    in: { clientHello: listOfU8, serverHello12: u8, encryptedExtensions: u8 },
  },
  serverCertificateType: {
    type: ExtensionType.server_certificate_type,
    absence: 'X.509',
    in: { clientHello: listOfU8, serverHello12: u8, encryptedExtensions: u8 },
  },
  // RFC 7685
  padding: { type: ExtensionType.padding, absence: 'nothing', in: { clientHello: zeros } },
  // RFC 7627
  extendedMasterSecret: {
    type: ExtensionType.extended_master_secret,
    absence: 'the master secret is not bound to the handshake: refused unless told otherwise',
    in: { clientHello: flag, serverHello12: flag },
  },
  // RFC 8879 section 3
  compressCertificate: {
    type: ExtensionType.compress_certificate,
    absence: 'certificates come as they are',
    in: { clientHello: shortListOfU16, certificateRequest: shortListOfU16 },
  },
  // RFC 8449 section 4
  recordSizeLimit: {
    type: ExtensionType.record_size_limit,
    absence: '2^14 bytes',
    in: { clientHello: sizeLimit, serverHello12: sizeLimit, encryptedExtensions: sizeLimit },
  },
  // RFC 5077 section 3.2
  sessionTicket: {
    type: ExtensionType.session_ticket,
    absence: 'no NewSessionTicket will come',
    in: { clientHello: raw, serverHello12: flag },
  },
  // RFC 9846 section 4.3.10
  earlyData: {
    type: ExtensionType.early_data,
    absence: 'in EncryptedExtensions: rejected; in NewSessionTicket: not allowed with this ticket',
    in: { clientHello: flag, encryptedExtensions: flag, newSessionTicket: u32 },
  },
  // RFC 9846 section 4.3.1
  supportedVersions: {
    type: ExtensionType.supported_versions,
    absence: 'TLS 1.2 or older',
    in: { clientHello: shortListOfU16, serverHello: u16, helloRetryRequest: u16 },
  },
  // RFC 9846 section 4.3.2
  cookie: {
    type: ExtensionType.cookie,
    absence: 'nothing to echo',
    in: { clientHello: opaque16, helloRetryRequest: opaque16 },
  },
  // RFC 9846 section 4.3.9
  pskKeyExchangeModes: {
    type: ExtensionType.psk_key_exchange_modes,
    absence: 'no resumption',
    in: { clientHello: listOfU8 },
  },
  // RFC 9846 section 4.3.4
  certificateAuthorities: {
    type: ExtensionType.certificate_authorities,
    absence: 'any issuer will do',
    in: { clientHello: distinguishedNames, certificateRequest: distinguishedNames },
  },
  // RFC 9846 section 4.3.6
  postHandshakeAuth: {
    type: ExtensionType.post_handshake_auth,
    absence: 'no CertificateRequest after the handshake',
    in: { clientHello: flag },
  },
  // RFC 9846 section 4.3.8
  keyShare: {
    type: ExtensionType.key_share,
    absence:
      'in ServerHello: PSK without (EC)DHE, which is not offered, so missing_extension; in HelloRetryRequest: the shares were fine',
    in: { clientHello: keyShareList, serverHello: keyShareEntry, helloRetryRequest: u16 },
  },
  // RFC 9001 section 8.2
  quicTransportParameters: {
    type: ExtensionType.quic_transport_parameters,
    absence: 'in QUIC: missing_extension',
    in: { clientHello: raw, encryptedExtensions: raw },
  },
  tlsFlags: { type: ExtensionType.tls_flags, absence: 'no flag is set', in: { newSessionTicket: flagNumbers } },
  // RFC 9849 section 5
  echOuterExtensions: {
    type: ExtensionType.ech_outer_extensions,
    absence: 'the inner hello stands whole',
    in: { clientHello: shortListOfU16 },
  },
  encryptedClientHello: {
    type: ExtensionType.encrypted_client_hello,
    absence: 'in EncryptedExtensions: accepted, or no retry configurations to give',
    in: { clientHello: echClientHello, helloRetryRequest: echConfirmation, encryptedExtensions: echConfigList },
  },
  // RFC 5746
  renegotiationInfo: {
    type: ExtensionType.renegotiation_info,
    absence: 'from the server: it cannot renegotiate safely, which is never asked of it',
    in: { clientHello: opaque8, serverHello12: opaque8 },
  },
  // RFC 9846 section 4.3.11
  preSharedKey: {
    type: ExtensionType.pre_shared_key,
    absence: 'from the server: a full handshake',
    in: { clientHello: offeredPsks, serverHello: u16 },
  },
};

/** The same table for code that has a key or a code point at run time. */
const ROWS_BY_KEY: ReadonlyMap<
  string,
  { readonly type: number; readonly absence: string; readonly in: { readonly [P in Place]?: Codec<unknown> } }
> = new Map(
  Object.entries(
    ROWS as Readonly<Record<string, { type: number; absence: string; in: { [P in Place]?: Codec<unknown> } }>>,
  ),
);
const KEYS_BY_TYPE: ReadonlyMap<number, string> = new Map(Array.from(ROWS_BY_KEY, ([key, row]) => [row.type, key]));
