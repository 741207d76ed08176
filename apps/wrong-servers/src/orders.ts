/**
 * @module The legal orders of a server's messages, as a table: RFC 9846 section 2 and appendix A.1, RFC 5246 section
 * 7.3.
 *
 * This is the oracle and not the engine: an engine that followed a table would be tested against itself.
 */
import type { Script } from './peer.ts';
import type { Server12 } from './server12.ts';
import type { Server13 } from './server13.ts';

/** A message of the server, sent well-formed and under the keys that hold at that moment. */
export interface Step<S> {
  readonly name: string;
  send(server: S): void;
  /** What has to come from the client before the server can go on, where this step stands in its legal place. */
  await?(server: S): Script;
}

/** From each state, which message leads where. What is not listed is illegal. */
export type Order = Readonly<Record<string, Readonly<Record<string, string>>>>;

export const ORDER_13: Order = {
  start: { HelloRetryRequest: 'retried', ServerHello: 'hello' },
  retried: { ServerHello: 'hello' },
  hello: { EncryptedExtensions: 'extensions' },
  extensions: { CertificateRequest: 'requested', Certificate: 'certificate' },
  requested: { Certificate: 'certificate' },
  certificate: { CertificateVerify: 'verify' },
  verify: { Finished: 'open' },
  open: { NewSessionTicket: 'open', KeyUpdate: 'open', ApplicationData: 'open' },
};

export const STEPS_13: readonly Step<Server13>[] = [
  { name: 'HelloRetryRequest', send: (s) => s.helloRetryRequest(0x0018), await: (s) => s.clientHello() },
  { name: 'ServerHello', send: (s) => s.serverHello() },
  { name: 'EncryptedExtensions', send: (s) => s.encryptedExtensions() },
  { name: 'CertificateRequest', send: (s) => s.certificateRequest() },
  { name: 'Certificate', send: (s) => s.certificate() },
  { name: 'CertificateVerify', send: (s) => s.certificateVerify() },
  {
    name: 'Finished',
    send: (s) => s.finished(),
    *await(s): Script {
      yield* s.clientCertificate();
      yield* s.clientFinished();
    },
  },
  { name: 'NewSessionTicket', send: (s) => s.newSessionTicket() },
  { name: 'KeyUpdate', send: (s) => s.keyUpdate(false) },
  { name: 'ApplicationData', send: (s) => s.sendData('data') },
];

export const ORDER_12: Order = {
  start: { ServerHello: 'hello' },
  hello: { Certificate: 'certificate' },
  certificate: { ServerKeyExchange: 'exchange' },
  exchange: { CertificateRequest: 'requested', ServerHelloDone: 'done' },
  requested: { ServerHelloDone: 'done' },
  done: { ChangeCipherSpec: 'changed' },
  changed: { Finished: 'open' },
  open: { ApplicationData: 'open' },
};

export const STEPS_12: readonly Step<Server12>[] = [
  { name: 'ServerHello', send: (s) => s.serverHello() },
  { name: 'Certificate', send: (s) => s.certificate() },
  { name: 'ServerKeyExchange', send: (s) => s.serverKeyExchange() },
  { name: 'CertificateRequest', send: (s) => s.certificateRequest() },
  {
    name: 'ServerHelloDone',
    send: (s) => s.serverHelloDone(),
    *await(s): Script {
      yield* s.clientCertificate();
      yield* s.clientKeyExchange();
      yield* s.clientFinished();
    },
  },
  {
    name: 'ChangeCipherSpec',
    send(s): void {
      s.sendChangeCipherSpec();
      s.useKeys();
    },
  },
  { name: 'Finished', send: (s) => s.finished() },
  { name: 'ApplicationData', send: (s) => s.sendData('data') },
];

/** How many steps of a sequence are legal; all of them when that is its length. */
export function legalLength(order: Order, names: readonly string[]): number {
  let state = 'start';
  for (const [index, name] of names.entries()) {
    const next = order[state]?.[name];
    if (next === undefined) return index;
    state = next;
  }
  return names.length;
}
