/** @module @ferrule/pure/keys: key schedules and transcript. For tests and tools; not covered by semantic versioning. */
export { finishedMac, earlySecret, nextTrafficSecret, resumptionPsk, trafficKeys, type EarlyStage, type HandshakeStage, type MainStage } from './schedule13.ts';
export { extendedMasterSecret, keyBlock, masterSecret, prf, verifyData, type WriteKeys } from './schedule12.ts';
export { Transcript } from './transcript.ts';
