/** @module @ferrule/bio: BIO pairs, memory, recording and blocking BIOs. */
export type { Bio } from './bio.ts';
export { blockingBio, sharedBio, type BlockingBio, type BlockingBioOptions, type SharedBio } from './blocking.ts';
export { BioError, bioErrorCode, type BioErrorCode } from './error.ts';
export { InboundBio } from './inbound.ts';
export { memoryBio, type MemoryBioOptions } from './memory.ts';
export { OutboundBio, type Outgoing } from './outbound.ts';
export { bioPair, DEFAULT_BIO_SIZE, type BioPairOptions, type PairedBio } from './pair.ts';
export {
  formatRecording,
  parseRecording,
  recordingBio,
  type RecordedEvent,
  type RecordingOptions,
} from './recording.ts';
export { replayBio, type ReplayBio, type ReplayOptions } from './replay.ts';
export { sharedBioMemory } from './shared-memory.ts';
