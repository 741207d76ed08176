/**
 * Connects to the port given without saying whom to trust, by node:tls and by both engines, and prints the verdicts.
 */
import { connect as tlsConnect } from 'node:tls';
import { connect, TlsError } from 'ferrule';

const to = { host: '127.0.0.1', port: Number(process.argv[2]), servername: 'server.test' };
const UNTRUSTED = /^(SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_|CERT_UNTRUSTED|CERT_.*ROOT)/;

const verdicts = {
  'node:tls': await new Promise((resolve) => {
    const socket = tlsConnect(to, () => {
      socket.destroy();
      resolve('trusted');
    });
    socket.on('error', (error) => resolve(UNTRUSTED.test(error.code ?? '') ? 'refused' : String(error)));
  }),
};
for (const backend of ['pure', 'native']) {
  verdicts[backend] = await connect({ ...to, backend }).then(
    (connection) => {
      void connection.close();
      return 'trusted';
    },
    (error) =>
      (TlsError.is(error) && UNTRUSTED.test(error.code)) || /no trust anchors: --use-openssl-ca/.test(String(error))
        ? 'refused'
        : String(error),
  );
}
console.log(JSON.stringify(verdicts));
