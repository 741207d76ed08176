/** @module `ferrule tunnel`: a local plaintext port, forwarded over TLS. */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { TlsConnector, tunnel } from '@ferrule/node/duplex';
import { dialer } from '@ferrule/node/transports';
import { TlsError } from 'ferrule';
import { type CommonOptions, connectOptions } from './options.ts';
import { reasonOf } from './files.ts';
import { preambleOf } from './open.ts';
import { routeTo } from './route.ts';
import { colorsFor, failureReport } from './report.ts';
import { nameOfTarget, type Target } from './target.ts';
import { shown, UsageError } from './usage.ts';

export interface TunnelCommandOptions extends CommonOptions {
  /** A port of the loopback interface, or the path of a unix socket. */
  readonly listen?: number | string;
}

/** Until Ctrl-C. The address goes to stdout, connections that failed to stderr. */
export async function tunnelCommand(target: Target, options: TunnelCommandOptions, signal: AbortSignal): Promise<void> {
  const { timeout, signal: _signal, servername = target.host, ...context } = await connectOptions(options, signal);
  if (servername === '')
    throw new UsageError(`--servername: required: the name that the certificate of ${nameOfTarget(target)} must have`);
  const preamble = preambleOf(target, options);
  const route = routeTo(target, options.via, preamble);
  const connector = new TlsConnector({ ...context, ...(route && { dial: dialer(route) }) });
  const { listen = 0 } = options;
  const local = await tunnel(
    connector,
    {
      host: target.host || 'localhost',
      port: target.port || 443,
      servername,
      handshakeTimeout: timeout ?? 0,
      ...(preamble && { preamble }),
    },
    {
      listen,
      onError: (error) => {
        const told = TlsError.is(error)
          ? failureReport(error, nameOfTarget(target), colorsFor(process.stderr))
          : `error: ${error.message}\n`;
        process.stderr.write(told);
      },
    },
  ).catch((error: NodeJS.ErrnoException) => {
    // What listen(2) has to say: a port that is in use, a folder that is none
    if (error.syscall !== 'listen') throw error;
    // It says "permission denied" of a folder that is not there
    const reason =
      typeof listen === 'string' && !existsSync(dirname(listen)) ? 'there is no such folder' : reasonOf(error);
    throw new UsageError(`--listen ${shown(String(listen))}: ${reason}`);
  });
  if (preamble === 'postgres')
    process.stderr.write('PostgreSQL clients connect to this port without TLS: sslmode=disable\n');
  process.stdout.write(
    'path' in local.address ? `${local.address.path}\n` : `${local.address.host}:${local.address.port}\n`,
  );
  if (!signal.aborted) await once(signal, 'abort');
  await local.close();
  await connector.dispose();
}
