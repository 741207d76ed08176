/** LDAP through ldapts: ldaps:// (636), or startTLS() (389). */
import { ldapOptions } from '@ferrule/node/adapters/ldapts';
import type { TlsConnector } from '@ferrule/node/duplex';
import { Client } from 'ldapts';

export async function bind(connector: TlsConnector, host: string, port: number, starttls: boolean): Promise<void> {
  const client = new Client(ldapOptions(connector, { url: `${starttls ? 'ldap' : 'ldaps'}://${host}:${port}` }));
  if (starttls) await client.startTLS();
  await client.bind('cn=admin,dc=test', 'secret');
  await client.unbind();
}
