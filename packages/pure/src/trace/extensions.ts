/** @module The extensions of a message, field by field (RFC 9846 section 4.3): one row each, as their codecs are. */
import { CertificateCompressionId, ExtensionType, KeyUpdateRequest, PskMode } from '@ferrule/result/numbers';
import { nameText } from '@ferrule/x509';
import { extensionName, groupName, signatureSchemeName, versionName } from '@ferrule/result/names';
import type { Place } from '../wire/extension-values.ts';
import { asciiText, type Dissector, hexText } from './dissector.ts';

/** Reads the data of one extension; returns what it says, in a line. */
type In = (dissector: Dissector, place: Place) => string | undefined;

/** `Extension extensions<0..2^16-1>`: each with its name and what it says. */
export function dissectExtensions(dissector: Dissector, place: Place): void {
  dissector.vector('extensions', 2, (list) => {
    while (list.remaining > 0) extension(list, place);
    return undefined;
  });
}

/** The extension's fields become those of a part that bears its name. */
function extension(list: Dissector, place: Place): void {
  const type = list.peek(0);
  list.struct(extensionName(type), Math.min(4 + list.peek(2), list.remaining), (part) => {
    part.number('extension_type', 2, extensionName);
    let value: string | undefined;
    part.vector('extension_data', 2, (data) => {
      if (data.remaining === 0) return (value = '(empty)');
      const row = ROWS[type];
      value = row === undefined ? hexText(data.rest('data')) : row(data, place);
      return value;
    });
    return value;
  });
}

/** Lists of numbers in the request, one number in the answer. */
const choice =
  (name: string, prefix: 1 | 2, width: 1 | 2, describe: (value: number) => string): In =>
  (data, place) => {
    if (place === 'clientHello' || place === 'certificateRequest' || name === 'named_group_list')
      return data.numbers(name, prefix, width, describe);
    return describe(data.number(name.replace(/s$/, ''), width, describe));
  };

const opaque =
  (name: string, prefix: 1 | 2): In =>
  (data) =>
    hexText(data.opaqueVector(name, prefix));

const raw =
  (name: string): In =>
  (data) =>
    hexText(data.rest(name));

