/** @module What the options of the library are called on the command line, in hints and in messages about wrong ones. */
import { withOptionNames } from '@ferrule/result';

/** By the name of the option, or by one value of it; empty for what no switch sets. */
const SWITCHES: Readonly<Record<string, string>> = {
  'credentials[0].chain': '--cert',
  credentials: '--cert, --key',
  alpn: '--alpn',
  minVersion: '--min-version',
  maxVersion: '--max-version',
  cipherSuites: '--cipher-suites',
  groups: '--groups',
  keyShares: '',
  signatureAlgorithms: '',
  pins: '--pin',
  trustAnchors: '--ca',
  ca: '--ca',
  crls: '--crl',
  revocation: '--crlite',
  servername: '--servername',
  'setHost()': '',
  onMessage: '--trace',
  onKeylog: '--keylog',
  profile: '--profile',
  backend: '--backend',
  'ocsp: "request"': '--ocsp request',
  'extendedMasterSecret: "allow"': '--allow no-ems',
  'secureRenegotiation: "allow"': '--allow no-secure-renegotiation',
  'renegotiation: "ignore"': '--allow hello-request',
};

/** A hint of the library, in the words of the command. */
export const inSwitches = (hint: string): string =>
  IN_HINTS.reduce((text, [property, words]) => text.replace(property, words), withOptionNames(hint, SWITCHES));

/** Properties of an error are for programs: the command has said what the system said. */
const IN_HINTS: readonly (readonly [string, string])[] = [
  ['See `cause` for the error of the socket or pipe.', 'Check the host, the port, and the network in between.'],
  ["; `cause` has the system's error", ''],
];

/** The same for the message of a TypeError, where options are not in backticks: by their places in it. */
const IN_MESSAGES: readonly (readonly [RegExp, string])[] = [
  [/\bcredentials\[\d+\]\.key\b/g, '--key'],
  [/\bcredentials\[\d+\](\.chain(\[\d+\])?)?/g, '--cert'],
  ...['minVersion', 'maxVersion', 'cipherSuites'].map((name) => named(name, '(?:\\[\\d+\\])?\\b')),
  ...['alpn', 'pins', 'crls'].map((name) => named(name, '(?:\\[\\d+\\])?(?=\\W)')),
  ...['groups', 'trustAnchors', 'ca', 'profile', 'backend'].map((name) => named(name, '(?:\\[\\d+\\])?(?=:)')),
  [/\b(?:host|servername)(?=:)/g, '--servername'],
];

function named(option: string, after: string): readonly [RegExp, string] {
  return [new RegExp(`(?<![-\\w])${option}${after}`, 'g'), SWITCHES[option] ?? option];
}

export const messageInSwitches = (message: string): string =>
  IN_MESSAGES.reduce((text, [option, name]) => text.replace(option, name), message);
