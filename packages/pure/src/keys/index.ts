/**
 * @module @ferrule/pure/keys: key schedules and transcript. For tests and tools; not covered by semantic versioning.
 */
export {
  finishedMac,
  earlySecret,
  nextTrafficSecret,
  resumptionPsk,
  trafficKeys,
  type BinderKind,
  type EarlyStage,
  type HandshakeStage,
  type MainStage,
} from './schedule13.ts';
export {
  extendedMasterSecret,
  keyBlock,
  masterSecret,
  prf,
  verifyData,
  writeKeys,
  type WriteKeys,
} from './schedule12.ts';
export { Secret, Secrets, type Wipeable } from './secret.ts';
export { Transcript } from './transcript.ts';
