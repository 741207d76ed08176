/** @module Lines of the NSS key log (RFC 9850), as SSLKEYLOGFILE readers take them. */
import { toHex } from '@ferrule/result/bytes';

/** Labels, by the secret that each line carries. */
export const KeylogLabel = {
  masterSecret: 'CLIENT_RANDOM',
  clientEarlyTraffic: 'CLIENT_EARLY_TRAFFIC_SECRET',
  earlyExporter: 'EARLY_EXPORTER_SECRET',
  clientHandshakeTraffic: 'CLIENT_HANDSHAKE_TRAFFIC_SECRET',
  serverHandshakeTraffic: 'SERVER_HANDSHAKE_TRAFFIC_SECRET',
  clientTraffic: 'CLIENT_TRAFFIC_SECRET_0',
  serverTraffic: 'SERVER_TRAFFIC_SECRET_0',
  exporter: 'EXPORTER_SECRET',
  echSecret: 'ECH_SECRET',
  echConfig: 'ECH_CONFIG',
} as const;
export type KeylogLabel = (typeof KeylogLabel)[keyof typeof KeylogLabel];

/**
 * One line, without newline. `clientRandom` is that of the ClientHello which the server answered; with the ECH labels
 * that of the outer one.
 */
export const keylogLine = (label: KeylogLabel, clientRandom: Uint8Array, secret: Uint8Array): string =>
  `${label} ${toHex(clientRandom)} ${toHex(secret)}`;
