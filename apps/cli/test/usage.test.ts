import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pki } from '@ferrule/conformance/pki';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commands } from '../src/commands.ts';
import { FOREIGN_OPTIONS } from '../src/foreign.ts';
import { here } from './here.ts';

const folder = mkdtempSync(join(tmpdir(), 'ferrule-usage-'));
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  const { certificatePem, keyPem } = await pki('client');
  writeFileSync(at('cert.pem'), certificatePem);
  writeFileSync(at('key.pem'), keyPem);
  writeFileSync(at('other-key.pem'), (await pki('p256')).keyPem);
  writeFileSync(at('text.txt'), 'no certificate\n');
  writeFileSync(at('empty'), '');
  writeFileSync(at('bad-crl.der'), Buffer.from([0x30, 0x03, 0x02, 0x01, 0x00]));
  writeFileSync(at('half.pem'), certificatePem.slice(0, 200));
  writeFileSync(at('bad.jsonl'), '{"recording":"ferrule-connection","version":7}\n');
});
afterAll(() => rmSync(folder, { recursive: true }));

/** `F/` is the folder of the test. What is said must match. */
const WRONG: readonly (readonly [string, RegExp])[] = [
  ['', /which command/],
  ['--frob', /no option --frob/],
  ['frobnicate', /no command frobnicate/],
  ['inspct example.org', /mean inspect/],
  ['conect example.org', /mean connect/],
  ['example.org', /mean ferrule inspect example\.org/],
  ['example.org:8443', /mean ferrule inspect example\.org:8443/],
  ['https://example.org/', /mean ferrule get https:\/\/example\.org\//],
  ['s_client -connect example.org:443', /ferrule connect/],
  ['curl https://example.org/', /ferrule get/],
  ['help nosuch', /no command nosuch/],
  ['get', /no <url>/],
  ['get http://example.org/', /this command speaks TLS only/],
  ['get ftp://example.org/', /https/],
  ['get https://', /https:\/\/ URL/],
  ['get https://a b/', /https:\/\/ URL/],
  ['get https://user:s3cret@[/', /https:\/\/ URL/],
  ['get https://example.org/ another', /one argument too many: another/],
  ['get https://example.org/ -k', /Verification cannot be turned off/],
  ['get https://example.org/ --insecure', /Verification cannot be turned off/],
  ['get https://example.org/ --cacert F/cert.pem', /mean --ca <file>/],
  ['get https://example.org/ --pinnedpubkey x', /mean --pin/],
  ['get https://example.org/ --tlsv1.2', /mean --min-version 1\.2/],
  ['get https://example.org/ --proxy http://p:1', /mean --via/],
  ['get https://example.org/ -x http://p:1', /mean --via/],
  ['get https://example.org/ --max-time 3', /mean --timeout/],
  ['get https://example.org/ --starttls smtp', /no option --starttls/],
  ['inspect example.org --crl F/missing', /--crl .*missing/],
  ['inspect example.org --crl F/cert.pem', /neither DER nor PEM with an X509 CRL block/],
  ['inspect example.org --crl F/bad-crl.der', /--crl/],
  ['inspect example.org --ocsp always', /--ocsp always: is not one of off, request, require/],
  ['inspect example.org --allow everything', /expected some of no-ems, no-secure-renegotiation, hello-request/],
  ['inspect example.org -4 -6', /cannot be used with/],
  ['inspect 127.0.0.1 -6', /-6: .* has an IPv4 address/],
  ['inspect example.org -4 --via tcp://[::1]:443', /-4: .* has an IPv6 address/],
  ['inspect example.org --concurrency 3', /--concurrency: is for a list/],
  ['inspect example.org --passphrase-file F/key.pem', /--passphrase-file: there is no key/],
  ['inspect example.org --profile webpki --backend native', /Add --backend pure/],
  ['connect example.org --lf', /--lf: is for --interactive/],
  ['chain example.org --format der --json', /--format: --json is a format, too/],
  ['inspect example.org -4 --via socks5://127.0.0.1:1', /-4: socks5:.* chooses the address/],
  ['inspect example.org --each-address --record F/r', /--record and --pcap: one connection/],
  ['inspect example.org --each-address --via tcp://127.0.0.1:1', /--each-address: --via leads elsewhere/],
  ['inspect F/cert.pem --alpn h2', /--alpn: .* is a file/],
  ['inspect F/cert.pem --resume', /--resume: .* is a file/],
  ['get https://example.org/ -L --pcap F/p', /cannot be used with/],
  ['get https://example.org/ -H Connection:keep-alive', /ferrule sets this header itself/],
  ['get https://example.org/ -H content-length:5', /ferrule sets this header itself/],
  ['get https://example.org/ --json -o F/page', /--output: with --json/],
  ['get https://example.org/ --alpn h2', /get speaks http\/1\.1 only/],
  ['connect example.org --cert-status', /mean --ocsp require/],
  ['connect example.org -reconnect', /inspect <target> --resume/],
  ['inspect', /no <target>/],
  ['inspect a b', /too many: b/],
  ['inspect example.org:https', /expected host/],
  ['inspect example.org:0', /expected host/],
  ['inspect example.org:65536', /expected host/],
  ['inspect example.org:', /expected host/],
  ['inspect :443', /expected host/],
  ['inspect ::::', /expected host/],
  ['inspect [::1', /expected host/],
  ['inspect [example.org]:443', /expected host/],
  ['inspect user:s3cret@example.org', /expected host/],
  ['inspect http://proxy:3128', /given with --via/],
  ['inspect ftp://example.org', /https:\/\/ URL/],
  ['inspect example.org --wait soon', /--wait soon: expected a number of seconds/],
  ['inspect example.org --wait -1', /--wait -1/],
  ['inspect example.org --concurrency 0', /--concurrency 0: expected an integer/],
  ['inspect example.org --concurrency 1e3', /--concurrency 1e3/],
  ['inspect example.org --concurrency', /--concurrency <number>: the value is missing/],
  ['inspect example.org --trcae', /mean --trace/],
  ['inspect example.org --with-secrets', /needs a file: --record/],
  ['inspect - --record F/r', /a list has not/],
  ['inspect - --pcap F/r', /a list has not/],
  ['inspect F/nosuch.pem', /nosuch\.pem: there is no such file/],
  ['inspect nosuch.p12', /nosuch\.p12: there is no such file/],
  ['inspect F/key.pem', /holds no certificate .*, but a PRIVATE KEY/],
  ['inspect F/text.txt', /holds no certificate/],
  ['inspect F/empty', /holds no certificate/],
  ['inspect F/', /is a folder/],
  ['connect', /no <target>/],
  ['connect example.org -servername a', /mean --servername/],
  ['connect example.org -CAfile F/cert.pem', /mean --ca/],
  ['connect example.org -CApath F/', /a folder is not read/],
  ['connect example.org -showcerts', /ferrule chain/],
  ['connect -connect example.org:443', /named without a flag/],
  ['connect example.org -tls1_3', /mean --min-version 1\.3/],
  ['connect example.org -msg', /mean --trace/],
  ['connect example.org --resolve a:1:b', /--via tcp/],
  ['connect example.org --servername=', /--servername : expected a host name/],
  ['connect example.org --servername a/b', /expected a host name/],
  ['connect example.org --alpn ,h2', /a name is empty/],
  ['connect example.org --alpn h2,', /a name is empty/],
  ['connect example.org --min-version 1.1', /expected 1\.2 or 1\.3/],
  ['connect example.org --max-version TLSv1', /expected 1\.2 or 1\.3/],
  ['connect example.org --min-version 1.3 --max-version 1.2', /leave no version/],
  ['connect example.org --groups P-257', /has no P-257/],
  ['connect example.org --groups brainpoolP256r1 --backend pure', /the pure engine has no brainpoolP256r1/],
  ['connect example.org --groups x25519,,x448', /a name is empty/],
  ['connect example.org --cipher-suites RC4-MD5', /has no RC4-MD5/],
  ['connect example.org --cipher-suites TLS_AES_128_GCM_SHA265', /mean TLS_AES_128_GCM_SHA256/],
  ['connect example.org --timeout 0', /--timeout 0: expected a number of seconds/],
  ['connect example.org --timeout 90000', /at most 86400/],
  ['connect example.org --timeout ten', /--timeout ten/],
  ['connect example.org --timeout=', /--timeout/],
  ['connect example.org --backend openssl', /--backend openssl: is not one of native, pure/],
  ['connect example.org --backend naitve', /mean native/],
  ['connect example.org --profile strict', /compatible, rfc5280, webpki/],
  ['connect example.org --pin abc', /base64 of 32 bytes/],
  ['connect example.org --ca F/nosuch', /nosuch: there is no such file/],
  ['connect example.org --ca F/', /is a folder/],
  ['connect example.org --ca F/text.txt', /no PEM block of a certificate/],
  ['connect example.org --ca F/empty', /no PEM block of a certificate/],
  ['connect example.org --ca F/half.pem', /the CERTIFICATE block has no end/],
  ['connect example.org --ca F/key.pem', /no PEM block of a certificate/],
  ['connect example.org --ca', /the value is missing/],
  ['connect example.org --cert F/cert.pem', /its key is missing/],
  ['connect example.org --key F/key.pem', /its certificate is missing/],
  ['connect example.org --cert F/nosuch --key F/key.pem', /--cert .*nosuch: there is no such file/],
  ['connect example.org --cert F/cert.pem --key F/nosuch', /--key .*nosuch: there is no such file/],
  ['connect example.org --cert F/cert.pem --key F/cert.pem', /holds no private key, but a certificate/],
  ['connect example.org --cert F/key.pem --key F/key.pem', /holds no certificate/],
  ['connect example.org --cert F/cert.pem --key F/other-key.pem', /is not the key of the certificate/],
  ['connect example.org --cert F/cert.pem --key F/text.txt', /holds no private key/],
  ['connect example.org --starttls gopher', /--starttls gopher: is not one of/],
  ['connect example.org --starttls smpt', /mean smtp/],
  ['connect example.org --via socks5://u:s3cret@[', /--via: socks5: not a URL/],
  ['connect example.org --via http://u:s3cret@p/path', /neither path nor query/],
  ['connect example.org --via proxy:3128', /--via: expected a URL with tcp/],
  ['connect example.org --via https://u:s3cret@p:1', /TLS to the proxy/],
  ['connect example.org --via tcp://host', /no port/],
  ['connect example.org --via exec:', /no command/],
  ['connect unix:./x.sock --via direct --servername a', /says by itself/],
  ['connect unix:./x.sock', /--servername: required/],
  ['connect example.org --interactive --pipe', /cannot be used with/],
  ['connect example.org --record F/', /is a folder/],
  ['connect example.org --record F/no/such', /--record .*such: there is no such file or folder/],
  ['connect example.org --record F/a --pcap F/a', /would overwrite/],
  ['connect example.org --pcap F/cert.pem --ca F/cert.pem', /would overwrite/],
  ['watch', /no <targets>/],
  ['watch - -', /read once only/],
  ['watch example.org:nine', /example\.org:nine: expected host/],
  ['watch example.org --min-days many', /--min-days many: expected an integer/],
  ['watch example.org --min-days -1', /--min-days -1/],
  ['chain', /no <target>/],
  ['chain example.org --format pme', /mean pem/],
  ['chain example.org --depth leaf', /expected a position in the chain/],
  ['chain example.org --depth -1', /--depth -1/],
  ['pin example.org --depth 1', /no option --depth/],
  ['tunnel', /no <target>/],
  ['tunnel example.org --listen 70000', /--listen 70000: expected a port/],
  ['tunnel example.org --listen here', /--listen here/],
  ['tunnel unix:./x.sock', /--servername: required/],
  ['scan', /no <target>/],
  ['scan example.org --delay -1', /--delay -1/],
  ['scan example.org --ca F/cert.pem', /no option --ca[^]*It is an option of inspect/],
  ['diff example.org', /compares two servers/],
  ['diff example.org example.net --engines native,pure', /compares two servers/],
  ['diff example.org --engines native', /expected two of/],
  ['diff example.org --engines native,openssl', /expected two of/],
  ['replay', /no <file>/],
  ['replay F/nosuch', /nosuch: there is no such file/],
  ['replay F/text.txt', /line 1: not the header of a recording/],
  ['replay F/bad.jsonl', /a recording of version 7/],
  ['replay F/bad.jsonl --pcap F/bad.jsonl', /would overwrite/],
  ['get https://example.org/ -sSL', /Nothing is shown beside the page/],
  ['get https://example.org/ -fsS', /Nothing is shown beside the page/],
  ['get https://example.org/ -O', /mean --output <file>/],
  ['get https://example.org/ -u a:b', /--header "Authorization/],
  ['get https://example.org/ -A agent', /mean --header "User-Agent: …"/],
  ['get https://example.org/ -i', /-v shows the headers/],
  ['get https://example.org/ -w x', /get --json tells times/],
  ['inspect example.org -w 3', /mean --timeout <seconds>/],
  ['get https://example.org/ --compressed', /Nothing compressed is asked for/],
  ['get https://example.org/ --http2', /HTTP\/1\.1 only/],
  ['get https://example.org/ -T F/cert.pem', /mean --request PUT --data @<file>/],
  ['connect example.org -tls1_1', /ferrule scan <target> tells/],
  ['connect example.org -quiet', /mean --pipe/],
  ['connect example.org -v', /mean --trace/],
  ['scan example.org --severity high', /mean --fail-on <level>/],
  ['scan example.org --targets F/text.txt', /ferrule inspect - </],
  ['inspect example.org --no-color', /NO_COLOR=1/],
  ['pin example.org --depth 0', /It is an option of chain\./],
  ['scan example.org --min-days 3', /It is an option of watch\./],
  ['inspect F/key.key', /there is no such file/],
  ['inspect nosuch.key', /nosuch\.key: there is no such file/],
  ['tunnel example.org --listen F/none/x.sock', /--listen .*x\.sock: there is no such folder/],
  ['connect example.org 8443', /mean example\.org:8443\?/],
  ['connect example.org --servername a..b', /expected a host name or an address/],
  ['get https://a_b..c/', /a_b\.\.c:443: .* is neither/],
  ['connect 127.1:4433', /127\.1:4433: "127\.1" is neither[^]*--servername/],
  ['connect a.test --servername 127.1', /--servername 127\.1: expected a host name or an address/],
  ['completion', /no <shell>/],
  ['completion tcsh', /bash, zsh, fish/],
];

describe('a wrong command line', () => {
  it('is one of more than 120', () => expect(WRONG.length).toBeGreaterThanOrEqual(120));

  it.each(WRONG)('ferrule %s: is exit code 2 and at most four lines', async (line, said) => {
    const argv = (line.match(/"[^"]*"|(?:[^\s]|(?<=https:\/\/a) )+/g) ?? []).map((word) =>
      word.replace(/^F\/|(?<==)F\//, `${folder}/`),
    );
    const { code, stdout, stderr } = await here(argv);
    expect(stderr).toMatch(said);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^error: /);
    expect(stderr.trimEnd().split('\n').length).toBeLessThanOrEqual(4);
    expect(stderr).not.toMatch(/\bat .*\.[jt]s:\d+|s3cret|\u001b/);
    for (const each of stderr.split('\n')) expect(each.length, each).toBeLessThan(160);
  });

  it('with an option of another tool is told the command that was typed, and options that this has', async () => {
    const program = commands(() => Promise.resolve(), new AbortController().signal);
    const lines = program.commands.flatMap((command) =>
      Object.keys(FOREIGN_OPTIONS)
        .filter((flag) => /^-\S+$/.test(flag))
        // -debug is -d with the value "ebug", where there is a -d
        .filter((flag) => !command.options.some(({ short, long }) => long === flag || short === flag.slice(0, 2)))
        .map((flag) => ({ command, flag })),
    );
    expect(lines.length).toBeGreaterThan(1000);
    for (const { command, flag } of lines) {
      const name = command.name();
      const operand = name === 'get' ? 'https://localhost:1/' : 'localhost:1';
      const { code, stderr } = await here([name, operand, flag]);
      const [, hint = ''] = stderr.split('\n');
      expect([code, /\.\?|[{}]/.test(hint)], `${name} ${flag}: ${stderr}`).toEqual([2, false]);
      if (hint.startsWith('usage:') || hint.startsWith('It is an option of')) continue;
      const [, of = name] = /\bferrule ([a-z]+)/.exec(hint) ?? [];
      const told = program.commands.find((each) => each.name() === of);
      for (const [option] of hint.matchAll(/(?<![\w-])--[a-z][\w-]*/g))
        expect(
          told?.options.map(({ long }) => long),
          `${name} ${flag}: ${hint}`,
        ).toContain(option);
      if (hint.includes('named without a flag')) expect(hint).toContain(`ferrule ${name} <`);
    }
  });

  it('prints nothing that steers the terminal', async () => {
    const { code, stderr } = await here(['connect', 'example.org', '--backend', '\u001b[2J\nerror: all is well']);
    expect([code, stderr.includes('\u001b'), stderr.trimEnd().split('\n').length]).toEqual([2, false, 2]);
  });
});
