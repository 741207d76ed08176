// A node:tls server in a thread of its own, for tests whose own thread stands still. Says its port and what became of
// it.
import { createServer } from 'node:tls';
import { parentPort, workerData } from 'node:worker_threads';

const { act, ...options } = workerData;
const server = createServer({ ...options, allowHalfOpen: true, noDelay: true }, (socket) => {
  socket.on('error', (error) => parentPort.postMessage({ error: error.code }));
  // end() in the tick of the handshake would close without close_notify
  if (act === 'greet') socket.write('greetings', () => setImmediate(() => socket.end()));
  else socket.pipe(socket);
  socket.on('end', () => parentPort.postMessage({ ended: true }));
});
server.on('tlsClientError', (error) => parentPort.postMessage({ error: error.code }));
server.listen(0, '127.0.0.1', () => parentPort.postMessage({ port: server.address().port }));
