/**
 * @module The PKIs that people make at home and at work: the certificates of each tool with that tool's fields, as its
 * defaults or its documentation have them.
 */
import { tlv } from '../fuzz/der.ts';
import { NULL, StringTag, text } from './draft.ts';
import { Id, keyUsage } from './features.ts';
import {
  AKI,
  AKI_SERIAL,
  AKI_WHOLE,
  CERT_AND_CRL,
  CERT_SIGN,
  CLIENT,
  COMPANY,
  LOCALHOST,
  NOT_CA,
  SERVER,
  SIGN,
  SIGN_AND_ENCIPHER,
  SKI,
  V3_CA,
  ca,
  comment,
  dn,
  dns,
  eku,
  nsCertType,
  san,
  type Recipe,
} from './recipe.ts';
import { AUTHORITIES } from './recipes-of-authorities.ts';

export const RECIPES: readonly Recipe[] = [
  {
    name: 'easy-rsa 3',
    path: [
      {
        subject: dn('CN=Easy-RSA CA'),
        key: 'rsa',
        extensions: [SKI, AKI_WHOLE, [Id.basic, ca()], [Id.keyUsage, CERT_AND_CRL]],
      },
      {
        subject: dn('CN=server.test'),
        extensions: [[Id.basic, NOT_CA], SKI, AKI_WHOLE, eku(SERVER), [Id.keyUsage, SIGN_AND_ENCIPHER], san()],
      },
    ],
  },
  {
    name: 'easy-rsa 2',
    path: [
      {
        subject: dn(`${COMPANY}, CN=changeme, emailAddress=mail@host.test`, StringTag.t61),
        key: 'rsa',
        serial: [0xf1, 2, 3, 4, 5, 6, 7, 8],
        extensions: [SKI, AKI_WHOLE, [Id.basic, ca()]],
      },
      {
        subject: dn(`${COMPANY}, CN=server, emailAddress=mail@host.test`, StringTag.printable),
        serial: [1],
        extensions: [
          [Id.basic, NOT_CA],
          nsCertType(0x40),
          comment('Easy-RSA Generated Server Certificate'),
          SKI,
          AKI_WHOLE,
          eku(SERVER),
          [Id.keyUsage, SIGN_AND_ENCIPHER],
          san(),
        ],
      },
    ],
  },
  {
    name: 'openssl req -x509, 1.0',
    path: [
      {
        subject: dn(`${COMPANY}, CN=server.test`),
        key: 'rsa',
        serial: [0x00, 0xd1, 2, 3, 4, 5, 6, 7, 8],
        extensions: [SKI, AKI, [Id.basic, ca()], san()],
      },
    ],
  },
  {
    name: 'openssl req -x509, 3',
    path: [{ subject: dn('CN=server.test'), key: 'rsa', extensions: [...V3_CA, san()] }],
  },
  {
    name: 'openssl x509 -req with a SAN alone',
    path: [
      { subject: dn('CN=my ca'), extensions: V3_CA },
      { subject: dn('CN=server.test'), key: 'rsa', extensions: [san()] },
    ],
  },
  {
    name: 'openssl ca with the demo configuration',
    path: [
      { subject: dn(`${COMPANY}, CN=demoCA`, StringTag.printable), extensions: [SKI, AKI_WHOLE, [Id.basic, ca()]] },
      {
        subject: dn('C=DE, O=Example GmbH, CN=server.test', StringTag.printable),
        serial: [1],
        extensions: [[Id.basic, NOT_CA], comment('OpenSSL Generated Certificate'), SKI, AKI, san()],
      },
    ],
  },
  {
    name: 'a root and an intermediate by openssl, without keyUsage',
    path: [
      { subject: dn('CN=root'), extensions: [SKI, [Id.basic, ca()]] },
      { subject: dn('CN=intermediate'), serial: [2], extensions: [SKI, AKI, [Id.basic, ca()]] },
      { subject: dn('CN=server.test'), serial: [3], extensions: [AKI, san()] },
    ],
  },
  {
    name: 'mkcert',
    path: [
      {
        subject: dn('O=mkcert development CA, OU=me@laptop (Me), CN=mkcert me@laptop (Me)'),
        key: 'rsa',
        days: 3650,
        extensions: [[Id.keyUsage, CERT_SIGN, 'critical'], [Id.basic, ca(0), 'critical'], SKI],
      },
      {
        subject: dn('O=mkcert development certificate, OU=me@laptop (Me)'),
        days: 820,
        extensions: [[Id.keyUsage, SIGN_AND_ENCIPHER, 'critical'], eku(SERVER), AKI, san(dns('localhost'), LOCALHOST)],
      },
    ],
  },
  {
    name: 'keytool -genkeypair',
    path: [
      {
        subject: dn('C=DE, ST=Berlin, L=Berlin, O=Example GmbH, OU=IT, CN=server.test', StringTag.printable),
        key: 'rsa',
        serial: [0x63, 1, 2, 3],
        extensions: [SKI, san()],
        change: (draft) => void (draft.hash = 'sha384'),
      },
    ],
  },
  {
    name: 'keytool -gencert',
    path: [
      { subject: dn('CN=root', StringTag.printable), extensions: [SKI, [Id.basic, ca()]] },
      { subject: dn('CN=ca', StringTag.printable), extensions: [AKI, SKI, [Id.basic, ca(0)]] },
      { subject: dn('CN=server.test', StringTag.printable), extensions: [AKI, SKI, san()] },
    ],
  },
  {
    name: 'node-forge, its README',
    path: [
      {
        subject: dn('CN=server.test, C=US, ST=Virginia, L=Blacksburg, O=Test, OU=Test', StringTag.printable),
        key: 'rsa',
        serial: [1],
        extensions: [
          [Id.basic, ca()],
          [Id.keyUsage, keyUsage(2, 0xf4)],
          eku(SERVER, CLIENT, '1.3.6.1.5.5.7.3.3', '1.3.6.1.5.5.7.3.4', '1.3.6.1.5.5.7.3.8'),
          nsCertType(0xf7),
          san(tlv(0x86, text('http://example.org/webid#me')), LOCALHOST),
          SKI,
        ],
        change: (draft) => void (draft.hash = 'sha1'),
      },
    ],
  },
  {
    name: 'pyca/cryptography, tutorial',
    path: [
      {
        subject: dn('C=US, ST=California, L=San Francisco, O=My Company, CN=server.test'),
        key: 'rsa',
        days: 10,
        extensions: [san(dns('localhost'))],
      },
    ],
  },
  {
    name: 'pyca/cryptography, tutorial of a CA',
    path: [
      {
        subject: dn('C=US, ST=California, L=San Francisco, O=My Company, CN=PyCA Docs Root CA'),
        extensions: [[Id.basic, ca(), 'critical'], [Id.keyUsage, CERT_AND_CRL, 'critical'], SKI],
      },
      {
        subject: dn('C=US, ST=California, L=San Francisco, O=My Company, CN=PyCA Docs Intermediate CA'),
        extensions: [[Id.basic, ca(0), 'critical'], [Id.keyUsage, CERT_AND_CRL, 'critical'], SKI, AKI],
      },
      {
        subject: dn('C=US, ST=California, L=San Francisco, O=My Company'),
        days: 10,
        extensions: [
          san(),
          [Id.basic, NOT_CA, 'critical'],
          [Id.keyUsage, SIGN_AND_ENCIPHER, 'critical'],
          eku(CLIENT, SERVER),
          SKI,
          AKI,
        ],
      },
    ],
  },
  {
    name: 'New-SelfSignedCertificate',
    path: [
      {
        subject: dn('CN=server.test'),
        key: 'rsa',
        serial: [0x1b, 1, 2, 3, 4, 5, 6, 7],
        extensions: [[Id.keyUsage, SIGN_AND_ENCIPHER, 'critical'], eku(CLIENT, SERVER), san(), SKI],
      },
    ],
  },
  {
    name: "Go's generate_cert.go --ca",
    path: [
      {
        subject: dn('O=Acme Co', StringTag.printable),
        extensions: [
          [Id.keyUsage, keyUsage(2, 0x84), 'critical'],
          eku(SERVER),
          [Id.basic, ca(), 'critical'],
          SKI,
          san(),
        ],
      },
    ],
  },
  {
    name: 'a self-signed certificate as its own anchor',
    path: [{ subject: dn('CN=server.test'), extensions: [[Id.basic, NOT_CA], [Id.keyUsage, SIGN], san()] }],
  },
  {
    name: 'a self-signed certificate with serial 0 and keyCertSign',
    path: [
      { subject: dn('CN=server.test'), serial: [0], extensions: [[Id.keyUsage, keyUsage(2, 0xa4), 'critical'], san()] },
    ],
  },
  {
    name: 'a root of version 1',
    path: [
      {
        subject: dn('C=DE, O=Example GmbH, CN=old root', StringTag.printable),
        version1: true,
        key: 'rsa',
        serial: [0],
      },
      { subject: dn('CN=server.test'), extensions: [[Id.basic, NOT_CA], san()] },
    ],
  },
  {
    name: 'an authorityKeyIdentifier of issuer and serial alone',
    path: [
      { subject: dn('CN=root'), extensions: [SKI, [Id.basic, ca()]] },
      { subject: dn('CN=server.test'), extensions: [AKI_SERIAL, san()] },
    ],
  },
  {
    name: 'negative serials, ECDSA with NULL',
    path: [
      { subject: dn('CN=root'), serial: [0x80, 1], extensions: [SKI, [Id.basic, ca()]] },
      {
        subject: dn('CN=server.test'),
        serial: [0x90, 1],
        extensions: [AKI, san()],
        change: (draft) => void (draft.parameters = NULL),
      },
    ],
  },
  ...AUTHORITIES,
];
