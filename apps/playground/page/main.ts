/** @module The page: what happens when somebody connects. */
import { follow } from '@ferrule/pure/trace';
import { nobleCrypto } from '@ferrule/pure/crypto/noble';
import { attempt, type Progress } from '../src/model/attempt.ts';
import { shownChain } from '../src/model/chain.ts';
import { flightsOf } from '../src/model/flights.ts';
import { serverChoice } from '../src/model/negotiated.ts';
import { shownSecrets } from '../src/model/secrets.ts';
import { TargetError } from '../src/model/target.ts';
import { verdictOf } from '../src/model/verdict.ts';
import { drawAnswer, drawFacts, drawSecrets, drawVerdict } from './cards.ts';
import { drawChain } from './chain.ts';
import { byId } from './dom.ts';
import { type Asked, Form } from './form.ts';
import { followTheme } from './theme.ts';
import { drawTrials } from './trials.ts';
import { Waterfall } from './waterfall.ts';

followTheme();
const form = await Form.load();
const waterfall = new Waterfall(byId('waterfall'));
let running: AbortController | undefined;

byId('form').addEventListener('submit', (event) => {
  event.preventDefault();
  void guarded(async (signal) => {
    const asked = await form.read();
    clear();
    await show(asked, signal);
  });
});
byId('try-all').addEventListener('click', () => {
  void guarded(async (signal) => {
    const trials = await form.trials();
    clear();
    await drawTrials(trials, signal, (text) => say(text));
  });
});
byId('stop').addEventListener('click', () => running?.abort());
// For whoever waits until the page can be used
document.documentElement.dataset['ready'] = 'true';

/** One thing at a time; what is wrong with the form is told beside it. */
async function guarded(act: (signal: AbortSignal) => Promise<void>): Promise<void> {
  if (running !== undefined) return;
  const { signal } = (running = new AbortController());
  setRunning(true);
  byId('problem').textContent = '';
  for (const each of document.querySelectorAll('[aria-invalid]')) each.removeAttribute('aria-invalid');
  try {
    await act(signal);
  } catch (error) {
    byId('problem').textContent = error instanceof Error ? error.message : String(error);
    if (error instanceof TargetError) refuse(error);
  } finally {
    running = undefined;
    setRunning(false);
  }
}

function refuse({ entry }: TargetError): void {
  const element = byId(entry);
  element.closest('details')?.setAttribute('open', '');
  element.setAttribute('aria-invalid', 'true');
  element.focus();
}

function setRunning(isRunning: boolean): void {
  byId<HTMLButtonElement>('go').disabled = isRunning;
  byId<HTMLButtonElement>('try-all').disabled = isRunning;
  byId('stop').hidden = !isRunning;
  document.documentElement.dataset['state'] = isRunning ? 'running' : 'done';
}

function clear(): void {
  byId('intro').hidden = true;
  waterfall.clear();
  for (const id of ['verdict', 'trials', 'chain', 'facts', 'secrets', 'answer']) {
    byId(id).hidden = true;
    byId(id).replaceChildren();
  }
}

async function show(asked: Asked, signal: AbortSignal): Promise<void> {
  let latest: Progress | undefined;
  let frame = 0;
  const drawLatest = (): void => {
    frame = 0;
    if (latest !== undefined) draw(latest, asked);
  };
  latest = await attempt({ ...asked, signal }, (progress) => {
    latest = progress;
    frame ||= requestAnimationFrame(drawLatest);
  });
  cancelAnimationFrame(frame);
  draw(latest, asked);
  const { crypto, chain } = latest;
  if (crypto !== undefined)
    drawChain(await shownChain({ chain, anchors: asked.trustAnchors, host: asked.host, crypto, now: Date.now() }));
}

function draw(progress: Progress, { host, behaviour }: Asked): void {
  const { events, keylog, opened, ended, stage } = progress;
  const happenings = follow(
    events,
    // What is shown must be computed at once, whatever the connection runs on
    { crypto: nobleCrypto, keylog: keylog.map(({ line }) => line) },
    stage === 'done',
  );
  const choice = serverChoice(happenings);
  const verdict = verdictOf(progress, host, behaviour, choice?.version);
  drawVerdict(verdict);
  say([verdict.title, ...(verdict.kind === 'running' ? [] : verdict.sentences)].join('. '));
  waterfall.draw({ flights: flightsOf(happenings), opened, ended, version: choice?.version });
  drawFacts(progress, choice);
  drawSecrets(shownSecrets(keylog, progress.crypto, choice?.cipherSuite));
  drawAnswer(progress);
}

/** To a screen reader, once. */
function say(text: string): void {
  const live = byId('live');
  if (live.textContent !== text) live.textContent = text;
}
