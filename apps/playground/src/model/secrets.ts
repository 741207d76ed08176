/** @module The secrets of a connection as the key log has them (RFC 9850), and the keys that are made of them. */
import type { CryptoProvider } from '@ferrule/pure';
import { Secret, trafficKeys } from '@ferrule/pure/keys';
import type { KeylogLabel, Section } from '@ferrule/pure/trace';
import { fromHex, toHex } from '@ferrule/result/bytes';
import type { KeylogLine } from './attempt.ts';

export interface ShownSecret {
  readonly at: number;
  readonly label: string;
  /** Hexadecimal. */
  readonly secret: string;
  /** What it is for, as a sentence. */
  readonly what: string;
  readonly section: Section;
  /** Of a traffic secret of TLS 1.3: what records are encrypted with. */
  readonly keys: { readonly key: string; readonly iv: string } | undefined;
}

/** @param cipherSuite - once it is known: then traffic secrets have their keys beside them. */
export function shownSecrets(
  keylog: readonly KeylogLine[],
  crypto: CryptoProvider | undefined,
  cipherSuite: number | undefined,
): ShownSecret[] {
  const suite = crypto?.suites.find(({ id }) => id === cipherSuite);
  return keylog.flatMap(({ at, line }) => {
    const [label = '', , secret = ''] = line.split(' ');
    const purpose = PURPOSES[label as KeylogLabel] as (typeof PURPOSES)[KeylogLabel] | undefined;
    if (purpose === undefined) return [];
    const isTraffic = label.includes('TRAFFIC_SECRET') && suite?.version === 'TLSv1.3';
    const { key, iv } = isTraffic ? trafficKeys(suite, Secret.copyOf(fromHex(secret))) : {};
    const keys = key && iv && { key: toHex(key), iv: toHex(iv) };
    return [{ at, label, secret, ...purpose, keys }];
  });
}

const schedule13: Section = { rfc: 9846, section: '7.1' };

const PURPOSES: Readonly<Record<KeylogLabel, { readonly what: string; readonly section: Section }>> = {
  CLIENT_RANDOM: {
    what: 'The master secret of TLS 1.2: the keys of both directions are made of it.',
    section: { rfc: 5246, section: '8.1' },
  },
  CLIENT_EARLY_TRAFFIC_SECRET: {
    what: 'Encrypts data that is sent before the server has answered.',
    section: schedule13,
  },
  EARLY_EXPORTER_SECRET: { what: 'For keys that other protocols derive from early data.', section: schedule13 },
  CLIENT_HANDSHAKE_TRAFFIC_SECRET: {
    what: 'Encrypts what the client sends until the end of the handshake: its Finished, for example.',
    section: schedule13,
  },
  SERVER_HANDSHAKE_TRAFFIC_SECRET: {
    what: 'Encrypts what the server sends after its ServerHello: its certificate, its signature, its Finished.',
    section: schedule13,
  },
  CLIENT_TRAFFIC_SECRET_0: { what: 'Encrypts the data that the client sends.', section: schedule13 },
  SERVER_TRAFFIC_SECRET_0: { what: 'Encrypts the data that the server sends, and its tickets.', section: schedule13 },
  EXPORTER_SECRET: {
    what: 'For keys that other protocols derive from this connection, channel binding for example.',
    section: { rfc: 9846, section: '7.5' },
  },
  ECH_SECRET: {
    what: 'Encrypts the inner ClientHello (Encrypted ClientHello).',
    section: { rfc: 9849, section: '6.1' },
  },
  ECH_CONFIG: {
    what: 'The configuration that Encrypted ClientHello was made with.',
    section: { rfc: 9849, section: '4' },
  },
};
