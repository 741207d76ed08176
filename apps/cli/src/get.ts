/** @module `ferrule get`: one page, as curl(1) gets it. */
import { Exit } from './exit.ts';
import { readInput } from './files.ts';
import { observerOf, type ObserveOptions } from './observing.ts';
import type { CommonOptions } from './options.ts';
import { OutputFile } from './output.ts';
import { HttpError, Page } from './page.ts';
import { printable } from './printable.ts';
import { type Asked, forAnother, redirected } from './redirect.ts';
import { blame } from './target.ts';
import { UsageError } from './usage.ts';

export interface GetCommandOptions extends CommonOptions, ObserveOptions {
  readonly verbose?: boolean;
  /** A status of 400 and above is a failure. */
  readonly fail?: boolean;
  /** The headers alone. */
  readonly head?: boolean;
  readonly output?: string;
  /** `Name: value` */
  readonly header?: readonly string[];
  readonly request?: string;
  /** What to send, each `@` and a file of it, or the text. */
  readonly data?: readonly string[];
  /** Follow redirections. */
  readonly location?: boolean;
}

/** As many as fetch() follows. */
const MOST_REDIRECTIONS = 20;

/** @throws UsageError; TlsError, which names the server that is to blame where another one led there. */
export async function getCommand(url: URL, options: GetCommandOptions, signal: AbortSignal): Promise<void> {
  const { output, json } = options;
  if (options.alpn?.some((protocol) => protocol !== 'http/1.1') === true)
    throw new UsageError(`--alpn ${options.alpn.join(',')}: get speaks http/1.1 only`);
  if (json === true && output !== undefined)
    throw new UsageError('--output: with --json the page is in the document, on stdout');
  const out = output === undefined || output === '-' ? undefined : new OutputFile('--output', output);
  const observer = await observerOf(options);
  let asked = requestOf(url, options);
  try {
    let using = withCredentials(url, options);
    for (let left = MOST_REDIRECTIONS; ; left--) {
      const page = await Page.of(asked, using, signal, observer);
      const next = await nextOf(page, asked, options, left);
      if (next === undefined) return await page.write(out);
      using = forAnother(using, asked.url, next.url);
      asked = next;
    }
  } catch (error) {
    out?.discard();
    if (!(error instanceof HttpError)) throw blame(error, asked.url.host);
    const { host, href } = asked.url;
    if (json === true)
      process.stdout.write(
        (await import('./json.ts')).documentJson({
          target: href,
          ok: false,
          exitCode: Exit.http,
          error: error.toJSON(),
          response: error.response,
        }),
      );
    else process.stderr.write(`${printable(host)}: ${printable(error.message)}\n`);
    process.exitCode = Exit.http;
  }
}

function requestOf(given: URL, { data, head, request }: GetCommandOptions): Asked {
  const url = new URL(given);
  url.username = url.password = '';
  // As curl joins them
  const parts = data?.flatMap((each, i) => [
    ...(i > 0 ? [Buffer.from('&')] : []),
    each.startsWith('@') ? readInput('--data', each.slice(1)) : Buffer.from(each),
  ]);
  const body = parts && Buffer.concat(parts);
  return { url, method: request ?? (head === true ? 'HEAD' : body === undefined ? 'GET' : 'POST'), body };
}

/** Those of the URL, as curl(1) sends them (RFC 7617); a header of the user's own goes before. */
function withCredentials({ username, password }: URL, options: GetCommandOptions): GetCommandOptions {
  const { header = [] } = options;
  if ((username === '' && password === '') || header.some((line) => /^authorization\s*:/i.test(line))) return options;
  const plain = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { ...options, header: [...header, `Authorization: Basic ${Buffer.from(plain).toString('base64')}`] };
}

/** The request that the page leads to, where redirections are followed. @throws HttpError for one that cannot be. */
async function nextOf(
  page: Page,
  asked: Asked,
  { location, request, head, json }: GetCommandOptions,
  left: number,
): Promise<Asked | undefined> {
  const next = location === true ? redirected(asked, page.response, request !== undefined) : undefined;
  if (next === undefined) return undefined;
  if (head === true && json !== true) process.stdout.write(`${page.head}\n\n`);
  await page.leave();
  if (typeof next === 'string') throw new HttpError('HTTP_REDIRECTION', next, page.response);
  if (left === 0) throw new HttpError('HTTP_REDIRECTION', `more than ${MOST_REDIRECTIONS} redirections`, page.response);
  return next;
}
