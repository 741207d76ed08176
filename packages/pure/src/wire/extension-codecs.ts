/** @module The shapes that extension values have on the wire; `extensions.ts` says which extension has which. */
import { PointFormat } from '@ferrule/result/numbers';
import { fail } from '../reason.ts';
import type { EchClientHello, KeyShareEntry, OfferedPsks } from './extension-values.ts';
import type { Reader } from './read.ts';
import type { Writer } from './write.ts';

/** A value and its `extension_data`. */
export interface Codec<T> {
  encode(writer: Writer, value: T): void;
  /** Reads from a reader of exactly the extension's data; that nothing follows is checked by the caller. */
  decode(reader: Reader): T;
}

/** Empty data: the extension is there. */
export const flag: Codec<true> = {
  encode: () => undefined,
  decode: () => true,
};

/** The data as it is. */
export const raw: Codec<Uint8Array> = {
  encode: (writer, value) => void writer.bytes(value),
  decode: (reader) => reader.rest(),
};

/** `opaque<0..2^8-1>` */
export const opaque8: Codec<Uint8Array> = {
  encode: (writer, value) => void writer.vector8(value),
  decode: (reader) => reader.vector8(),
};

/** `opaque<1..2^16-1>` */
export const opaque16: Codec<Uint8Array> = {
  encode: (writer, value) => void writer.vector16(value),
  decode: (reader) => reader.vector16(1),
};

export const u8: Codec<number> = {
  encode: (writer, value) => void writer.u8(value),
  decode: (reader) => reader.u8(),
};

export const u16: Codec<number> = {
  encode: (writer, value) => void writer.u16(value),
  decode: (reader) => reader.u16(),
};

export const u32: Codec<number> = {
  encode: (writer, value) => void writer.u32(value),
  decode: (reader) => reader.u32(),
};

/** `uint8<1..2^8-1>` */
export const listOfU8: Codec<readonly number[]> = {
  encode: (writer, value) => void writer.u8List(value),
  decode: (reader) => reader.u8List(reader.vector8(1)),
};

/** `uint16<2..2^8-2>` */
export const shortListOfU16: Codec<readonly number[]> = {
  encode: (writer, value) => void writer.vector8(() => value.forEach((each) => writer.u16(each))),
  decode: (reader) => reader.u16List(reader.vector8(2)),
};

/** `uint16<2..2^16-2>` */
export const listOfU16: Codec<readonly number[]> = {
  encode: (writer, value) => void writer.u16List(value),
  decode: (reader) => reader.u16List(reader.vector16(2)),
};

/** `ec_point_format_list`; a list without `uncompressed` is an illegal value (RFC 8422 section 5.1.2). */
export const pointFormats: Codec<readonly number[]> = {
  encode: (writer, value) => void writer.u8List(value),
  decode(reader) {
    const formats = reader.u8List(reader.vector8(1));
    if (!formats.includes(PointFormat.uncompressed))
      throw fail('ILLEGAL_PARAMETER', 'ec_point_formats lacks uncompressed');
    return formats;
  },
};

/** `ServerNameList` with the one `host_name` that RFC 6066 section 3 leaves room for. */
export const hostName: Codec<string> = {
  encode(writer, value) {
    writer.vector16(() => writer.u8(0).vector16(Uint8Array.from(value, (character) => character.charCodeAt(0))));
  },
  decode(reader) {
    const list = reader.inner(reader.vector16(1));
    const type = list.u8();
    const name = list.vector16(1);
    if (type !== 0) reader.refuse(`a name of type ${type}`);
    if (name.length > 255) reader.refuse(`a host name of ${name.length} bytes`);
    if (name.some((byte) => byte <= 0x20 || byte >= 0x7f)) reader.refuse('a host name of other than printable ASCII');
    list.end();
    return String.fromCharCode(...name);
  },
};

/** `CertificateStatusRequest` for OCSP with no responders and no extensions named; those of others are read over. */
export const statusRequest: Codec<true> = {
  encode: (writer) => void writer.u8(1).u16(0).u16(0),
  decode(reader) {
    if (reader.u8() !== 1) reader.refuse('a status type other than ocsp');
    reader.list(reader.vector16(), (each) => each.vector16(1));
    reader.vector16();
    return true;
  },
};

/** `CertificateStatus` of type ocsp: a DER OCSPResponse. */
export const statusResponse: Codec<Uint8Array> = {
  encode: (writer, value) => void writer.u8(1).vector24(value),
  decode(reader) {
    if (reader.u8() !== 1) reader.refuse('a status type other than ocsp');
    return reader.vector24(1);
  },
};

/** `SignedCertificateTimestampList`: kept whole, its elements counted and measured. */
export const timestampList: Codec<Uint8Array> = {
  encode: (writer, value) => void writer.bytes(value),
  decode(reader) {
    const whole = reader.rest();
    const list = reader.inner(whole);
    list.list(list.vector16(1), (each) => each.vector16(1));
    list.end();
    return whole;
  },
};

/** `ProtocolNameList` */
export const protocolNames: Codec<readonly Uint8Array[]> = {
  encode: (writer, value) => void writer.vector16(() => value.forEach((name) => writer.vector8(name))),
  decode: (reader) => reader.list(reader.vector16(2), (each) => each.vector8(1)),
};

