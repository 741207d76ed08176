/** Serves the other end of a blocking BIO as the test asks: `echo`, or a few set pieces. */
import { sharedBio } from '@ferrule/bio';
import { workerData } from 'node:worker_threads';

const { memory, act } = workerData as { readonly memory: SharedArrayBuffer; readonly act: string };
const bio = sharedBio(memory);
const alive = setInterval(() => undefined, 1 << 30);

switch (act) {
  case 'echo':
    for (;;) {
      for (let view = bio.nread0(); view.length > 0; view = bio.nread0()) {
        const n = bio.write(view);
        if (n <= 0) break;
        bio.nread(n);
      }
      if (bio.eof || bio.error !== undefined) break;
      await bio.changed();
    }
    bio.shutdownWrite();
    break;
  case 'dribble':
    for (let i = 0; i < 40; i++) {
      bio.write(Uint8Array.of(i));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    bio.shutdownWrite();
    break;
  case 'fail':
    bio.write(Uint8Array.of(1));
    bio.fail(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
    break;
  default:
    break;
}
clearInterval(alive);
