import { testing } from '@ferrule/vitest-config';

// A page takes its time where others compute beside it
export default testing({ testTimeout: 120_000 });
