/** @module One case, and what is wrong with what was told. */
import { engine } from '../engines.ts';
import { run, type Told } from './faces.ts';
import { type AtServer, FaultyNetwork } from './network.ts';
import type { Plan } from './plan.ts';
import { PLANTS, type PlantedFault } from './plant.ts';

/** How long a face waits for a network that stalls, before the judge closes it; milliseconds. */
const PATIENCE = 150;

export interface Verdict {
  readonly plan: Plan;
  readonly told: Told | undefined;
  readonly atServer: AtServer;
  /** Empty: all is well. */
  readonly wrong: readonly string[];
}

/** @param hang - what no case takes, milliseconds. */
export async function judge(
  plan: Plan,
  name: 'native' | 'pure',
  fault?: PlantedFault,
  hang = 30_000,
): Promise<Verdict> {
  const plant = fault === undefined ? undefined : PLANTS[fault];
  const sound = await engine(name);
  const backend = plant?.backend?.(sound) ?? sound;
  const network = await FaultyNetwork.open(plan, plant);
  const uncaught: unknown[] = [];
  const stray = (error: unknown): number => uncaught.push(error);
  process.on('uncaughtException', stray).on('unhandledRejection', stray);
  let told: Told | undefined;
  const wrong: string[] = [];
  try {
    const patience = silent(plan)
      ? new Promise<void>((resolve) => setTimeout(resolve, PATIENCE))
      : new Promise<void>(() => undefined);
    told = await inTime(
      'the face',
      hang,
      run(plan, { port: network.port, ca: network.ca, backend, plant, served: network.served }, patience),
    );
    // Sockets are the client's to give back
    await inTime('the sockets', hang, network.idle());
    if (
      plan.fault === undefined ||
      (plan.fault.kind === 'fin' && plan.fault.direction === 'down' && told.confirmed > 0)
    )
      await inTime('the server', hang, network.served);
    wrong.push(...faults(plan, told, network.atServer));
  } catch (error) {
    wrong.push(error instanceof Error ? error.message : String(error));
  } finally {
    process.off('uncaughtException', stray).off('unhandledRejection', stray);
    network.close();
  }
  wrong.push(...uncaught.map((error) => `uncaught: ${String(error)}`));
  return { plan, told, atServer: network.atServer, wrong };
}

/** The server may wait for ever, and so would the client: a stall, or an end of what the client sends. */
const silent = ({ fault }: Plan): boolean =>
  fault !== undefined && (fault.kind === 'stall' || (fault.kind === 'fin' && fault.direction === 'up'));

function faults(plan: Plan, told: Told, server: AtServer): string[] {
  const wrong: string[] = [];
  const must = (rule: boolean, what: string): void => void (rule || wrong.push(what));
  const { fault, up, down, closesAtOnce, face } = plan;
  must(server.correct, 'the server received other bytes than were written');
  must(told.correct, 'other bytes came out than the server sent');
  must(told.received <= down, 'more came out than the server sent');
  // A network that loses nothing in that direction: what was told to be sent is there
  if (fault === undefined || fault.kind === 'fin')
    must(
      fault?.direction === 'up' || told.confirmed <= server.received,
      `${told.confirmed} bytes were told to be sent, ${server.received} came`,
    );
  must(
    !told.ended || told.received === down || (face === 'tunnel' && fault !== undefined),
    `an end after ${told.received} of ${down} bytes`,
  );
  if (!closesAtOnce && !silent(plan))
    must(told.ended || told.errors.length > 0, 'reading has neither ended nor failed');
  if (face !== 'tunnel' && face !== 'connect' && face !== 'over' && face !== 'streams')
    must(told.errors.length <= 1, `the error was told ${told.errors.length} times`);
  if (fault !== undefined) return wrong;
  must(told.errors.length === 0, `errors without a fault: ${told.errors.join(', ')}`);
  must(server.received === up, `${server.received} of ${up} bytes came to the server`);
  must(server.ended, 'close_notify did not come to the server');
  must(face === 'tunnel' || told.finished, 'the end of writing was not told');
  if (!closesAtOnce)
    must(
      told.ended && told.received === down,
      `${told.received} of ${down} bytes came out${told.ended ? '' : ', and no end'}`,
    );
  return wrong;
}

async function inTime<T>(what: string, limit: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => (timer = setTimeout(() => reject(new Error(`hang: ${what}`)), limit)));
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
