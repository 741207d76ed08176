/** @module @ferrule/pure/parts/ech: Encrypted ClientHello and its GREASE (RFC 9849); see `parts/none.ts`. */
import { chooseEchConfig, parseEchConfigList } from '../ech/config.ts';
import { abandonEch, echAccepted, encryptHello, greaseEch, offerEch } from '../flow/ech.ts';

export interface EchPart {
  readonly abandonEch: typeof abandonEch;
  readonly chooseEchConfig: typeof chooseEchConfig;
  readonly echAccepted: typeof echAccepted;
  readonly encryptHello: typeof encryptHello;
  readonly greaseEch: typeof greaseEch;
  readonly offerEch: typeof offerEch;
  readonly parseEchConfigList: typeof parseEchConfigList;
}

/** `undefined` in a bundle that has left it out. */
export const ech: EchPart | undefined = {
  abandonEch,
  chooseEchConfig,
  echAccepted,
  encryptHello,
  greaseEch,
  offerEch,
  parseEchConfigList,
};
