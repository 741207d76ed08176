/** @module The worker of `blocking.ts`: serves each memory it is sent, so that the thread under test may wait. */
import type { TLSSocket } from 'node:tls';
import { parentPort } from 'node:worker_threads';
import { sharedBio, type SharedBio } from '@ferrule/bio';
import type { BlockingScene } from './blocking.ts';
import { ScriptedPeer, Wire } from './server/peer.ts';
import { echo, TestServer } from './server/tls-server.ts';

parentPort?.on('message', (scene: BlockingScene) => {
  const net = sharedBio(scene.memory);
  serve(scene, net).catch((error: unknown) => net.fail(error instanceof Error ? error : new Error(String(error))));
});

async function serve({ act, identity, tls }: BlockingScene, net: SharedBio): Promise<void> {
  if (act === 'silence') return;
  if (act === 'failure') return net.fail(new Error('the cable was cut'));
  if (act === 'eof') return pump(new ScriptedPeer(''), net);
  if (act === 'alert') return pump(new ScriptedPeer(new Uint8Array([21, 3, 3, 0, 2, 2, 40])), net);
  if (act === 'http') return pump(new ScriptedPeer('HTTP/1.1 400 Bad Request\r\n\r\n'), net);
  const server = await TestServer.make({ ...tls, identity });
  const wire = server.open();
  // No connection is what some scenes are about
  server.accepted().then(
    (socket) => play(act, socket, wire),
    () => {},
  );
  return pump(wire, net);
}

function play(act: BlockingScene['act'], socket: TLSSocket, wire: Wire): void {
  if (act === 'echo') echo(socket);
  if (act === 'goodbye') socket.end('goodbye');
  if (act === 'cut') socket.write('half a', () => setTimeout(() => wire.cut(), 20));
}

async function pump(peer: Wire | ScriptedPeer, net: SharedBio): Promise<void> {
  if (peer instanceof Wire) peer.onNews = () => void peer.pour(net);
  for (;;) {
    await peer.flush(net);
    if (peer instanceof Wire) peer.pour(net);
    else await peer.fill(net);
    if (net.error !== undefined || net.eof) return;
    await net.changed();
  }
}
