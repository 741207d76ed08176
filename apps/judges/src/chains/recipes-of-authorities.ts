/** @module Recipes of programs that are a certificate authority. */
import { concat } from '@ferrule/result/bytes';
import { oid } from '@ferrule/conformance/pki';
import { tlv } from '../fuzz/der.ts';
import { sequence, StringTag, text } from './draft.ts';
import { Id, keyUsage, purposes } from './features.ts';
import {
  AKI,
  CERT_AND_CRL,
  CLIENT,
  GO_LEAF,
  NOT_CA,
  SERVER,
  SIGN,
  SIGN_AND_CRL,
  SIGN_AND_ENCIPHER,
  SKI,
  V3_CA,
  ca,
  comment,
  dn,
  dns,
  eku,
  issuers,
  points,
  san,
  type Recipe,
} from './recipe.ts';

export const AUTHORITIES: readonly Recipe[] = [
  {
    name: 'step-ca',
    path: [
      {
        subject: dn('O=Example, CN=Example Root CA'),
        days: 3650,
        extensions: [[Id.keyUsage, CERT_AND_CRL, 'critical'], [Id.basic, ca(1), 'critical'], SKI],
      },
      {
        subject: dn('O=Example, CN=Example Intermediate CA'),
        extensions: [[Id.keyUsage, CERT_AND_CRL, 'critical'], [Id.basic, ca(0), 'critical'], SKI, AKI],
      },
      {
        subject: dn('CN=server.test'),
        days: 1,
        extensions: [
          [Id.keyUsage, SIGN, 'critical'],
          eku(SERVER, CLIENT),
          SKI,
          AKI,
          san(),
          [
            '1.3.6.1.4.1.37476.9000.64.1',
            sequence(tlv(2, Uint8Array.of(1)), tlv(4, text('admin')), tlv(4, text('key'))),
          ],
        ],
      },
    ],
  },
  {
    name: 'Caddy, its local authority',
    path: [
      {
        subject: dn('CN=Caddy Local Authority - 2026 ECC Root'),
        extensions: [[Id.keyUsage, CERT_AND_CRL, 'critical'], [Id.basic, ca(1), 'critical'], SKI],
      },
      {
        subject: dn('CN=Caddy Local Authority - ECC Intermediate'),
        days: 7,
        extensions: [[Id.keyUsage, CERT_AND_CRL, 'critical'], [Id.basic, ca(0), 'critical'], SKI, AKI],
      },
      {
        subject: dn(''),
        days: 0.5,
        extensions: [
          [Id.keyUsage, SIGN, 'critical'],
          eku(SERVER, CLIENT),
          SKI,
          AKI,
          [Id.san, sequence(dns('server.test')), 'critical'],
        ],
      },
    ],
  },
  {
    name: 'Vault',
    path: [
      {
        subject: dn('CN=example.test'),
        key: 'rsa',
        extensions: [
          [Id.keyUsage, CERT_AND_CRL, 'critical'],
          [Id.basic, ca(), 'critical'],
          SKI,
          AKI,
          [Id.san, sequence(dns('example.test'))],
        ],
      },
      {
        subject: dn('CN=example.test Intermediate Authority'),
        extensions: [
          [Id.keyUsage, CERT_AND_CRL, 'critical'],
          [Id.basic, ca(), 'critical'],
          SKI,
          AKI,
          issuers('http://127.0.0.1:8200/v1/pki/ca'),
          points('http://127.0.0.1:8200/v1/pki/crl'),
        ],
      },
      {
        subject: dn('CN=server.test'),
        days: 1,
        extensions: [[Id.keyUsage, keyUsage(3, 0xa8), 'critical'], eku(SERVER, CLIENT), SKI, AKI, san()],
      },
    ],
  },
  {
    name: 'cfssl',
    path: [
      {
        subject: dn('C=US, ST=CA, L=San Francisco, CN=My own CA'),
        extensions: [[Id.keyUsage, CERT_AND_CRL, 'critical'], [Id.basic, ca(), 'critical'], SKI],
      },
      {
        subject: dn('C=US, ST=CA, L=San Francisco, CN=server.test'),
        extensions: [
          [Id.keyUsage, SIGN_AND_ENCIPHER, 'critical'],
          eku(SERVER),
          [Id.basic, NOT_CA, 'critical'],
          SKI,
          AKI,
          san(),
        ],
      },
    ],
  },
  {
    name: 'Microsoft AD CS',
    path: [
      {
        subject: dn('DC=test, DC=corp, CN=corp-DC01-CA'),
        key: 'rsa',
        extensions: [
          [Id.keyUsage, SIGN_AND_CRL],
          [Id.basic, ca(), 'critical'],
          SKI,
          ['1.3.6.1.4.1.311.21.1', tlv(2, Uint8Array.of(0))],
        ],
      },
      {
        subject: dn('C=DE, O=Corp, CN=server.test', StringTag.printable),
        serial: [0x61, 0, 0, 0, 2, 1, 2, 3, 4],
        extensions: [
          ['1.3.6.1.4.1.311.20.2', tlv(0x1e, concat([...'WebServer'].map((letter) => text(`\0${letter}`))))],
          eku(SERVER),
          [Id.keyUsage, SIGN_AND_ENCIPHER, 'critical'],
          SKI,
          san(),
          AKI,
          points('ldap:///CN=corp-DC01-CA,CN=DC01,CN=CDP,DC=corp,DC=test?certificateRevocationList?base'),
          issuers('ldap:///CN=corp-DC01-CA,CN=AIA,DC=corp,DC=test?cACertificate?base'),
        ],
      },
    ],
  },
  {
    name: 'Microsoft AD CS, renewed: previous hash and application policies',
    path: [
      {
        subject: dn('DC=test, DC=corp, CN=corp-CA'),
        extensions: [
          [Id.keyUsage, SIGN_AND_CRL],
          [Id.basic, ca(), 'critical'],
          SKI,
          ['1.3.6.1.4.1.311.21.1', tlv(2, Uint8Array.of(1, 0, 1))],
          ['1.3.6.1.4.1.311.21.2', tlv(4, new Uint8Array(20))],
        ],
      },
      {
        subject: dn('CN=server.test'),
        extensions: [
          ['1.3.6.1.4.1.311.21.7', sequence(oid('1.3.6.1.4.1.311.21.8.1.2'), tlv(2, Uint8Array.of(100)))],
          eku(CLIENT, SERVER),
          [Id.keyUsage, SIGN_AND_ENCIPHER, 'critical'],
          ['1.3.6.1.4.1.311.21.10', sequence(sequence(oid(CLIENT)), sequence(oid(SERVER)))],
          SKI,
          AKI,
          san(),
        ],
      },
    ],
  },
  {
    name: 'minica',
    path: [
      {
        subject: dn('CN=minica root ca 3a1b2c'),
        extensions: [
          [Id.keyUsage, keyUsage(2, 0x84), 'critical'],
          eku(SERVER, CLIENT),
          [Id.basic, ca(0), 'critical'],
          SKI,
          AKI,
        ],
      },
      { subject: dn('CN=server.test'), days: 750, extensions: GO_LEAF },
    ],
  },
  {
    name: 'AWS Private CA',
    path: [
      {
        subject: dn('C=US, O=Example Corp, OU=Sales, ST=WA, CN=www.example.test, L=Seattle'),
        key: 'rsa',
        extensions: [[Id.basic, ca(), 'critical'], SKI, [Id.keyUsage, SIGN_AND_CRL, 'critical']],
      },
      {
        subject: dn('C=US, O=Example Corp, OU=Sales, ST=WA, CN=sub.example.test, L=Seattle'),
        extensions: [[Id.basic, ca(0), 'critical'], AKI, SKI, [Id.keyUsage, SIGN_AND_CRL, 'critical']],
      },
      {
        subject: dn('CN=server.test'),
        extensions: [
          [Id.basic, NOT_CA],
          AKI,
          SKI,
          [Id.keyUsage, SIGN_AND_ENCIPHER, 'critical'],
          eku(SERVER, CLIENT),
          points('http://crl.test/crl/1.crl'),
          san(),
        ],
      },
    ],
  },
  {
    name: 'kubeadm',
    path: [
      {
        subject: dn('CN=kubernetes'),
        serial: [0],
        extensions: [
          [Id.keyUsage, keyUsage(2, 0xa4), 'critical'],
          [Id.basic, ca(), 'critical'],
          SKI,
          [Id.san, sequence(dns('kubernetes'))],
        ],
      },
      {
        subject: dn('CN=kube-apiserver'),
        extensions: [
          [Id.keyUsage, SIGN_AND_ENCIPHER, 'critical'],
          eku(SERVER),
          [Id.basic, NOT_CA, 'critical'],
          AKI,
          san(dns('kubernetes.default.svc.cluster.local')),
        ],
      },
    ],
  },
  {
    name: 'Puppet',
    path: [
      {
        subject: dn('CN=Puppet CA: puppet.test'),
        extensions: [
          comment('Puppet Server Internal Certificate'),
          [Id.basic, ca(), 'critical'],
          [Id.keyUsage, CERT_AND_CRL, 'critical'],
          SKI,
        ],
      },
      {
        subject: dn('CN=server.test'),
        extensions: [
          comment('Puppet Server Internal Certificate'),
          AKI,
          [Id.basic, NOT_CA, 'critical'],
          [Id.eku, purposes(SERVER, CLIENT), 'critical'],
          [Id.keyUsage, SIGN_AND_ENCIPHER, 'critical'],
          san(dns('my_host.test')),
          SKI,
        ],
      },
    ],
  },
  {
    name: 'a university CA: name constraints that are not critical, with a leading dot',
    path: [
      { subject: dn('CN=root'), extensions: V3_CA },
      {
        subject: dn('O=University, CN=CA'),
        extensions: [
          SKI,
          AKI,
          [Id.basic, ca(0), 'critical'],
          [Id.keyUsage, CERT_AND_CRL, 'critical'],
          [Id.names, sequence(tlv(0xa0, sequence(dns('.test')), sequence(dns('test'))))],
        ],
      },
      { subject: dn('O=University, CN=server.test'), extensions: [AKI, SKI, san()] },
    ],
  },
];
