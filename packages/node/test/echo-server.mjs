// A TCP server in a thread of its own, for tests whose own thread stands still. Says its port, then does as it is told.
import { createServer } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';

const acts = {
  echo: (socket) => socket.pipe(socket),
  silent: (socket) => socket.resume().on('end', () => socket.end()),
  reset: (socket) => socket.once('data', () => socket.resetAndDestroy()),
  greetAndEnd: (socket) => socket.end('hello'),
  // The same, and sends what nobody reads
  floodingSink: (socket) => {
    socket.write(Buffer.alloc(200_000));
    acts.slowSink(socket);
  },
  // Reads nothing for a while, then all of it, and says how much and how it ended
  slowSink: (socket) => {
    let bytes = 0;
    socket.pause();
    setTimeout(() => socket.resume(), 200);
    socket.on('data', (chunk) => (bytes += chunk.length));
    socket.on('end', () => {
      socket.end();
      parentPort.postMessage({ bytes });
    });
  },
};

const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
  socket.on('error', () => undefined);
  socket.on('close', () => parentPort.postMessage({ closed: true }));
  acts[workerData.act](socket);
});
server.listen(workerData.path ?? { host: '127.0.0.1', port: 0 }, () =>
  parentPort.postMessage({ port: server.address().port }),
);
