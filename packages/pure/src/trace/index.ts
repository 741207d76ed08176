/**
 * @module @ferrule/pure/trace: what stands in the bytes of TLS, field by field, and what stands in records for whoever
 * has their secrets. For tools; not covered by semantic versioning.
 */
export type { Field } from './dissector.ts';
export { follow, type Happening, type TracedMessage } from './follow.ts';
export { Dissection, type Dissected, type Flow } from './messages.ts';
export type { KeylogLabel } from '../keys/keylog.ts';
export { Wiretap, type SeenRecord, type WiretapOptions } from './records.ts';
export { extensionSection, messageSection, type Section } from './sections.ts';
