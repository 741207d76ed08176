/**
 * @module Everyday jobs: our line, and the line that people know. docs/jobs.md is made of it, and test/jobs.test.ts runs
 * both against a server on loopback.
 */

export interface Job {
  readonly job: string;
  readonly ours: string;
  /** The line of openssl(1), curl(1) and their like. */
  readonly theirs: string;
  /** What ours prints on stdout or stderr. */
  readonly says: RegExp;
  /** What theirs prints; `undefined` where the test cannot run it, and `because` says why. */
  readonly theySay?: RegExp;
  /** Exit code of ours, where it is not 0. */
  readonly code?: number;
  /** What the line needs in the test that it does not need in earnest: a port that says nothing, a name that is local. */
  readonly also?: string;
  readonly because?: string;
}

const S_CLIENT = 'openssl s_client -connect example.org:443 -servername example.org';
const TOOL = 'a tool that is not among those of the test';

export const JOBS: readonly Job[] = [
  {
    job: 'Is this server trusted, and if not, why?',
    ours: 'ferrule inspect example.org',
    theirs: `${S_CLIENT} -verify_return_error </dev/null`,
    says: /✓ \S+ is trusted/,
    theySay: /Verify return code: 0/,
  },
  {
    job: 'When does its certificate expire?',
    ours: 'ferrule watch example.org',
    theirs: `${S_CLIENT} </dev/null 2>/dev/null | openssl x509 -noout -enddate`,
    says: /✓ \S+: \d+ days left/,
    theySay: /notAfter=/,
  },
  {
    job: 'Fail when it expires within 60 days',
    ours: 'ferrule watch example.org --min-days 60',
    theirs: `${S_CLIENT} </dev/null 2>/dev/null | openssl x509 -noout -checkend 5184000`,
    says: /! \S+: \d+ days left/,
    theySay: /will expire/,
    code: 8,
  },
  {
    job: 'Watch a list of servers from cron',
    ours: 'ferrule watch - < hosts.txt',
    theirs: 'while read host; do openssl s_client -connect "$host" …; done < hosts.txt',
    says: /✓ \S+: \d+ days left/,
    because: 'a script of its own',
  },
  {
    job: 'The same for a log or a dashboard',
    ours: 'ferrule inspect - < hosts.txt',
    theirs: 'sslyze --json_out=- …',
    says: /^\{"schema":"ferrule\/1".*"daysLeft":\d+/,
    because: TOOL,
  },
  {
    job: 'Save the chain',
    ours: 'ferrule chain example.org > chain.pem && cat chain.pem',
    theirs: `${S_CLIENT} -showcerts </dev/null 2>/dev/null | sed -n '/BEGIN/,/END/p'`,
    says: /BEGIN CERTIFICATE[^]*BEGIN CERTIFICATE/,
    theySay: /BEGIN CERTIFICATE[^]*BEGIN CERTIFICATE/,
  },
  {
    job: 'The server’s own certificate as DER',
    ours: 'ferrule chain example.org --depth 0 --format der | openssl x509 -inform der -noout -subject',
    theirs: `${S_CLIENT} </dev/null 2>/dev/null | openssl x509 -outform der | openssl x509 -inform der -noout -subject`,
    says: /subject=CN = leaf/,
    theySay: /subject=CN = leaf/,
  },
  {
    job: 'Everything that the certificates say',
    ours: 'ferrule inspect example.org --text',
    theirs: `${S_CLIENT} </dev/null 2>/dev/null | openssl x509 -noout -text`,
    says: /Subject Alternative Name[^]*SHA-256 Fingerprint/,
    theySay: /Subject Alternative Name/,
  },
  {
    job: 'Check a file of certificates before it is installed',
    ours: 'ferrule inspect fullchain.pem --servername example.org',
    theirs: 'openssl verify -CAfile root.pem -untrusted fullchain.pem -verify_hostname example.org fullchain.pem',
    says: /✓ \S+ is trusted/,
    theySay: /OK/,
  },
  {
    job: 'The pin of its key',
    ours: 'ferrule pin example.org',
    theirs: `${S_CLIENT} </dev/null 2>/dev/null | openssl x509 -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64`,
    says: /^sha256\/\/[\w+/]{43}=/,
    theySay: /^[\w+/]{43}=/,
  },
  {
    job: 'A page, but only from a server with that key',
    ours: 'ferrule get https://example.org/ --pin "$(ferrule pin example.org | head -1)"',
    theirs: 'curl -sS --pinnedpubkey "$(ferrule pin example.org | head -1 | cut -d" " -f1)" https://example.org/',
    says: /^hello/,
    theySay: /^hello/,
  },
  {
    job: 'Trust your own CA',
    ours: 'ferrule inspect example.org --ca root.pem',
    theirs: `${S_CLIENT} -CAfile root.pem </dev/null`,
    says: /is trusted\n[^]*root from +--ca/,
    theySay: /Verify return code: 0/,
  },
  {
    job: 'Send and verify another name',
    ours: 'ferrule inspect example.org --servername a.wild.test',
    theirs: 'openssl s_client -connect example.org:443 -servername a.wild.test -verify_hostname a.wild.test </dev/null',
    says: /a\.wild\.test matches \*\.wild\.test/,
    theySay: /Verify return code: 0/,
  },
  {
    job: 'A wrong name is an exit code of its own',
    ours: 'ferrule inspect example.org --servername wrong.test',
    theirs:
      'openssl s_client -connect example.org:443 -verify_hostname wrong.test -verify_return_error </dev/null 2>&1',
    says: /the certificate is for .*, not for wrong\.test/,
    theySay: /mismatch/,
    code: 6,
  },
  {
    job: 'One machine of several behind a name',
    ours: 'ferrule inspect example.org --via tcp://127.0.0.1:443',
    theirs: 'curl -sS --connect-to ::127.0.0.1:443 https://example.org/',
    says: /is trusted\n[^]*via +tcp:/,
    theySay: /^hello/,
  },
  {
    job: 'Each address of a name',
    ours: 'ferrule watch example.org --each-address',
    theirs: 'for address in $(dig +short example.org); do openssl s_client -connect "$address:443" …; done',
    says: /✓ \S+ \(127\.0\.0\.1\): \d+ days left/,
    also: '-4',
    because: TOOL,
  },
  {
    job: 'IPv4 alone',
    ours: 'ferrule get https://example.org/ -4',
    theirs: 'curl -sS -4 https://example.org/',
    says: /^hello/,
    theySay: /^hello/,
  },
  {
    job: 'Show a client certificate',
    ours: 'ferrule get https://example.org/who --cert client.pem --key client.key',
    theirs: 'curl -sS --cert client.pem --key client.key https://example.org/who',
    says: /^client/,
    theySay: /^client/,
  },
  {
    job: 'The same from a PKCS#12 file with a passphrase',
    ours: 'ferrule get https://example.org/who --cert client.p12 --passphrase-file secret.txt',
    theirs: 'curl -sS --cert-type P12 --cert "client.p12:$(cat secret.txt)" https://example.org/who',
    says: /^client/,
    theySay: /^client/,
  },
  {
    job: 'Which CAs may the client certificate be of?',
    ours: 'ferrule inspect example.org',
    theirs: `${S_CLIENT} </dev/null`,
    says: /client certificate of CN=ferrule test root/,
    theySay: /Acceptable client certificate CA names\nCN = ferrule test root/,
  },
  {
    job: 'TLS 1.2 alone',
    ours: 'ferrule inspect example.org --max-version 1.2',
    theirs: `${S_CLIENT} -tls1_2 </dev/null`,
    says: /protocol +TLSv1\.2/,
    theySay: /New, TLSv1\.2/,
  },
  {
    job: 'One cipher suite',
    ours: 'ferrule inspect example.org --max-version 1.2 --cipher-suites ECDHE-ECDSA-AES128-GCM-SHA256',
    theirs: `${S_CLIENT} -tls1_2 -cipher ECDHE-ECDSA-AES128-GCM-SHA256 </dev/null`,
    says: /cipher suite +TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256/,
    theySay: /Cipher is ECDHE-ECDSA-AES128-GCM-SHA256/,
  },
  {
    job: 'One group',
    ours: 'ferrule inspect example.org --groups P-256',
    theirs: `${S_CLIENT} -groups P-256 </dev/null`,
    says: /group +secp256r1/,
    theySay: /Server Temp Key: ECDH, prime256v1/,
  },
  {
    job: 'Does it speak HTTP/2?',
    ours: 'ferrule inspect example.org --alpn h2,http/1.1',
    theirs: `${S_CLIENT} -alpn h2,http/1.1 </dev/null`,
    says: /ALPN +http\/1\.1/,
    theySay: /ALPN protocol: http\/1\.1/,
  },
  {
    job: 'Does it resume sessions, and take early data?',
    ours: 'ferrule inspect example.org --resume',
    theirs: `${S_CLIENT} -reconnect -tls1_2 </dev/null`,
    says: /resumption +resumed in 1 round trip; no early data/,
    theySay: /Reused, TLSv1\.2/,
  },
  {
    job: 'Does it staple OCSP?',
    ours: 'ferrule inspect example.org',
    theirs: `${S_CLIENT} -status </dev/null`,
    says: /OCSP +no response stapled/,
    theySay: /OCSP response: no response sent/,
  },
  {
    job: 'Refuse a server that does not',
    ours: 'ferrule inspect example.org --ocsp require',
    theirs: 'curl -sS --cert-status https://example.org/ 2>&1',
    says: /CERT_OCSP_MISSING/,
    theySay: /OCSP response/,
    code: 5,
  },
  {
    job: 'Check against a revocation list',
    ours: 'ferrule inspect example.org --ca root.pem --crl revoked.crl',
    theirs: `${S_CLIENT} -CAfile root.pem -crl_check -CRL revoked.crl -CRLform DER -verify_return_error </dev/null 2>&1`,
    says: /CERT_REVOKED/,
    theySay: /certificate revoked/,
    code: 5,
  },
  {
    job: 'What does it take: versions, suites, groups, signatures?',
    ours: 'ferrule scan example.org --concurrency 8',
    theirs: 'sslscan example.org',
    says: /TLS 1\.3[^]*x25519[^]*grade/i,
    because: TOOL,
  },
  {
    job: 'Fail a pipeline on a weak server',
    ours: 'ferrule scan example.org --fail-on critical',
    theirs: 'testssl --severity CRITICAL example.org',
    says: /grade/i,
    because: TOOL,
  },
  {
    job: 'Are sessions resumed, and how long do tickets live?',
    ours: 'ferrule scan example.org --tickets --concurrency 8',
    theirs: `echo Q | ${S_CLIENT} -no_ticket -tls1_2 -reconnect`,
    says: /sessions\n +TLS 1\.3: \d tickets? of \d+ bytes, for [^]*grade/,
    theySay: /New, [^]*TLSv1\.2/,
  },
  {
    job: 'Does a web server send HSTS?',
    ours: 'ferrule scan example.org --http --concurrency 8',
    theirs: 'curl -sSI https://example.org/ | grep -i strict-transport-security || echo none',
    says: /HTTP\n +status 200, no Strict-Transport-Security[^]*no HSTS/,
    theySay: /none/,
  },
  {
    job: 'A mail server, which speaks STARTTLS',
    ours: 'ferrule inspect mail.example:587',
    theirs: 'openssl s_client -connect mail.example:587 -starttls smtp </dev/null',
    says: /is trusted\n[^]*STARTTLS \(smtp\)/,
    theySay: /Verify return code: 0/,
    also: '--starttls smtp',
  },
  {
    job: 'Speak to a server from a script',
    ours: String.raw`printf 'GET / HTTP/1.0\r\n\r\n' | ferrule connect example.org --pipe`,
    theirs: String.raw`printf 'GET / HTTP/1.0\r\n\r\n' | openssl s_client -quiet -connect example.org:443`,
    says: /HTTP\/1\.[01] 200[^]*hello/,
    theySay: /HTTP\/1\.[01] 200[^]*hello/,
  },
  {
    job: 'A page',
    ours: 'ferrule get https://example.org/',
    theirs: 'curl -sS https://example.org/',
    says: /^hello/,
    theySay: /^hello/,
  },
  {
    job: 'With the connection and the headers',
    ours: 'ferrule get https://example.org/ -v',
    theirs: 'curl -sSv https://example.org/ 2>&1',
    says: /protocol +TLSv1\.3[^]*HTTP\/1\.1 200/,
    theySay: /SSL connection using TLSv1\.3[^]*HTTP\/1\.1 200/,
  },
  {
    job: 'The headers alone, and where it leads',
    ours: 'ferrule get https://example.org/old -I -L',
    theirs: 'curl -sSIL https://example.org/old',
    says: /HTTP\/1\.1 302[^]*HTTP\/1\.1 200/,
    theySay: /HTTP\/1\.1 302[^]*HTTP\/1\.1 200/,
  },
  {
    job: 'Send a form',
    ours: 'ferrule get https://example.org/ -d a=1',
    theirs: 'curl -sS -d a=1 https://example.org/',
    says: /^hello a=1/,
    theySay: /^hello a=1/,
  },
  {
    job: 'Download a file only if it arrives complete and without error',
    ours: 'ferrule get https://example.org/missing -f -o page.html',
    theirs: 'curl -sS -f -o page.html https://example.org/missing 2>&1',
    says: /HTTP status 404/,
    theySay: /404/,
    code: 22,
  },
  {
    job: 'See the messages of the handshake',
    ours: 'ferrule connect example.org --trace',
    theirs: `${S_CLIENT} -msg </dev/null`,
    says: /← ServerHello \d+ bytes[^]*cipher_suite +TLS_AES/,
    theySay: /ServerHello/,
  },
  {
    job: 'A capture that Wireshark can read',
    ours: 'ferrule get https://example.org/ --pcap page.pcapng --with-secrets',
    theirs: 'SSLKEYLOGFILE=keys.txt curl -sS https://example.org/ & tcpdump -w page.pcap …',
    says: /^hello/,
    because: 'tcpdump(8) needs the rights of root',
  },
  {
    job: 'The secrets of a connection',
    ours: 'SSLKEYLOGFILE=keys.txt ferrule get https://example.org/ && cat keys.txt',
    theirs: 'SSLKEYLOGFILE=keys.txt curl -sS https://example.org/ && cat keys.txt',
    says: /hello[^]*CLIENT_TRAFFIC_SECRET_0/,
    theySay: /hello/,
  },
  {
    job: 'Through a proxy',
    ours: 'ferrule inspect example.org --via http://proxy.example:3128',
    theirs: 'curl -sS --proxy http://proxy.example:3128 --noproxy "" https://example.org/',
    says: /is trusted\n[^]*CONNECT/,
    theySay: /^hello/,
  },
  {
    job: 'Through a jump host',
    ours: 'ferrule inspect internal.example --via "exec:ssh -W {host}:{port} jump.example"',
    theirs: 'ssh -L 8443:internal.example:443 jump.example & openssl s_client -connect localhost:8443 …',
    says: /./,
    because: 'ssh(1) needs a server',
  },
  {
    job: 'Are two servers alike?',
    ours: 'ferrule diff example.org example.org --all',
    theirs: 'diff <(openssl s_client … a) <(openssl s_client … b)',
    says: /TLSv1\.3/,
    because: 'their lines differ at each run',
  },
  {
    job: 'TLS for a program that has none',
    ours: 'ferrule tunnel redis.example:6380 --listen 6379',
    theirs: 'stunnel, socat TCP-LISTEN:6379,fork OPENSSL:redis.example:6380',
    says: /./,
    because: 'it ends with Ctrl-C alone; test/tunnel.test.ts runs it',
  },
  {
    job: 'Revoked, says CRLite?',
    ours: 'ferrule crlite ~/.cache/crlite --from https://mirror.example/crlite/; ferrule inspect example.org --crlite ~/.cache/crlite',
    theirs: 'upki fetch; curl -w "%{certs}" https://example.org | upki revocation check',
    says: /./,
    because: 'it needs a mirror; test/crlite.test.ts has one',
  },
  {
    job: 'What does this machine work with?',
    ours: 'ferrule doctor',
    theirs: 'openssl version -a; curl -V',
    says: /engine/,
    theySay: /OpenSSL/,
  },
];

const cell = (text: string): string => text.replaceAll('|', String.raw`\|`);

/** docs/jobs.md */
export const jobsPage = (): string => `<!-- Generated by \`npm run docs:jobs\` from apps/cli/scripts/jobs.ts. -->
# From s_client, curl and sslscan to ferrule

${JOBS.length} everyday jobs, each with our line and the one that people know. A test runs ours, and theirs where the tool is at hand, against servers on loopback${
  JOBS.some(({ because }) => because !== undefined) ? '; where it does not, the last column says why' : ''
}.

| job | ferrule | before | not run |
|---|---|---|---|
${JOBS.map(({ job, ours, theirs, because = '' }) => `| ${job} | \`${cell(ours)}\` | \`${cell(theirs)}\` | ${because} |\n`).join('')}
Every command of ferrule verifies; there is no switch that turns that off, so a line that succeeds needs no \`-verify_return_error\`. The exit code says what was wrong ([cli.md](cli.md#exit-codes)).
`;