const ROWS: Readonly<Record<number, In>> = {
  [ExtensionType.server_name]: (data) => {
    let name = '';
    data.vector('server_name_list', 2, (list) => {
      list.number('name_type', 1, (type) => (type === 0 ? '0 host_name' : String(type)));
      list.opaqueVector('host_name', 2, (bytes) => (name = asciiText(bytes)));
      return name;
    });
    return name;
  },
  [ExtensionType.status_request]: (data, place) => {
    data.number('status_type', 1, statusType);
    if (place === 'certificate') return `OCSP response, ${data.opaqueVector('response', 3).length} bytes`;
    data.opaqueVector('responder_id_list', 2);
    data.opaqueVector('request_extensions', 2);
    return 'ocsp';
  },
  [ExtensionType.supported_groups]: choice('named_group_list', 2, 2, groupName),
  [ExtensionType.ec_point_formats]: (data) =>
    data.numbers('ec_point_format_list', 1, 1, (format) => (format === 0 ? 'uncompressed' : String(format))),
  [ExtensionType.signature_algorithms]: choice('supported_signature_algorithms', 2, 2, signatureSchemeName),
  [ExtensionType.signature_algorithms_cert]: choice('supported_signature_algorithms', 2, 2, signatureSchemeName),
  [ExtensionType.application_layer_protocol_negotiation]: (data) => {
    const names: string[] = [];
    data.vector('protocol_name_list', 2, (list) => {
      while (list.remaining > 0)
        list.opaqueVector('protocol_name', 1, (bytes) => (names[names.length] = asciiText(bytes)));
      return names.join(', ');
    });
    return names.join(', ');
  },
  [ExtensionType.signed_certificate_timestamp]: (data) => {
    let count = 0;
    data.vector('sct_list', 2, (list) => {
      for (; list.remaining > 0; count++) list.opaqueVector('serialized_sct', 2);
      return timestamps(count);
    });
    return timestamps(count);
  },
  [ExtensionType.client_certificate_type]: choice('client_certificate_types', 1, 1, certificateType),
  [ExtensionType.server_certificate_type]: choice('server_certificate_types', 1, 1, certificateType),
  [ExtensionType.padding]: (data) => `${data.rest('zeros', (bytes) => `${bytes.length} bytes`).length} bytes`,
  [ExtensionType.compress_certificate]: (data) => data.numbers('algorithms', 1, 2, compressionName),
  [ExtensionType.record_size_limit]: (data) => `${data.number('record_size_limit', 2)} bytes`,
  [ExtensionType.session_ticket]: raw('ticket'),
  [ExtensionType.pre_shared_key]: (data, place) => {
    if (place !== 'clientHello') return `identity ${data.number('selected_identity', 2)}`;
    let count = 0;
    data.vector('identities', 2, (list) => {
      for (; list.remaining > 0; count++) {
        list.opaqueVector('identity', 2);
        list.number('obfuscated_ticket_age', 4);
      }
      return undefined;
    });
    data.vector('binders', 2, (list) => {
      while (list.remaining > 0) list.opaqueVector('binder', 1);
      return undefined;
    });
    return count === 1 ? '1 identity' : `${count} identities`;
  },
  [ExtensionType.early_data]: (data) => `at most ${data.number('max_early_data_size', 4)} bytes`,
  [ExtensionType.supported_versions]: (data, place) =>
    place === 'clientHello'
      ? data.numbers('versions', 1, 2, versionName)
      : versionName(data.number('selected_version', 2, versionName)),
  [ExtensionType.cookie]: opaque('cookie', 2),
  [ExtensionType.psk_key_exchange_modes]: (data) => data.numbers('ke_modes', 1, 1, inverse(PskMode)),
  [ExtensionType.certificate_authorities]: (data) => {
    const names: string[] = [];
    data.vector('authorities', 2, (list) => {
      while (list.remaining > 0)
        list.opaqueVector('authority', 2, (der) => (names[names.length] = distinguishedName(der)));
      return names.join('; ');
    });
    return names.join('; ');
  },
  [ExtensionType.key_share]: (data, place) => {
    if (place === 'helloRetryRequest') return groupName(data.number('selected_group', 2, groupName));
    if (place === 'serverHello') return keyShare(data);
    const shares: string[] = [];
    data.vector('client_shares', 2, (list) => {
      while (list.remaining > 0) shares.push(keyShare(list));
      return shares.join(', ') || 'none';
    });
    return shares.join(', ') || 'none';
  },
  [ExtensionType.tls_flags]: opaque('flags', 1),
  [ExtensionType.ech_outer_extensions]: (data) => data.numbers('outer_extensions', 1, 2, extensionName),
  [ExtensionType.encrypted_client_hello]: (data, place) => {
    if (place !== 'clientHello')
      return hexText(data.rest(place === 'helloRetryRequest' ? 'confirmation' : 'retry_configs'));
    if (data.number('type', 1, (type) => ['0 outer', '1 inner'][type] ?? String(type)) === 1) return 'inner';
    data.number('kdf_id', 2);
    data.number('aead_id', 2);
    data.number('config_id', 1);
    data.opaqueVector('enc', 2);
    return `outer, ${data.opaqueVector('payload', 2).length} bytes encrypted`;
  },
  [ExtensionType.renegotiation_info]: (data) =>
    data.opaqueVector('renegotiated_connection', 1).length === 0 ? 'initial handshake' : undefined,
};

function keyShare(data: Dissector): string {
  const group = groupName(data.number('group', 2, groupName));
  return `${group} (${data.opaqueVector('key_exchange', 2).length} bytes)`;
}

/** A DER `Name` of whoever sent it. */
export function distinguishedName(der: Uint8Array): string {
  try {
    return nameText(der);
  } catch {
    return hexText(der);
  }
}

const timestamps = (count: number): string => (count === 1 ? '1 timestamp' : `${count} timestamps`);

export const statusType = (type: number): string => (type === 1 ? '1 ocsp' : String(type));

function certificateType(type: number): string {
  return { 0: 'X.509', 2: 'raw public key' }[type] ?? String(type);
}

/** `1 zlib` */
export const compressionName: (id: number) => string = inverse(CertificateCompressionId);

/** `0 update_not_requested` */
export const keyUpdateRequest: (value: number) => string = inverse(KeyUpdateRequest);

function inverse(table: Readonly<Record<string, number>>): (value: number) => string {
  const names = new Map(Object.entries(table).map(([name, value]) => [value, name]));
  return (value) => names.get(value) ?? String(value);
}
