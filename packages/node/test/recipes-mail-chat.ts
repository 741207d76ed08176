/** @module How servers of mail, news, files, chat, terminals and desktops are started. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { type Context, giveTo, isRoot, path, type Recipe } from './recipe.ts';

/** Who a server is when it is not root: `user`, if it was root that started it. */
const become = (user: string): { readonly user?: string } => (isRoot ? { user } : {});
const lines = (...text: readonly string[]): string => `${text.join('\n')}\n`;

export type MailOrChatServer =
  'postfix' | 'dovecot' | 'dovecot beside IMAP' | 'vsftpd' | 'nnrpd' | 'prosody' | 'inspircd' | 'iksd' | 'xrdp';

export const MAIL_AND_CHAT_SERVERS: Readonly<Record<MailOrChatServer, Recipe>> = {
  postfix: {
    debian: 'postfix',
    programs: ['postfix', 'master'],
    listens: ['plain', 'tls'],
    needsRoot: true,
    prepare({ directory, cert, key, port }) {
      const config = join(directory, 'etc');
      for (const each of ['etc', 'queue', 'data']) mkdirSync(join(directory, each));
      chmodSync(directory, 0o755);
      giveTo('postfix', join(directory, 'data'));
      writeFileSync(
        join(config, 'main.cf'),
        lines(
          'compatibility_level = 3.6',
          `queue_directory = ${directory}/queue`,
          `data_directory = ${directory}/data`,
          `maillog_file = ${directory}/log`,
          `maillog_file_prefixes = ${directory}`,
          'inet_protocols = ipv4',
          'inet_interfaces = 127.0.0.1',
          'myhostname = server.test',
          'mydestination =',
          'local_recipient_maps =',
          'alias_maps =',
          'alias_database =',
          'mynetworks = 127.0.0.0/8',
          'relay_domains = server.test',
          'relay_transport = discard:',
          'default_transport = discard:',
          `smtpd_tls_cert_file = ${cert}`,
          `smtpd_tls_key_file = ${key}`,
          'smtpd_tls_security_level = encrypt',
        ),
      );
      const service = (
        name: string,
        command: string,
        isPrivate: 'n' | '-' = '-',
        most: '-' | '0' | '1' = '-',
      ): string => `${name} unix ${isPrivate} - n - ${most} ${command}`;
      writeFileSync(
        join(config, 'master.cf'),
        lines(
          `127.0.0.1:${port('plain')} inet n - n - - smtpd`,
          `127.0.0.1:${port('tls')} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes`,
          service('cleanup', 'cleanup', 'n', '0'),
          service('qmgr', 'qmgr', 'n', '1'),
          service('tlsmgr', 'tlsmgr', '-', '1'),
          service('rewrite', 'trivial-rewrite'),
          ...['bounce', 'defer', 'trace'].map((name) => service(name, 'bounce', '-', '0')),
          ...['error', 'retry'].map((name) => service(name, 'error')),
          service('proxymap', 'proxymap'),
          service('discard', 'discard'),
          service('anvil', 'anvil', '-', '1'),
          'postlog unix-dgram n - n - 1 postlogd',
        ),
      );
      // It makes the directories of the queue
      execFileSync(path('postfix'), ['-c', config, 'check'], { stdio: 'ignore' });
      return { command: path('master'), args: ['-c', config, '-d'], ownGroup: true };
    },
  },
  dovecot: {
    debian: 'dovecot-imapd',
    programs: ['dovecot', 'imap-login'],
    listens: ['plain', 'tls'],
    prepare: (context) =>
      dovecot(
        context,
        'imap',
        `service imap-login {\n inet_listener imap {\n  port = ${context.port('plain')}\n }\n inet_listener imaps {\n  port = ${context.port('tls')}\n }\n}`,
      ),
  },
  'dovecot beside IMAP': {
    debian: 'dovecot-pop3d dovecot-lmtpd dovecot-managesieved',
    programs: ['dovecot', 'pop3-login', 'lmtp', 'managesieve-login'],
    listens: ['pop3', 'lmtp', 'sieve'],
    prepare: (context) =>
      dovecot(
        context,
        'pop3 lmtp sieve',
        `service pop3-login {\n inet_listener pop3 {\n  port = ${context.port('pop3')}\n }\n inet_listener pop3s {\n  port = 0\n }\n}`,
        `service managesieve-login {\n inet_listener sieve {\n  port = ${context.port('sieve')}\n }\n}`,
        `service lmtp {\n inet_listener lmtp {\n  address = 127.0.0.1\n  port = ${context.port('lmtp')}\n }\n}`,
      ),
  },
  vsftpd: {
    debian: 'vsftpd',
    programs: ['vsftpd'],
    listens: ['plain'],
    prepare({ directory, cert, key, port }) {
      const config = join(directory, 'vsftpd.conf');
      for (const each of ['files', 'empty']) mkdirSync(join(directory, each), { mode: 0o755 });
      writeFileSync(
        config,
        lines(
          'listen=YES',
          'listen_address=127.0.0.1',
          `listen_port=${port('plain')}`,
          'background=NO',
          'run_as_launching_user=YES',
          'seccomp_sandbox=NO',
          'anonymous_enable=YES',
          'local_enable=NO',
          `anon_root=${directory}/files`,
          `secure_chroot_dir=${directory}/empty`,
          'ssl_enable=YES',
          'allow_anon_ssl=YES',
          `rsa_cert_file=${cert}`,
          `rsa_private_key_file=${key}`,
        ),
      );
      return { command: path('vsftpd'), args: [config] };
    },
  },
  nnrpd: {
    debian: 'inn2',
    programs: ['nnrpd'],
    listens: ['plain'],
    prepare({ directory, cert, key, port }) {
      const user = isRoot ? 'news' : userInfo().username;
      const group = execFileSync('id', ['-gn', user]).toString().trim();
      for (const each of ['db', 'run', 'overview']) mkdirSync(join(directory, each));
      const file = (name: string, ...text: readonly string[]): string => {
        writeFileSync(join(directory, name), text.length > 0 ? lines(...text) : '');
        return join(directory, name);
      };
      const inn = file(
        'inn.conf',
        'mta: "/bin/true %s"',
        'domain: news.test',
        'pathhost: news.test',
        'hismethod: hisv6',
        'enableoverview: true',
        'ovmethod: tradindexed',
        'nnrpdloadlimit: 0',
        `pathnews: ${join(path('nnrpd'), '../..')}`,
        `pathdb: ${directory}/db`,
        `pathetc: ${directory}`,
        `pathrun: ${directory}/run`,
        `pathoverview: ${directory}/overview`,
        `pathlog: ${directory}`,
        `pathtmp: ${directory}`,
        `pathspool: ${directory}`,
        `runasuser: ${user}`,
        `runasgroup: ${group}`,
        `tlscertfile: ${cert}`,
        `tlskeyfile: ${key}`,
      );
      const readers = file(
        'readers.conf',
        'auth "all" {',
        ' hosts: "*"',
        ' default: "<local>"',
        '}',
        'access "all" {',
        ' users: "*"',
        ' newsgroups: "*"',
        ' access: R',
        '}',
      );
      const made = [
        file('storage.conf', 'method trash {', ' newsgroups: *', ' class: 0', '}'),
        file('db/active', 'control 0000000000 0000000001 n', 'junk 0000000000 0000000001 n'),
        file('db/newsgroups'),
        file('db/active.times'),
        file('db/history'),
        file('overview/group.index'),
      ];
      giveTo(
        user,
        directory,
        cert,
        key,
        inn,
        readers,
        ...made,
        ...['db', 'run', 'overview'].map((each) => join(directory, each)),
      );
      return {
        command: '/usr/bin/env',
        args: [`INNCONF=${inn}`, path('nnrpd'), '-D', '-f', '-p', `${port('plain')}`, '-b', '127.0.0.1', '-c', readers],
        ...become('news'),
      };
    },
  },
  prosody: {
    debian: 'prosody lua-sec',
    programs: ['prosody'],
    listens: ['c2s', 's2s'],
    prepare({ directory, cert, key, port }) {
      const config = join(directory, 'prosody.cfg.lua');
      writeFileSync(
        config,
        lines(
          'daemonize = false',
          'log = { { levels = { min = "warn" }, to = "console" } }',
          `pidfile = "${directory}/pid"`,
          `data_path = "${directory}"`,
          'modules_enabled = { "tls", "saslauth", "dialback" }',
          'modules_disabled = { "posix" }',
          'authentication = "internal_plain"',
          'interfaces = { "127.0.0.1" }',
          `c2s_ports = { ${port('c2s')} }`,
          `s2s_ports = { ${port('s2s')} }`,
          'http_ports = {}',
          'https_ports = {}',
          'c2s_require_encryption = true',
          's2s_require_encryption = true',
          `ssl = { key = "${key}", certificate = "${cert}" }`,
          'VirtualHost "localhost"',
        ),
      );
      giveTo('prosody', directory, cert, key, config);
      return { command: path('prosody'), args: ['--config', config], ...become('prosody') };
    },
  },
  inspircd: {
    debian: 'inspircd',
    programs: ['inspircd'],
    listens: ['plain'],
    prepare({ directory, cert, key, port }) {
      const config = join(directory, 'inspircd.conf');
      const tag = (name: string, values: Readonly<Record<string, string | number>>): string =>
        `<${name} ${Object.entries(values)
          .map(([attribute, value]) => `${attribute}="${value}"`)
          .join(' ')}>`;
      writeFileSync(
        config,
        lines(
          tag('server', { name: 'irc.test', description: 'test', network: 'test', id: '97K' }),
          tag('admin', { name: 'x', nick: 'x', email: 'x@irc.test' }),
          tag('bind', { address: '127.0.0.1', port: port('plain'), type: 'clients' }),
          tag('connect', { allow: '*', timeout: 20, resolvehostnames: 'no' }),
          tag('module', { name: 'ssl_gnutls' }),
          tag('sslprofile', { name: 'ours', provider: 'gnutls', certfile: cert, keyfile: key, hash: 'sha256' }),
          tag('module', { name: 'starttls' }),
          tag('starttls', { sslprofile: 'ours' }),
          tag('dns', { server: '127.0.0.1' }),
          tag('pid', { file: `${directory}/pid` }),
          tag('path', { configdir: directory, datadir: directory, logdir: directory, runtimedir: directory }),
        ),
      );
      return {
        command: path('inspircd'),
        args: ['--nofork', '--nolog', ...(isRoot ? ['--runasroot'] : []), '--config', config],
      };
    },
  },
  iksd: {
    debian: 'ckermit',
    programs: ['iksd', 'unshare'],
    listens: ['plain'],
    prepare({ directory, cert, key, ca }) {
      const config = join(directory, 'iksd.conf');
      const known = join(directory, 'known.pem');
      // It sends what it knows of its own chain
      writeFileSync(known, readFileSync(cert, 'utf8') + readFileSync(ca, 'utf8'));
      writeFileSync(
        config,
        lines(
          'set telopt /server start-tls required',
          `set auth tls rsa-cert-file ${cert}`,
          `set auth tls rsa-key-file ${key}`,
          `set auth tls verify-file ${known}`,
        ),
      );
      // It reads its configuration at one place only
      const command = 'mount --bind "$0" /etc/kermit/iksd.conf && exec "$1" -A';
      return {
        command: path('unshare'),
        args: ['--user', '--map-root-user', '--mount', 'sh', '-c', command, config, path('iksd')],
        perConnection: true,
      };
    },
  },
  xrdp: {
    debian: 'xrdp',
    programs: ['xrdp'],
    listens: ['plain'],
    needsRoot: true,
    prepare({ directory, cert, key, port }) {
      const config = join(directory, 'xrdp.ini');
      const address = `tcp://127.0.0.1:${port('plain')}`;
      writeFileSync(
        config,
        lines(
          '[Globals]',
          'ini_version=1',
          'fork=true',
          `port=${address}`,
          'security_layer=tls',
          `certificate=${cert}`,
          `key_file=${key}`,
          'ssl_protocols=TLSv1.2, TLSv1.3',
          '[Logging]',
          `LogFile=${directory}/log`,
          'LogLevel=WARNING',
          'EnableSyslog=false',
          '[Xorg]',
          'name=Xorg',
          'lib=libxup.so',
        ),
      );
      return { command: path('xrdp'), args: ['--nodaemon', '--port', address, '--config', config] };
    },
  },
};

