/** @module Just enough DER to write an extension down by hand. */

/** One element. */
export function tlv(tag: number, ...contents: readonly (Uint8Array | string)[]): Uint8Array {
  const body = Buffer.concat(contents.map((each) => (typeof each === 'string' ? Buffer.from(each, 'latin1') : each)));
  const octets: number[] = [];
  for (let left = body.length; left > 0; left = Math.floor(left / 256)) octets.unshift(left & 0xff);
  const length = body.length < 0x80 ? [body.length] : [0x80 | octets.length, ...octets];
  return new Uint8Array(Buffer.concat([Buffer.from([tag, ...length]), body]));
}

export const sequence = (...contents: readonly (Uint8Array | string)[]): Uint8Array => tlv(0x30, ...contents);

/** An OBJECT IDENTIFIER from its dotted form. */
export function oid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const septets = [40 * first + second, ...rest].flatMap((arc) => {
    const bytes = [arc & 0x7f];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) bytes.unshift((left & 0x7f) | 0x80);
    return bytes;
  });
  return tlv(0x06, Uint8Array.from(septets));
}

/** Extensions by name. */
export const ExtensionOid = {
  key_usage: '2.5.29.15',
  subject_alt_name: '2.5.29.17',
  delta_crl: '2.5.29.27',
  issuing_distribution_point: '2.5.29.28',
  name_constraints: '2.5.29.30',
  crl_distribution_points: '2.5.29.31',
  certificate_policies: '2.5.29.32',
  policy_constraints: '2.5.29.36',
  tls_feature: '1.3.6.1.5.5.7.1.24',
} as const;
