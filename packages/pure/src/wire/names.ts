/** @module What messages for people call the extensions and messages that this engine knows. */
import { ExtensionType, HandshakeType } from '@ferrule/result/numbers';

const EXTENSION_NAMES = namesOf(ExtensionType);
const HANDSHAKE_NAMES = namesOf(HandshakeType);

/** The IANA name of an extension, or `extension_<n>`. */
export const extensionName = (type: number): string => EXTENSION_NAMES.get(type) ?? `extension_${type}`;

/** The IANA name of a handshake message, or `handshake_<n>`. */
export const handshakeName = (type: number): string => HANDSHAKE_NAMES.get(type) ?? `handshake_${type}`;

function namesOf(table: Readonly<Record<string, number>>): ReadonlyMap<number, string> {
  return new Map(Object.entries(table).map(([name, number]) => [number, name]));
}
