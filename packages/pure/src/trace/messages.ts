/**
 * @module Handshake messages, alerts and ChangeCipherSpec, field by field: what stands in each byte, by the names of
 * RFC 9846 and of RFC 5246. The structure is read here; whether the engine takes the message is asked of its own
 * codecs.
 */
import { alertName, TlsError } from '@ferrule/result';
import { hex16 } from '@ferrule/result/bytes';
import { ContentType, HandshakeType, Version } from '@ferrule/result/numbers';
import { parseCertificate, subjectText } from '@ferrule/x509';
import { cipherSuiteName, groupName, messageName, signatureSchemeName, versionName } from '@ferrule/result/names';
import { decodeCertificate, decodeCertificate12 } from '../wire/certificate.ts';
import { decodeCertificateRequest, decodeCertificateRequest12 } from '../wire/certificate-request.ts';
import { decodeCertificateStatus } from '../wire/certificate-status.ts';
import { decodeCertificateVerify } from '../wire/certificate-verify.ts';
import { decodeClientHello } from '../wire/client-hello.ts';
import { decodeCompressedCertificate } from '../wire/compressed-certificate.ts';
import { decodeEncryptedExtensions } from '../wire/encrypted-extensions.ts';
import type { Extension, Place } from '../wire/extension-values.ts';
import { decodeExtensions } from '../wire/extensions.ts';
import { decodeKeyUpdate } from '../wire/key-update.ts';
import { decodeNewSessionTicket } from '../wire/new-session-ticket.ts';
import {
  decodeServerHello,
  downgradeSentinel,
  HELLO_RETRY_REQUEST_RANDOM,
  isHelloRetryRequest,
  selectedVersion,
} from '../wire/server-hello.ts';
import { Dissector, type Field, hexText } from './dissector.ts';
import { compressionName, dissectExtensions, distinguishedName, keyUpdateRequest, statusType } from './extensions.ts';

export type Flow = 'sent' | 'received';

/** One message. */
export interface Dissected {
  /** As the RFC writes it: `ClientHello`, `HelloRetryRequest`, `Alert`. */
  readonly name: string;
  /** Bytes, header included. */
  readonly length: number;
  /** They cover the message from its first byte to its last. */
  readonly fields: readonly Field[];
  /** Why the engine would refuse it. */
  readonly malformed?: string;
}

/** The messages of one connection, in order: what some of them look like depends on those before. */
export class Dissection {
  #version: number | undefined;

  /** Never throws, whatever the bytes are: what cannot be read is a field too, and `malformed` says why. */
  message(contentType: number, bytes: Uint8Array): Dissected {
    const dissector = new Dissector(bytes, 'message');
    let name =
      contentType === ContentType.alert
        ? 'Alert'
        : contentType === ContentType.change_cipher_spec
          ? 'ChangeCipherSpec'
          : 'message';
    let malformed: string | undefined;
    try {
      if (contentType === ContentType.handshake) {
        const type = dissector.number('msg_type', 1, (value) => `${value} ${messageName(value)}`);
        const length = dissector.number('length', 3);
        name = this.#nameOf(type, bytes);
        const body = bytes.subarray(4);
        dissector.inline(length, (inside) => this.#body(type, inside, body));
        this.#judge(type, body);
      } else if (contentType === ContentType.alert) {
        dissector.number('level', 1, (level) => ({ 1: '1 warning', 2: '2 fatal' })[level] ?? String(level));
        dissector.number('description', 1, (description) => `${description} ${alertName(description)}`);
      } else {
        dissector.number('type', 1, (value) => (value === 1 ? '1 change_cipher_spec' : String(value)));
      }
    } catch (error) {
      if (!TlsError.is(error)) throw error;
      malformed = error.message;
    }
    dissector.leftover();
    return { name, length: bytes.length, fields: dissector.fields, ...(malformed !== undefined && { malformed }) };
  }

  get #is13(): boolean {
    return this.#version === Version.tls13;
  }

