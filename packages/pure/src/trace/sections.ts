/** @module Which section of which RFC describes a message or an extension, for whoever shows them. */
import { extensionName } from '@ferrule/result/names';
import { ExtensionType } from '@ferrule/result/numbers';
import type { TlsVersion } from '@ferrule/contract';

/** A section of an RFC. */
export interface Section {
  readonly rfc: number;
  /** `4.2.2` */
  readonly section: string;
}

/**
 * Of a message by its name, as {@link Dissected} has it; `undefined` for one that no RFC known here describes.
 * @param version - as it was negotiated; until then that of TLS 1.3, whose ClientHello opens both.
 */
export function messageSection(name: string, version: TlsVersion = 'TLSv1.3'): Section | undefined {
  const [in13, in12] = MESSAGES[name] ?? [];
  return version === 'TLSv1.3' ? (in13 ?? in12) : (in12 ?? in13);
}

/** Of an extension by its IANA name; `undefined` for one that is not known here. */
export const extensionSection = (name: string): Section | undefined =>
  name.startsWith('GREASE') ? { rfc: 8701, section: '2' } : EXTENSIONS.get(name);

const of = (rfc: number, section: string): Section => ({ rfc, section });

/** By name, in TLS 1.3 and in TLS 1.2. */
const MESSAGES: Readonly<Record<string, readonly [Section | undefined, Section?]>> = {
  ClientHello: [of(9846, '4.2.2'), of(5246, '7.4.1.2')],
  ServerHello: [of(9846, '4.2.3'), of(5246, '7.4.1.3')],
  HelloRetryRequest: [of(9846, '4.2.4')],
  EncryptedExtensions: [of(9846, '4.4.1')],
  CertificateRequest: [of(9846, '4.4.2'), of(5246, '7.4.4')],
  Certificate: [of(9846, '4.5.1'), of(5246, '7.4.2')],
  CertificateVerify: [of(9846, '4.5.2'), of(5246, '7.4.8')],
  Finished: [of(9846, '4.5.3'), of(5246, '7.4.9')],
  EndOfEarlyData: [of(9846, '4.6')],
  NewSessionTicket: [of(9846, '4.7.1'), of(5077, '3.3')],
  KeyUpdate: [of(9846, '4.7.3')],
  CompressedCertificate: [of(8879, '4')],
  CertificateStatus: [undefined, of(6066, '8')],
  HelloRequest: [undefined, of(5246, '7.4.1.1')],
  ServerKeyExchange: [undefined, of(8422, '5.4')],
  ServerHelloDone: [undefined, of(5246, '7.4.5')],
  ClientKeyExchange: [undefined, of(8422, '5.7')],
  ChangeCipherSpec: [of(9846, '5'), of(5246, '7.1')],
  Alert: [of(9846, '6'), of(5246, '7.2')],
};

const EXTENSIONS: ReadonlyMap<string, Section> = new Map(
  (
    [
      [ExtensionType.server_name, of(6066, '3')],
      [ExtensionType.status_request, of(6066, '8')],
      [ExtensionType.supported_groups, of(9846, '4.3.7')],
      [ExtensionType.ec_point_formats, of(8422, '5.1.2')],
      [ExtensionType.signature_algorithms, of(9846, '4.3.3')],
      [ExtensionType.application_layer_protocol_negotiation, of(7301, '3.1')],
      [ExtensionType.signed_certificate_timestamp, of(6962, '3.3.1')],
      [ExtensionType.client_certificate_type, of(7250, '3')],
      [ExtensionType.server_certificate_type, of(7250, '3')],
      [ExtensionType.padding, of(7685, '3')],
      [ExtensionType.extended_master_secret, of(7627, '5.1')],
      [ExtensionType.compress_certificate, of(8879, '3')],
      [ExtensionType.record_size_limit, of(8449, '4')],
      [ExtensionType.session_ticket, of(5077, '3.2')],
      [ExtensionType.pre_shared_key, of(9846, '4.3.11')],
      [ExtensionType.early_data, of(9846, '4.3.10')],
      [ExtensionType.supported_versions, of(9846, '4.3.1')],
      [ExtensionType.cookie, of(9846, '4.3.2')],
      [ExtensionType.psk_key_exchange_modes, of(9846, '4.3.9')],
      [ExtensionType.certificate_authorities, of(9846, '4.3.4')],
      [ExtensionType.post_handshake_auth, of(9846, '4.3.6')],
      [ExtensionType.signature_algorithms_cert, of(9846, '4.3.3')],
      [ExtensionType.key_share, of(9846, '4.3.8')],
      [ExtensionType.quic_transport_parameters, of(9001, '8.2')],
      [ExtensionType.ech_outer_extensions, of(9849, '5.1')],
      [ExtensionType.encrypted_client_hello, of(9849, '5')],
      [ExtensionType.renegotiation_info, of(5746, '3.2')],
    ] as const
  ).map(([type, section]) => [extensionName(type), section]),
);
