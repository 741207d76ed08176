/** @module All checks, in the order in which a new engine will want to pass them. */
import type { CheckGroup } from './check.ts';
import { callbackTable } from './checks/callbacks.ts';
import { callTable } from './checks/calls.ts';
import { certificateTexts } from './checks/certificate-texts.ts';
import { clientAuth } from './checks/client-auth.ts';
import { data } from './checks/data.ts';
import { disposing } from './checks/dispose.ts';
import { withOpenssl } from './checks/early-data.ts';
import { features } from './checks/features.ts';
import { limits } from './checks/limits.ts';
import { manPage } from './checks/man-page.ts';
import { ownership } from './checks/ownership.ts';
import { negotiation } from './checks/negotiation.ts';
import { byTheBook } from './checks/paths.ts';
import { revocation } from './checks/revocation.ts';
import { revocationLists } from './checks/revocation-lists.ts';
import { returns } from './checks/returns.ts';
import { resumptionBinding } from './checks/resumption-binding.ts';
import { secrets } from './checks/secrets.ts';
import { sessions } from './checks/sessions.ts';
import { severalDefects } from './checks/several-defects.ts';
import { staplesByTheBook } from './checks/staples.ts';
import { transport } from './checks/transport.ts';
import { verification } from './checks/verification.ts';
import { wrongOptions } from './checks/wrong-options.ts';

export const suite: readonly CheckGroup[] = [
  ...returns,
  ...manPage,
  ...negotiation,
  ...data,
  ...disposing,
  ...callTable,
  ...callbackTable,
  ...transport,
  ...verification,
  ...revocation,
  ...severalDefects,
  ...certificateTexts,
  ...byTheBook,
  ...revocationLists,
  ...staplesByTheBook,
  ...clientAuth,
  ...sessions,
  ...resumptionBinding,
  ...secrets,
  limits,
  wrongOptions,
  ...ownership,
  ...features,
  ...withOpenssl,
];
