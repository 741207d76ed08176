/** @module Certificates with every extension there is, for inputs: their signatures are of no worth. */
import { createHash } from 'node:crypto';
import { concat } from '@ferrule/result/bytes';

/** One DER value. */
export function tlv(tag: number, ...content: readonly Uint8Array[]): Uint8Array {
  const body = concat(content);
  const length =
    body.length < 0x80
      ? [body.length]
      : body.length < 0x100
        ? [0x81, body.length]
        : [0x82, body.length >>> 8, body.length & 0xff];
  return concat([Uint8Array.of(tag, ...length), body]);
}

export const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const ascii = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));

/** The values in a constructed one. */
export function children(der: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let at = headLength(der); at < der.length;) {
    const rest = der.subarray(at);
    const length = headLength(rest) + contentLength(rest);
    found.push(rest.subarray(0, length));
    at += length;
  }
  return found;
}
/** What is behind the header. */
export const contentsOf = (der: Uint8Array): Uint8Array => der.subarray(headLength(der));
const headLength = (der: Uint8Array): number => 2 + ((der[1] ?? 0) > 0x80 ? (der[1] ?? 0) & 0x7f : 0);
const contentLength = (der: Uint8Array): number =>
  (der[1] ?? 0) < 0x80
    ? (der[1] ?? 0)
    : der.subarray(2, headLength(der)).reduce((length, byte) => length * 256 + byte, 0);

/** The certificate with other extensions, in place of those of the same kind. */
export function withExtensions(certificate: Uint8Array, extensions: readonly Uint8Array[]): Uint8Array {
  const [tbs = certificate, ...rest] = children(certificate);
  const fields = children(tbs);
  const own = children(children(fields.at(-1) ?? tbs)[0] ?? tbs);
  const kind = (extension: Uint8Array): string => Buffer.from(children(extension)[0] ?? extension).toString('hex');
  const replaced = new Set(extensions.map(kind));
  const all = [...own.filter((extension) => !replaced.has(kind(extension))), ...extensions];
  return tlv(0x30, tlv(0x30, ...fields.slice(0, -1), tlv(0xa3, tlv(0x30, ...all))), ...rest);
}

const extension = (oid: string, value: Uint8Array, critical = false): Uint8Array =>
  tlv(0x30, tlv(0x06, hex(oid)), ...(critical ? [hex('0101ff')] : []), tlv(0x04, value));

const rdn = (type: string, value: Uint8Array): Uint8Array => tlv(0x31, tlv(0x30, hex(type), value));
const directoryName = tlv(
  0xa4,
  tlv(0x30, rdn('0603550406', tlv(0x13, ascii('DE'))), rdn('0603550403', tlv(0x0c, Buffer.from('Bücher')))),
);
const otherName = tlv(0xa0, hex('060a2b060104018237140203'), tlv(0xa0, tlv(0x0c, ascii('me@example.test'))));
const NAMES: readonly Uint8Array[] = [
  tlv(0x82, ascii('server.test')),
  tlv(0x82, ascii('*.wild.test')),
  tlv(0x81, ascii('someone@example.test')),
  tlv(0x86, ascii('https://server.test/path')),
  tlv(0x87, hex('7f000001')),
  tlv(0x87, hex('00000000000000000000000000000001')),
  directoryName,
  otherName,
  tlv(0x88, hex('2a0304')),
  tlv(0xa5, tlv(0xa0, tlv(0x13, ascii('assigner'))), tlv(0xa1, tlv(0x0c, ascii('party')))),
];
const subtrees = (...bases: readonly Uint8Array[]): Uint8Array[] => bases.map((base) => tlv(0x30, base));
const permitted = tlv(
  0xa0,
  ...subtrees(
    tlv(0x82, ascii('test')),
    tlv(0x81, ascii('.example.test')),
    tlv(0x81, ascii('example.test')),
    tlv(0x86, ascii('.test')),
    tlv(0x87, hex('7f000000ff000000')),
    tlv(0x87, new Uint8Array(32)),
    directoryName,
  ),
);
const excluded = tlv(
  0xa1,
  ...subtrees(tlv(0x82, ascii('bad.test')), tlv(0x81, ascii('x@bad.test')), tlv(0x87, hex('0a000000ff000000'))),
);

