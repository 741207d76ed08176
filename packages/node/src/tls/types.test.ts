/** Code that compiles with node:tls compiles with this face. */
import tls from './index.ts';
import type * as all from './index.ts';
import { expectTypeOf, it } from 'vitest';

it('has the types of node:tls, by default import and by names', () => {
  const options: tls.ConnectionOptions = {
    host: 'localhost',
    port: 443,
    minVersion: 'TLSv1.2' satisfies tls.SecureVersion,
  };
  const open = (given: all.ConnectionOptions): tls.TLSSocket => tls.connect(given);
  expectTypeOf(open).toBeCallableWith(options);
  const subjectOf = (socket: tls.TLSSocket): tls.Certificate =>
    (socket.getPeerCertificate() as tls.PeerCertificate).subject;
  expectTypeOf(subjectOf).returns.toEqualTypeOf<tls.Certificate>();
  expectTypeOf<ReturnType<typeof tls.createSecureContext>>().toExtend<all.SecureContext>();
  expectTypeOf<all.SecureContextOptions>().toEqualTypeOf<tls.SecureContextOptions>();
  expectTypeOf<all.DetailedPeerCertificate>().toEqualTypeOf<tls.DetailedPeerCertificate>();
});
