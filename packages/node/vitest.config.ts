import { testing } from '@ferrule/vitest-config';

// One of its modules replaces node:tls in the process.
export default testing({ isolate: true });
