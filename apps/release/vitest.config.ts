import { testing } from '@ferrule/vitest-config';

// Each file starts programs, and loads little itself.
export default testing({ isolate: true });
