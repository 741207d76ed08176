/** @module How databases, brokers, directories and web servers are started. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { giveTo, idOf, isRoot, path, type Recipe } from './recipe.ts';

export type DataServer = 'postgres' | 'redis' | 'mariadb' | 'mosquitto' | 'nats' | 'slapd' | 'nginx' | 'kafka';

export const DATA_SERVERS: Readonly<Record<DataServer, Recipe>> = {
  postgres: {
    debian: 'postgresql',
    programs: ['postgres', 'initdb'],
    listens: ['plain'],
    prepare({ directory, cert, key, port }) {
      const data = join(directory, 'data');
      const user = isRoot ? 'postgres' : undefined;
      if (user) giveTo(user, directory, cert, key);
      writeFileSync(join(directory, 'password'), 'secret');
      execFileSync(
        path('initdb'),
        ['-D', data, '-U', 'ferrule', '--auth=scram-sha-256', `--pwfile=${join(directory, 'password')}`, '--no-sync'],
        { stdio: 'ignore', cwd: directory, ...(user && { uid: idOf(user, '-u'), gid: idOf(user, '-g') }) },
      );
      return {
        command: path('postgres'),
        args: [
          '-D',
          data,
          '-p',
          `${port('plain')}`,
          '-k',
          directory,
          '-h',
          '127.0.0.1',
          '-F',
          '-c',
          'ssl=on',
          '-c',
          `ssl_cert_file=${cert}`,
          '-c',
          `ssl_key_file=${key}`,
        ],
        ...(user && { user }),
      };
    },
  },
  redis: {
    debian: 'redis-server',
    programs: ['redis-server'],
    listens: ['tls'],
    prepare: ({ directory, cert, key, ca, port }) => ({
      command: path('redis-server'),
      args: [
        '--port',
        '0',
        '--tls-port',
        `${port('tls')}`,
        '--tls-cert-file',
        cert,
        '--tls-key-file',
        key,
        '--tls-ca-cert-file',
        ca,
        '--tls-auth-clients',
        'no',
        '--dir',
        directory,
        '--save',
        '',
        '--bind',
        '127.0.0.1',
      ],
    }),
  },
  mariadb: {
    debian: 'mariadb-server',
    programs: ['mariadbd', 'mariadb-install-db'],
    listens: ['plain'],
    prepare({ directory, cert, key, ca, port }) {
      const data = join(directory, 'data');
      const init = join(directory, 'init.sql');
      const user = isRoot ? 'mysql' : undefined;
      writeFileSync(init, "CREATE USER 'ferrule'@'%' IDENTIFIED BY 'secret' REQUIRE SSL;\n");
      if (user) giveTo(user, directory, cert, key, ca, init);
      execFileSync(
        path('mariadb-install-db'),
        [
          '--no-defaults',
          `--datadir=${data}`,
          '--skip-test-db',
          '--auth-root-authentication-method=normal',
          ...(user ? [`--user=${user}`] : []),
        ],
        { stdio: 'ignore' },
      );
      return {
        command: path('mariadbd'),
        args: [
          '--no-defaults',
          `--datadir=${data}`,
          `--port=${port('plain')}`,
          '--bind-address=127.0.0.1',
          `--socket=${join(directory, 'sock')}`,
          `--pid-file=${join(directory, 'pid')}`,
          `--ssl-cert=${cert}`,
          `--ssl-key=${key}`,
          `--ssl-ca=${ca}`,
          `--init-file=${init}`,
          ...(user ? [`--user=${user}`] : []),
        ],
      };
    },
  },
  mosquitto: {
    debian: 'mosquitto',
    programs: ['mosquitto'],
    listens: ['tls'],
    prepare({ directory, cert, key, port }) {
      const config = join(directory, 'mosquitto.conf');
      writeFileSync(
        config,
        `listener ${port('tls')} 127.0.0.1\ncertfile ${cert}\nkeyfile ${key}\nallow_anonymous true\n`,
      );
      // It gives up root before it reads its key
      if (isRoot) giveTo('mosquitto', directory, cert, key, config);
      return { command: path('mosquitto'), args: ['-c', config] };
    },
  },
  nats: {
    debian: 'nats-server',
    programs: ['nats-server'],
    listens: ['plain'],
    prepare: ({ cert, key, port }) => ({
      command: path('nats-server'),
      args: ['-a', '127.0.0.1', '-p', `${port('plain')}`, '--tls', '--tlscert', cert, '--tlskey', key],
    }),
  },
  slapd: {
    debian: 'slapd',
    programs: ['slapd'],
    listens: ['plain', 'tls'],
    prepare({ directory, cert, key, ca, port }) {
      const config = join(directory, 'slapd.conf');
      const modules = ['/usr/lib/ldap', '/usr/lib64/openldap'].find((each) => existsSync(each)) ?? '';
      mkdirSync(join(directory, 'db'));
      writeFileSync(
        config,
        `include /etc/ldap/schema/core.schema\nmodulepath ${modules}\nmoduleload back_mdb\npidfile ${directory}/pid\nTLSCertificateFile ${cert}\nTLSCertificateKeyFile ${key}\nTLSCACertificateFile ${ca}\ndatabase mdb\nsuffix "dc=test"\nrootdn "cn=admin,dc=test"\nrootpw secret\ndirectory ${directory}/db\n`,
      );
      return {
        command: path('slapd'),
        args: ['-f', config, '-h', `ldap://127.0.0.1:${port('plain')}/ ldaps://127.0.0.1:${port('tls')}/`, '-d', '0'],
      };
    },
  },
  nginx: {
    debian: 'nginx-light',
    programs: ['nginx'],
    listens: ['tls'],
    prepare({ directory, cert, key, port }) {
      const config = join(directory, 'nginx.conf');
      writeFileSync(
        config,
        `daemon off;\nmaster_process off;\npid ${directory}/pid;\nerror_log ${directory}/error.log;\nevents {}\nhttp {\n access_log off;\n client_body_temp_path ${directory};\n proxy_temp_path ${directory};\n fastcgi_temp_path ${directory};\n uwsgi_temp_path ${directory};\n scgi_temp_path ${directory};\n server {\n  listen 127.0.0.1:${port('tls')} ssl;\n  ssl_certificate ${cert};\n  ssl_certificate_key ${key};\n  location / { return 200 "nginx says $request_uri"; }\n }\n}\n`,
      );
      return { command: path('nginx'), args: ['-p', directory, '-c', config, '-e', join(directory, 'error.log')] };
    },
  },
  kafka: {
    debian: 'default-jre-headless',
    programs: ['java'],
    listens: ['tls', 'plain'],
    directoryIn: 'FERRULE_KAFKA',
    prepare({ directory, cert, key, port }) {
      const config = join(directory, 'server.properties');
      const keystore = join(directory, 'keystore.pem');
      writeFileSync(keystore, readFileSync(key, 'utf8') + readFileSync(cert, 'utf8'));
      writeFileSync(
        config,
        [
          'process.roles=broker,controller',
          'node.id=1',
          `controller.quorum.voters=1@127.0.0.1:${port('plain')}`,
          'controller.listener.names=CONTROLLER',
          'inter.broker.listener.name=SSL',
          `listeners=SSL://127.0.0.1:${port('tls')},CONTROLLER://127.0.0.1:${port('plain')}`,
          `advertised.listeners=SSL://localhost:${port('tls')}`,
          'listener.security.protocol.map=SSL:SSL,CONTROLLER:PLAINTEXT',
          'ssl.keystore.type=PEM',
          `ssl.keystore.location=${keystore}`,
          'ssl.truststore.type=PEM',
          `ssl.truststore.location=${cert}`,
          `log.dirs=${directory}/logs`,
          'offsets.topic.replication.factor=1',
          'offsets.topic.num.partitions=1',
          'transaction.state.log.replication.factor=1',
          'group.initial.rebalance.delay.ms=0',
        ].join('\n'),
      );
      const java = (main: string, ...args: readonly string[]): string[] => [
        '-Xmx256m',
        '-cp',
        `${process.env['FERRULE_KAFKA']}/*`,
        main,
        ...args,
      ];
      execFileSync(
        path('java'),
        java('kafka.tools.StorageTool', 'format', '-t', 'MkU3OEVBNTcwNTJENDM2Qg', '-c', config),
        { stdio: 'ignore' },
      );
      return { command: path('java'), args: java('kafka.Kafka', config) };
    },
  },
};