/** A log, with the key that it signs with. */
export const LOG_KEY: Uint8Array = concat([
  hex('3059301306072a8648ce3d020106082a8648ce3d030107034200'),
  Uint8Array.of(4),
  new Uint8Array(64).fill(2),
]);
const timestamp = concat([
  Uint8Array.of(0),
  createHash('sha256').update(LOG_KEY).digest(),
  hex('0000018000000000 0000 0403 0008 3006020101020101'),
]);
export const SCT_LIST: Uint8Array = concat([Uint8Array.of(0, timestamp.length + 2, 0, timestamp.length), timestamp]);

const cps = tlv(0x30, hex('06082b06010505070201'), tlv(0x16, ascii('https://cps.test')));
const notice = tlv(0x30, hex('06082b06010505070202'), tlv(0x30, tlv(0x0c, ascii('notice'))));
const policies = tlv(0x30, tlv(0x30, hex('0604551d2000')), tlv(0x30, hex('06032a0304'), tlv(0x30, cps, notice)));
const points = tlv(
  0x30,
  tlv(0x30, tlv(0xa0, tlv(0xa0, tlv(0x86, ascii('http://crl.test/a.crl')))), hex('81020640')),
  tlv(0x30, tlv(0xa2, directoryName)),
);

/** What a leaf can have, each alone in a certificate and all in one. */
export const LEAF_EXTENSIONS: readonly Uint8Array[] = [
  extension('551d11', tlv(0x30, ...NAMES)),
  extension('551d12', tlv(0x30, ...NAMES)),
  extension('551d20', policies),
  extension('551d1f', points),
  extension('551d2e', points),
  extension(
    '2b06010505070101',
    tlv(
      0x30,
      tlv(0x30, hex('06082b06010505073001'), tlv(0x86, ascii('http://ocsp.test'))),
      tlv(0x30, hex('06082b06010505073002'), tlv(0x86, ascii('http://ca.test/ca.cer'))),
    ),
  ),
  extension('2b06010505070118', hex('3003020105')),
  extension('2b06010505070103', hex('300a3008060604008e460101')),
  extension('2b06010401d679020402', tlv(0x04, SCT_LIST)),
  extension('2b06010401d679020403', hex('0500'), true),
  extension('551d0f', hex('03020780'), true),
  extension('551d25', hex('301406082b0601050507030106082b06010505070302')),
  extension('551d23', tlv(0x30, tlv(0x80, new Uint8Array(20)), tlv(0xa1, directoryName), hex('820101'))),
  extension('551d10', tlv(0x30, tlv(0x80, ascii('20200101000000Z')), tlv(0x81, ascii('20300101000000Z')))),
  extension('551d09', hex('300f300d0603550409310613044265726c')),
  extension('6086480186f8420101', hex('030206c0')),
];

/** What an authority can have besides. */
export const CA_EXTENSIONS: readonly Uint8Array[] = [
  extension('551d1e', tlv(0x30, permitted, excluded), true),
  extension('551d1e', tlv(0x30, permitted), true),
  extension('551d13', hex('30060101ff020100'), true),
  extension('551d24', hex('3006800100810100'), true),
  extension('551d36', hex('020100'), true),
  extension('551d21', tlv(0x30, tlv(0x30, hex('06032a0304'), hex('06032a0305'))), true),
  extension('551d20', policies),
  extension('551d25', hex('300a06082b06010505070301')),
];

/** A CRL with more to it: the extensions of the list and of an entry. */
export function withCrlExtensions(crl: Uint8Array, extensions: readonly Uint8Array[]): Uint8Array {
  const [tbs = crl, ...rest] = children(crl);
  const fields = children(tbs);
  const last = fields.at(-1) ?? tbs;
  const own = last[0] === 0xa0 ? children(children(last)[0] ?? last) : [];
  return tlv(
    0x30,
    tlv(0x30, ...(last[0] === 0xa0 ? fields.slice(0, -1) : fields), tlv(0xa0, tlv(0x30, ...own, ...extensions))),
    ...rest,
  );
}
export const CRL_EXTENSIONS: readonly Uint8Array[] = [
  extension(
    '551d1c',
    tlv(0x30, tlv(0xa0, tlv(0xa0, tlv(0x86, ascii('http://crl.test/a.crl')))), hex('8101ff'), hex('8201ff')),
    true,
  ),
  extension('551d1c', tlv(0x30, hex('83020640'), hex('8401ff')), true),
  extension('551d1b', hex('020101'), true),
  extension('551d2e', points),
];