function dovecot(
  { directory, cert, key }: Context,
  protocols: string,
  ...services: readonly string[]
): ReturnType<Recipe['prepare']> {
  const config = join(directory, 'dovecot.conf');
  const users = join(directory, 'users');
  mkdirSync(join(directory, 'mail'));
  const owner = isRoot ? 'nobody' : userInfo().username;
  const group = execFileSync('id', ['-gn', owner]).toString().trim();
  giveTo(owner, join(directory, 'mail'));
  chmodSync(directory, 0o755);
  writeFileSync(users, 'ferrule:{PLAIN}secret::::::\n');
  writeFileSync(
    config,
    lines(
      `base_dir = ${directory}/run`,
      `log_path = ${directory}/log`,
      `protocols = ${protocols}`,
      'listen = 127.0.0.1',
      'ssl = yes',
      `ssl_cert = <${cert}`,
      `ssl_key = <${key}`,
      `default_internal_user = ${isRoot ? 'dovecot' : owner}`,
      `default_login_user = ${isRoot ? 'dovenull' : owner}`,
      'first_valid_uid = 1',
      'last_valid_uid = 0',
      'first_valid_gid = 1',
      `passdb {\n driver = passwd-file\n args = ${users}\n}`,
      `userdb {\n driver = static\n args = uid=${owner} gid=${group} home=${directory}/mail\n}`,
      `mail_location = maildir:${directory}/mail`,
      ...services,
    ),
  );
  return { command: path('dovecot'), args: ['-F', '-c', config] };
}
