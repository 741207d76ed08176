/** Names under .example (RFC 2606) mean this machine. Loaded before the command, for screenshots. */
import dns from 'node:dns';

const { lookup } = dns;
dns.lookup = (name, options, callback) =>
  name.endsWith('.example') ? lookup('127.0.0.1', options, callback) : lookup(name, options, callback);
