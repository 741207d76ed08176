/** @module Runs in workerd: a query by pg, or by postgres.js, which believe that they have Cloudflare's sockets. */
import pg from 'pg';
import postgres from 'postgres';
import { trusted } from './sockets.ts';
import { type Answer, QUERY, type Task } from './task.ts';

interface Row {
  readonly x: string;
  readonly version: string | null;
}

async function byPg({ host, port, user, password }: Task): Promise<Row | undefined> {
  const client = new pg.Client({ host, port, user, password, database: 'postgres', ssl: true });
  await client.connect();
  const { rows } = await client.query<Row>(QUERY);
  await client.end();
  return rows[0];
}

async function byPostgresJs({ host, port, user, password }: Task): Promise<Row | undefined> {
  const settings = { database: 'postgres', ssl: 'verify-full', max: 1, fetch_types: false } as const;
  const sql = postgres({ host, port, user, password, ...settings });
  const [row] = await sql.unsafe<Row[]>(QUERY);
  await sql.end();
  return row;
}

/** Of one query, milliseconds. */
const PATIENCE = 30_000;

async function answer(task: Task): Promise<Answer> {
  trusted.ca = task.ca;
  const late = new Promise<never>((_, reject) =>
    setTimeout(() => reject(new Error(`no answer in ${PATIENCE} ms`)), PATIENCE),
  );
  try {
    const row = await Promise.race([(task.library === 'pg' ? byPg : byPostgresJs)(task), late]);
    return { bytes: row?.x.length ?? 0, version: row?.version ?? null };
  } catch (error) {
    return { code: String((error as { readonly code?: string }).code), message: String(error) };
  }
}

export default {
  fetch: async (request: Request): Promise<Response> => Response.json(await answer((await request.json()) as Task)),
};
