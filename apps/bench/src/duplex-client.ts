/**
 * A client of the Duplex benchmark, in a process of its own: what one engine leaves to the compiler and the garbage
 * collector must not count against another. Its arguments are the {@link Peer}, its name and where it receives; to each
 * `download` or
 * `upload` of so many bytes it answers with the microseconds of CPU that it took.
 */
import { TlsConnector, type TlsDuplex } from '@ferrule/node/duplex';
import { BUFFER, HOST, NAME, nodeClient, type Peer, SOURCE, type TlsClient } from './native-clients.ts';
import { timed } from './pure-measure.ts';

export interface DuplexTask {
  readonly work: 'download' | 'upload';
  readonly bytes: number;
}
export type Receive = 'data' | 'onread';
export type ClientName = 'node:tls' | 'native' | 'pure';

const [peerText = '', name, receive] = process.argv.slice(2) as [string, ClientName, Receive];
const client =
  name === 'node:tls'
    ? nodeClient(JSON.parse(peerText) as Peer, receive)
    : duplexClient(JSON.parse(peerText) as Peer, name, receive);
process.on('message', ({ work, bytes }: DuplexTask) => {
  void timed(() => client[work](bytes))().then((microseconds) => process.send?.(microseconds));
});
process.on('disconnect', () => process.exit(0));

function duplexClient(
  { port, der }: Peer,
  backend: 'native' | 'pure',
  receive: Receive,
): Pick<TlsClient, 'download' | 'upload'> {
  const connector = new TlsConnector({
    backend,
    ca: Buffer.from(der, 'base64'),
    cipherSuites: [0x1301],
    sessions: false,
  });
  const open = (onData: (n: number) => void): TlsDuplex => {
    const onread = { buffer: Buffer.alloc(BUFFER), callback: (n: number): boolean => (onData(n), true) };
    const duplex = connector.duplex({ host: HOST, port, servername: NAME, ...(receive === 'onread' && { onread }) });
    if (receive === 'data') duplex.on('data', (chunk: Buffer) => onData(chunk.length));
    return duplex;
  };
  return {
    download: (bytes) =>
      new Promise((resolve, reject) => {
        let got = 0;
        const duplex = open((n) => (got += n));
        duplex.once('secureConnect', () => duplex.write(`D${bytes}\n`));
        duplex
          .on('close', () => (got === bytes ? resolve() : reject(new Error(`${got} of ${bytes} bytes came`))))
          .on('error', reject);
      }),
    upload: (bytes) =>
      new Promise((resolve, reject) => {
        let answered = false;
        const duplex = open(() => (answered = true));
        duplex.once('secureConnect', () => {
          duplex.write(`U${bytes}\n`);
          let left = bytes;
          const more = (): void => {
            while (left > 0) {
              const chunk = left < SOURCE.length ? SOURCE.subarray(0, left) : SOURCE;
              left -= chunk.length;
              if (!duplex.write(chunk)) return void duplex.once('drain', more);
            }
          };
          more();
        });
        duplex.on('close', () => (answered ? resolve() : reject(new Error('no answer')))).on('error', reject);
      }),
  };
}
