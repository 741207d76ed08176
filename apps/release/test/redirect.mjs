/** Loaded before an example: the hosts that it names are servers of the test, REDIRECT says on which ports. */
import { Socket } from 'node:net';

const ports = JSON.parse(process.env.REDIRECT ?? '{}');
const { connect } = Socket.prototype;

/** net.connect() hands its arguments on as [options, listener]. */
Socket.prototype.connect = function (...given) {
  const [first] = given;
  const [options] = Array.isArray(first) ? first : [first];
  if (typeof options === 'object' && options !== null) redirect(options);
  return Reflect.apply(connect, this, given);
};

function redirect(options) {
  const { host, port } = options;
  if (!/\.(example|org|com)$/.test(host ?? '')) return;
  const there = ports[`${host}:${port}`];
  if (there === undefined) throw new Error(`the example connects to ${host}:${port}, which the test does not have`);
  Object.assign(options, { host: '127.0.0.1', port: there });
}
