/** @module `ferrule crlite`: the state of a folder of CRLite filters, and its update from a mirror. */
import { TlsError } from 'ferrule';
import { Exit } from './exit.ts';
import { FilterError, type Filters, isStale, readFilters, timeOf, updateFilters } from './filters.ts';
import { documentJson } from './json.ts';
import type { CommonOptions } from './options.ts';
import { HttpError, Page } from './page.ts';
import { printable } from './printable.ts';
import { colorsFor } from './report.ts';
import { blame } from './target.ts';

export interface CrliteCommandOptions extends CommonOptions {
  /** The mirror: the URL of the folder that has the manifest. */
  readonly from?: URL;
}

/** @throws UsageError for a folder that cannot be read or written; TlsError of the connection to the mirror. */
export async function crliteCommand(folder: string, options: CrliteCommandOptions, signal: AbortSignal): Promise<void> {
  const { from, json } = options;
  let filters: Filters;
  try {
    filters =
      from === undefined
        ? readFilters('<folder>', folder)
        : await updateFilters('<folder>', folder, (name, most) => fetched(fileOf(from, name), most, options, signal));
  } catch (error) {
    if (!(error instanceof HttpError || error instanceof FilterError)) throw error;
    tellFailure(folder, error, json);
    return;
  }
  const { newest } = filters.filter;
  const age = Date.now() - newest;
  const stale = isStale(filters.filter);
  const exitCode = stale ? Exit.validity : Exit.ok;
  process.exitCode = exitCode;
  const files = filters.manifest.files.map(({ name, size }) => ({ name, size }));
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  const { downloaded } = filters;
  const knows = timeOf(newest);
  if (json === true)
    process.stdout.write(
      documentJson({
        target: folder,
        ok: !stale,
        exitCode,
        crlite: { newest: knows, stale, files, bytes, downloaded },
      }),
    );
  else {
    const c = colorsFor(process.stdout);
    const days = Math.round(Math.abs(age) / 86_400_000);
    const verdict = stale
      ? `${c.red('✗')} ${printable(folder)} is stale: no certificate counts as good any more, and what is revoked stays so`
      : `${c.green('✓')} ${printable(folder)} is fresh`;
    process.stdout.write(
      `${verdict}\n` +
        `  newest moment  ${knows}, ${days} ${days === 1 ? 'day' : 'days'} ${age < 0 ? 'ahead' : 'ago'}\n` +
        `  filters        ${files.length}, ${bytes} bytes\n` +
        (downloaded === undefined ? '' : `  downloaded     ${downloaded} bytes\n`),
    );
  }
}

/** A folder is one without a slash at its end, too. */
function fileOf(folder: URL, name: string): URL {
  const url = new URL(folder);
  url.pathname = `${url.pathname.replace(/\/?$/, '/')}${name}`;
  return url;
}

async function fetched(
  url: URL,
  most: number,
  options: CrliteCommandOptions,
  signal: AbortSignal,
): Promise<Uint8Array> {
  try {
    const page = await Page.of({ url, method: 'GET', body: undefined }, { ...options, json: false }, signal, undefined);
    return await page.body(most);
  } catch (error) {
    throw TlsError.is(error) ? blame(error, url.host) : error;
  }
}

/** Nothing was written: what was there before stays. */
function tellFailure(folder: string, error: HttpError | FilterError, json: boolean | undefined): void {
  const { message } = error;
  const hint = 'The filters in the folder were left as they are. Try again later, or another mirror.';
  process.exitCode = Exit.http;
  if (json === true)
    process.stdout.write(
      documentJson({
        target: folder,
        ok: false,
        exitCode: Exit.http,
        error: {
          name: 'FilterError',
          code: error instanceof HttpError ? error.code : 'NO_FILTERS',
          message,
          hint,
        },
      }),
    );
  else process.stderr.write(`${printable(message)}\n${hint}\n`);
}