  #nameOf(type: number, bytes: Uint8Array): string {
    if (type === HandshakeType.server_hello && startsWith(bytes.subarray(6), HELLO_RETRY_REQUEST_RANDOM))
      return 'HelloRetryRequest';
    return messageName(type);
  }

  #body(type: number, inside: Dissector, body: Uint8Array): void {
    switch (type) {
      case HandshakeType.client_hello:
        return clientHello(inside);
      case HandshakeType.server_hello:
        return this.#serverHello(inside, body);
      case HandshakeType.encrypted_extensions:
        return dissectExtensions(inside, 'encryptedExtensions');
      case HandshakeType.certificate:
        return certificate(inside, this.#is13);
      case HandshakeType.certificate_request:
        return certificateRequest(inside, this.#is13);
      case HandshakeType.certificate_verify:
        return signature(inside);
      case HandshakeType.certificate_status:
        inside.number('status_type', 1, statusType);
        return void inside.opaqueVector('response', 3, (bytes) => `OCSP response, ${bytes.length} bytes`);
      case HandshakeType.compressed_certificate:
        inside.number('algorithm', 2, compressionName);
        inside.number('uncompressed_length', 3);
        return void inside.opaqueVector('compressed_certificate_message', 3);
      case HandshakeType.server_key_exchange:
        return serverKeyExchange(inside);
      case HandshakeType.client_key_exchange:
        return void inside.opaqueVector('ecdh_Yc', 1);
      case HandshakeType.finished:
        return void inside.rest('verify_data');
      case HandshakeType.key_update:
        return void inside.number('request_update', 1, keyUpdateRequest);
      case HandshakeType.new_session_ticket:
        return newSessionTicket(inside, this.#is13);
      default:
        return void inside.rest('body');
    }
  }

  #serverHello(inside: Dissector, body: Uint8Array): void {
    inside.number('legacy_version', 2, version16);
    inside.opaque('random', 32, serverRandom);
    inside.opaqueVector('legacy_session_id_echo', 1);
    inside.number('cipher_suite', 2, cipherSuiteName);
    inside.number('legacy_compression_method', 1, compressionMethod);
    if (inside.remaining === 0) return;
    dissectExtensions(inside, placeOf(body));
  }

  /** What the codecs say, and what the messages after this one depend on. */
  #judge(type: number, body: Uint8Array): void {
    switch (type) {
      case HandshakeType.client_hello: {
        // A first hello may be followed by one of another connection
        this.#version = undefined;
        return check('clientHello', decodeClientHello(body).extensions);
      }
      case HandshakeType.server_hello: {
        const hello = decodeServerHello(body);
        this.#version = selectedVersion(hello);
        return check(placeOf(body), hello.extensions);
      }
      case HandshakeType.encrypted_extensions:
        return check('encryptedExtensions', decodeEncryptedExtensions(body));
      case HandshakeType.certificate:
        if (!this.#is13) return void decodeCertificate12(body);
        return decodeCertificate(body).entries.forEach(({ extensions }) => check('certificate', extensions));
      case HandshakeType.certificate_request:
        if (!this.#is13) return void decodeCertificateRequest12(body);
        return check('certificateRequest', decodeCertificateRequest(body).extensions);
      case HandshakeType.certificate_verify:
        return void decodeCertificateVerify(body);
      case HandshakeType.certificate_status:
        return void decodeCertificateStatus(body);
      case HandshakeType.compressed_certificate:
        return void decodeCompressedCertificate(body);
      case HandshakeType.key_update:
        return void decodeKeyUpdate(body);
      case HandshakeType.new_session_ticket:
        if (this.#is13) check('newSessionTicket', decodeNewSessionTicket(body).extensions);
    }
  }
}

const check = (place: Place, extensions: readonly Extension[]): void => void decodeExtensions(place, extensions);

function placeOf(body: Uint8Array): Place {
  const hello = decodeServerHello(body);
  if (isHelloRetryRequest(hello)) return 'helloRetryRequest';
  return selectedVersion(hello) === Version.tls13 ? 'serverHello' : 'serverHello12';
}

function clientHello(inside: Dissector): void {
  inside.number('legacy_version', 2, version16);
  inside.opaque('random', 32);
  inside.opaqueVector('legacy_session_id', 1);
  inside.numbers('cipher_suites', 2, 2, cipherSuiteName);
  inside.numbers('legacy_compression_methods', 1, 1, compressionMethod);
  if (inside.remaining > 0) dissectExtensions(inside, 'clientHello');
}

function certificate(inside: Dissector, is13: boolean): void {
  if (is13) inside.opaqueVector('certificate_request_context', 1);
  inside.vector('certificate_list', 3, (list) => {
    let count = 0;
    for (; list.remaining > 0; count++) {
      list.opaqueVector('cert_data', 3, certificateText);
      if (is13) dissectExtensions(list, 'certificate');
    }
    return count === 0 ? 'none' : undefined;
  });
}

function certificateRequest(inside: Dissector, is13: boolean): void {
  if (is13) {
    inside.opaqueVector('certificate_request_context', 1);
    return dissectExtensions(inside, 'certificateRequest');
  }
  inside.numbers(
    'certificate_types',
    1,
    1,
    (type) => ({ 1: 'rsa_sign', 2: 'dss_sign', 64: 'ecdsa_sign' })[type] ?? String(type),
  );
  inside.numbers('supported_signature_algorithms', 2, 2, signatureSchemeName);
  inside.vector('certificate_authorities', 2, (list) => {
    while (list.remaining > 0) list.opaqueVector('distinguished_name', 2, distinguishedName);
    return undefined;
  });
}

function signature(inside: Dissector): void {
  inside.number('algorithm', 2, signatureSchemeName);
  inside.opaqueVector('signature', 2);
}

/** ECDHE with a named curve; the parameters of anything else as they are. */
function serverKeyExchange(inside: Dissector): void {
  const curveType = inside.number('curve_type', 1, (type) => (type === 3 ? '3 named_curve' : String(type)));
  if (curveType !== 3) return;
  inside.number('named_curve', 2, groupName);
  inside.opaqueVector('public', 1);
  signature(inside);
}

function newSessionTicket(inside: Dissector, is13: boolean): void {
  inside.number(is13 ? 'ticket_lifetime' : 'ticket_lifetime_hint', 4, (seconds) => `${seconds} s`);
  if (is13) {
    inside.number('ticket_age_add', 4);
    inside.opaqueVector('ticket_nonce', 1);
  }
  inside.opaqueVector('ticket', 2);
  if (is13) dissectExtensions(inside, 'newSessionTicket');
}

function certificateText(der: Uint8Array): string {
  try {
    return `${subjectText(parseCertificate(der))}, ${der.length} bytes`;
  } catch {
    return hexText(der);
  }
}

function serverRandom(random: Uint8Array): string {
  if (startsWith(random, HELLO_RETRY_REQUEST_RANDOM)) return 'SHA-256 of "HelloRetryRequest"';
  const downgraded = downgradeSentinel(random);
  return downgraded === undefined ? hexText(random) : `${hexText(random)} (knows more than ${versionName(downgraded)})`;
}

const version16 = (value: number): string => `${hex16(value)} ${versionName(value)}`;

const compressionMethod = (method: number): string => (method === 0 ? 'null' : String(method));

const startsWith = (bytes: Uint8Array, head: Uint8Array): boolean => head.every((byte, i) => bytes[i] === byte);
