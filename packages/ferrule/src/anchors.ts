/** @module The platform's trust anchors: those that node:tls trusts by default in this process. */
import { bytesEqual } from '@ferrule/result/bytes';
import { certificatesOf } from './pem.ts';

let cached: readonly Uint8Array[] | undefined;
/** The last result of `tls.getCACertificates()`: a different array after `tls.setDefaultCACertificates()`. */
let toldBy: readonly string[] | undefined;

/**
 * The platform's trust anchors as DER, without duplicates. On Node, those of node:tls: its bundled roots, or OpenSSL's
 * store under `--use-openssl-ca` (SSL_CERT_FILE, SSL_CERT_DIR), the system's under `--use-system-ca` where supported,
 * and NODE_EXTRA_CA_CERTS. Read on the first call, and again after `tls.setDefaultCACertificates()`; otherwise the same
 * array is returned, so that engines can cache what they derive from it.
 * @throws TypeError on platforms without any, such as browsers: `trustAnchors` is required there.
 */
export function platformAnchors(): readonly Uint8Array[] {
  const { process } = globalThis as { readonly process?: Host };
  const tls = process?.getBuiltinModule?.('node:tls');
  const told = tls?.getCACertificates?.('default');
  if (cached !== undefined && told === toldBy) return cached;
  const found = process === undefined || tls === undefined ? [] : anchorsOf(process, tls);
  if (found.length === 0) {
    throw new TypeError(
      process !== undefined && usesOpensslStore(process)
        ? "no trust anchors: --use-openssl-ca is set, and OpenSSL's store (SSL_CERT_FILE, SSL_CERT_DIR) has no certificate. Pass `trustAnchors` or `ca`"
        : 'no trust anchors: this platform does not expose its trust store. Pass `ca`, or `trustAnchors`: @ferrule/roots has those of Mozilla',
    );
  }
  toldBy = told;
  return (cached = Object.freeze(withoutDuplicates(found)));
}

function withoutDuplicates(anchors: readonly Uint8Array[]): Uint8Array[] {
  const byLength = new Map<number, Uint8Array[]>();
  return anchors.filter((der) => {
    const alike = byLength.get(der.length) ?? [];
    if (alike.some((known) => bytesEqual(known, der))) return false;
    byLength.set(der.length, [...alike, der]);
    return true;
  });
}

/** The parts of Node used here; not imported, since a bundler for browsers would follow the import. */
interface Host {
  readonly platform: string;
  readonly execArgv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly config?: { readonly target_defaults?: { readonly defines?: readonly string[] } };
  readonly getBuiltinModule?: { (id: 'node:tls'): NodeTls | undefined; (id: 'node:fs'): NodeFs | undefined };
  readonly emitWarning: (warning: string) => void;
}
interface NodeTls {
  readonly rootCertificates: readonly string[];
  /** Node 22.15 and later; covers everything but OpenSSL's store. */
  readonly getCACertificates?: (type: 'default') => readonly string[];
}
interface NodeFs {
  readonly readFileSync: (path: string) => Uint8Array;
  readonly readdirSync: (path: string) => readonly string[];
}

function anchorsOf(host: Host, tls: NodeTls): Uint8Array[] {
  const { env } = host;
  const openssl = usesOpensslStore(host);
  const anchors = (tls.getCACertificates?.('default') ?? (openssl ? [] : tls.rootCertificates)).flatMap((pem) =>
    certificatesOf(pem),
  );
  const fs = host.getBuiltinModule?.('node:fs');
  if (fs === undefined) return anchors;
  const extra = env['NODE_EXTRA_CA_CERTS'];
  if (extra && tls.getCACertificates === undefined)
    anchors.push(
      ...certificatesIn(fs, extra, (why) =>
        host.emitWarning(`the certificates of NODE_EXTRA_CA_CERTS are ignored: ${extra}: ${why}`),
      ),
    );
  if (openssl) anchors.push(...opensslStore(host, fs));
  return anchors;
}

/** Set on the command line, in NODE_OPTIONS, or when Node was built (`configure --openssl-use-def-ca-store`). */
function usesOpensslStore({ execArgv, env, config }: Host): boolean {
  const options = [...(env['NODE_OPTIONS'] ?? '').split(/\s+/), ...execArgv].map((option) =>
    option.replaceAll('_', '-'),
  );
  if (options.includes('--use-openssl-ca')) return true;
  return (
    !options.includes('--use-bundled-ca') &&
    (config?.target_defaults?.defines?.includes('NODE_OPENSSL_CERT_STORE') ?? false)
  );
}

/**
 * X509_STORE_set_default_paths(3): a file of certificates, and directories of certificates named by subject hash
 * (openssl-rehash(1)). Without the variables, the directory compiled into Node's OpenSSL.
 */
function opensslStore({ env, platform, emitWarning }: Host, fs: NodeFs): Uint8Array[] {
  const windows = platform === 'win32';
  const home = windows ? 'C:\\Program Files\\Common Files\\SSL' : '/etc/ssl';
  const file = env['SSL_CERT_FILE'];
  const fromFile = certificatesIn(fs, file ?? `${home}/cert.pem`, (why) => {
    if (file !== undefined) emitWarning(`SSL_CERT_FILE is ignored: ${file}: ${why}`);
  });
  const folders = (env['SSL_CERT_DIR'] ?? `${home}/certs`).split(windows ? ';' : ':').filter((folder) => folder !== '');
  return [
    ...fromFile,
    ...folders.flatMap((folder) =>
      hashedNames(fs, folder).flatMap((name) => certificatesIn(fs, `${folder}/${name}`, () => {})),
    ),
  ];
}

function hashedNames(fs: NodeFs, folder: string): string[] {
  try {
    return fs.readdirSync(folder).filter((name) => /^[0-9a-f]{8}\.\d+$/.test(name));
  } catch {
    return [];
  }
}

function certificatesIn(fs: NodeFs, path: string, failed: (why: string) => void): Uint8Array[] {
  try {
    return certificatesOf(fs.readFileSync(path));
  } catch (error) {
    failed((error as Error).message);
    return [];
  }
}