/** A `ProtocolNameList` of exactly one, the server's choice. */
export const protocolName: Codec<Uint8Array> = {
  encode: (writer, value) => void writer.vector16(() => writer.vector8(value)),
  decode(reader) {
    const list = reader.inner(reader.vector16(2));
    const name = list.vector8(1);
    list.end();
    return name;
  },
};

/** RFC 7685: nothing but zeros. The value is how many. */
export const zeros: Codec<number> = {
  encode: (writer, value) => void writer.bytes(new Uint8Array(value)),
  decode(reader) {
    const bytes = reader.rest();
    if (bytes.some((byte) => byte !== 0)) throw fail('ILLEGAL_PARAMETER', 'padding that is not zero');
    return bytes.length;
  },
};

/** RFC 8449 section 4: less than 64 is an illegal value. */
export const sizeLimit: Codec<number> = {
  encode: (writer, value) => void writer.u16(value),
  decode(reader) {
    const limit = reader.u16();
    if (limit < 64) throw fail('ILLEGAL_PARAMETER', `record_size_limit of ${limit}`);
    return limit;
  },
};

/** `DistinguishedName authorities<3..2^16-1>` */
export const distinguishedNames: Codec<readonly Uint8Array[]> = {
  encode: (writer, value) => void writer.vector16(() => value.forEach((name) => writer.vector16(name))),
  decode: (reader) => reader.list(reader.vector16(3), (each) => each.vector16(1)),
};

export const keyShareEntry: Codec<KeyShareEntry> = {
  encode: (writer, value) => void writer.u16(value.group).vector16(value.keyExchange),
  decode: (reader) => ({ group: reader.u16(), keyExchange: reader.vector16(1) }),
};

export const keyShareList: Codec<readonly KeyShareEntry[]> = {
  encode: (writer, value) => void writer.vector16(() => value.forEach((entry) => keyShareEntry.encode(writer, entry))),
  decode: (reader) => reader.list(reader.vector16(), (each) => keyShareEntry.decode(each)),
};

/** RFC 9846 section 4.3.11: as many binders as identities. */
export const offeredPsks: Codec<OfferedPsks> = {
  encode(writer, value) {
    writer.vector16(() =>
      value.identities.forEach((each) => writer.vector16(each.identity).u32(each.obfuscatedTicketAge)),
    );
    writer.vector16(() => value.binders.forEach((binder) => writer.vector8(binder)));
  },
  decode(reader) {
    const identities = reader.list(reader.vector16(7), (each) => ({
      identity: each.vector16(1),
      obfuscatedTicketAge: each.u32(),
    }));
    const binders = reader.list(reader.vector16(33), (each) => each.vector8(32));
    if (identities.length !== binders.length)
      throw fail('ILLEGAL_PARAMETER', `${identities.length} identities with ${binders.length} binders`);
    return { identities, binders };
  },
};

/** `opaque flags<1..255>`, bit n of byte m for flag 8m+n, without trailing zero bytes (draft-ietf-tls-tlsflags). */
export const flagNumbers: Codec<readonly number[]> = {
  encode(writer, value) {
    const bytes = new Uint8Array(Math.floor(Math.max(0, ...value) / 8) + 1);
    for (const number of value) bytes[number >> 3] = (bytes[number >> 3] ?? 0) | (1 << (number & 7));
    writer.vector8(bytes);
  },
  decode(reader) {
    const bytes = reader.vector8(1);
    if (bytes[bytes.length - 1] === 0) throw fail('ILLEGAL_PARAMETER', 'tls_flags ends in a byte without flags');
    const numbers: number[] = [];
    for (let number = 0; number < 8 * bytes.length; number++)
      if (((bytes[number >> 3] ?? 0) >> (number & 7)) & 1) numbers.push(number);
    return numbers;
  },
};

export const echClientHello: Codec<EchClientHello> = {
  encode(writer, value) {
    if (value.kind === 'inner') writer.u8(1);
    else writer.u8(0).u16(value.kdf).u16(value.aead).u8(value.configId).vector16(value.enc).vector16(value.payload);
  },
  decode(reader) {
    const type = reader.u8();
    if (type === 1) return { kind: 'inner' };
    if (type !== 0) throw fail('ILLEGAL_PARAMETER', `ECHClientHello of type ${type}`);
    return {
      kind: 'outer',
      kdf: reader.u16(),
      aead: reader.u16(),
      configId: reader.u8(),
      enc: reader.vector16(),
      payload: reader.vector16(1),
    };
  },
};

/** `accept_confirmation` of a HelloRetryRequest: 8 bytes. */
export const echConfirmation: Codec<Uint8Array> = {
  encode: (writer, value) => void writer.bytes(value),
  decode: (reader) => reader.bytes(8),
};

/** `ECHConfigList`, kept whole, each ECHConfig measured (RFC 9849 section 4). */
export const echConfigList: Codec<Uint8Array> = {
  encode: (writer, value) => void writer.bytes(value),
  decode(reader) {
    const whole = reader.rest();
    const list = reader.inner(whole);
    list.list(list.vector16(4), (config) => {
      config.u16();
      config.vector16();
    });
    list.end();
    return whole;
  },
};
