/** fetch through undici: its own, or the global one with a dispatcher for all. */
import { undiciConnect } from '@ferrule/node/adapters/undici';
import type { TlsConnector } from '@ferrule/node/duplex';
import { Agent, fetch as undiciFetch, getGlobalDispatcher, setGlobalDispatcher } from 'undici';

export async function post(connector: TlsConnector, host: string, port: number, body: string): Promise<string> {
  const agent = new Agent({ connect: undiciConnect(connector) });
  const response = await undiciFetch(`https://${host}:${port}/`, { method: 'POST', body, dispatcher: agent });
  const text = await response.text();
  await agent.close();
  return text;
}

export async function postGlobally(connector: TlsConnector, host: string, port: number, body: string): Promise<string> {
  const before = getGlobalDispatcher();
  const agent = new Agent({ connect: undiciConnect(connector) });
  setGlobalDispatcher(agent);
  const response = await fetch(`https://${host}:${port}/`, { method: 'POST', body });
  const text = await response.text();
  setGlobalDispatcher(before);
  await agent.close();
  return text;
}
