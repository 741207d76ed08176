/** @module What a test of Node needs that is not on ferrule's client, read from its text. */

/** Whether it makes a TLS connection in this process, through node:tls or https. */
export const isClientTest = (text: string): boolean =>
  /\btls\.connect\(|\bconnect\(|https\.(get|request|Agent)|new (tls\.)?TLSSocket\(|\.fetch\(|createSecureContext/.test(
    text,
  );

/** In this order: the first that fits. */
const CLASSES: readonly (readonly [name: string, test: RegExp])[] = [
  ['TLS 1.0 and 1.1', /TLSv1(\.1)?['_]|secureProtocol|SSLv[23]|TLSv1_method/],
  ['renegotiation', /renegotiat/i],
  ['DHE', /dhparam|minDHSize|\bDHE\b|getEphemeralKeyInfo/],
  ['static RSA, CBC and PSK of TLS 1.2', /AES(128|256)-SHA\b|AES-?(128|256)-CBC|PSK\+HIGH|pskCallback/],
  ['OpenSSL engines', /clientCertEngine|privateKeyEngine/],
  [
    "Node's internals",
    /--expose[-_]internals|internalBinding|process\.binding|_handle\b|\bssl\.|async_hooks|\.getFinished|getPeerFinished|getSharedSigalgs|getTLSTicket/,
  ],
];

export const classOf = (_name: string, text: string): string =>
  CLASSES.find(([, test]) => test.test(text))?.[0] ?? 'other';
