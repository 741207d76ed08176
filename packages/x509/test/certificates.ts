/** Fifty certificates of all kinds: roots of the platform, and ones made here with every extension. */
import { rootCertificates } from 'node:tls';
import { decodePem } from '@ferrule/x509';
import { bits, concat, extension, int, make, newKeys, oid, seq, text, tlv } from './make.ts';

const names = (...list: readonly string[]): Uint8Array => concat(...list.map((one) => tlv(0x82, text(one))));

function rich(keys = newKeys()): Uint8Array {
  const root = make({ ca: true, keys });
  return make({
    issuer: root,
    pathLength: 1,
    ca: true,
    subject: [
      ['2.5.4.6', 'DE', 0x13],
      ['2.5.4.10', 'Ferrule & Söhne'],
      ['2.5.4.3', 'rich', 0x16],
    ],
    extensions: {
      '2.5.29.17': extension(
        '2.5.29.17',
        seq(
          names('a.test', '*.b.test'),
          tlv(0x87, Uint8Array.of(1, 2, 3, 4)),
          tlv(0x86, text('https://a.test/')),
          tlv(0x81, text('a@b.test')),
          tlv(0xa4, root.subject),
          tlv(0x88, Uint8Array.of(42, 3)),
          tlv(0xa0, oid('1.2.3'), tlv(0xa0, int(1))),
        ),
      ),
      '2.5.29.30': extension(
        '2.5.29.30',
        seq(
          tlv(0xa0, seq(names('test')), seq(tlv(0x87, Uint8Array.of(1, 2, 3, 0, 255, 255, 255, 0)))),
          tlv(0xa1, seq(names('x.test'))),
        ),
        true,
      ),
      '2.5.29.31': extension('2.5.29.31', seq(seq(tlv(0xa0, tlv(0xa0, tlv(0x86, text('http://a.test/crl'))))))),
      '2.5.29.32': extension(
        '2.5.29.32',
        seq(
          seq(oid('1.2.3'), seq(seq(oid('1.3.6.1.5.5.7.2.1'), tlv(0x16, text('http://cps'))))),
          seq(
            oid('2.5.29.32.0'),
            seq(
              seq(
                oid('1.3.6.1.5.5.7.2.2'),
                seq(seq(tlv(0x0c, text('Org')), seq(int(1), int(2))), tlv(0x0c, text('notice'))),
              ),
            ),
          ),
        ),
      ),
      '2.5.29.33': extension('2.5.29.33', seq(seq(oid('1.2.3'), oid('1.2.4'))), true),
      '2.5.29.35': extension(
        '2.5.29.35',
        seq(tlv(0x80, text('key')), tlv(0xa1, tlv(0xa4, root.subject)), tlv(0x82, Uint8Array.of(7))),
      ),
      '2.5.29.36': extension('2.5.29.36', seq(tlv(0x80, Uint8Array.of(1)), tlv(0x81, Uint8Array.of(2))), true),
      '2.5.29.37': extension('2.5.29.37', seq(oid('1.3.6.1.5.5.7.3.1'), oid('2.5.29.37.0'))),
      '2.5.29.54': extension('2.5.29.54', int(3), true),
      '1.3.6.1.5.5.7.1.1': extension(
        '1.3.6.1.5.5.7.1.1',
        seq(seq(oid('1.3.6.1.5.5.7.48.2'), tlv(0x86, text('http://a.test/ca')))),
      ),
      '1.3.6.1.5.5.7.1.24': extension('1.3.6.1.5.5.7.1.24', seq(int(5))),
      '1.3.6.1.4.1.11129.2.4.2': extension(
        '1.3.6.1.4.1.11129.2.4.2',
        tlv(4, Uint8Array.from([0, 53, 0, 51, 0, ...new Array<number>(40).fill(1), 0, 0, 4, 3, 0, 4, 48, 2, 2, 0])),
      ),
      '2.5.29.16': extension('2.5.29.16', seq(tlv(0x80, text('20260101000000Z')))),
      '2.16.840.1.113730.1.13': extension('2.16.840.1.113730.1.13', tlv(0x16, text('a comment'))),
      '1.2.3.4': extension('1.2.3.4', bits(1, 3)),
    },
  }).der;
}

const made = (): Uint8Array[] => [
  rich(),
  rich(newKeys('rsa', 2048)),
  make({}).der,
  make({ version: 1 }).der,
  make({ keys: newKeys('rsa', 1024) }).der,
  make({ keys: newKeys('ed25519') }).der,
  make({ keys: newKeys('ec', 'P-384') }).der,
  make({ keys: newKeys('ec', 'P-521') }).der,
  make({ keys: newKeys('ec', 'secp256k1') }).der,
  make({ keys: newKeys('ec', 'sect283r1') }).der,
  make({ dns: Array.from({ length: 20 }, (_, i) => `host${i}.test`) }).der,
];

export function fiftyCertificates(): Uint8Array[] {
  const own = made();
  const step = Math.floor(rootCertificates.length / (50 - own.length));
  const roots = Array.from(
    { length: 50 - own.length },
    (_, i) => decodePem(rootCertificates[i * step] as string)[0]?.der as Uint8Array,
  );
  return [...own, ...roots];
}
