import { testing } from '@ferrule/vitest-config';

// Its tests replace the streams and the environment of the process.
export default testing({ isolate: true });
