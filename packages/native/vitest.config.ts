import { testing } from '@ferrule/vitest-config';

// Its tests load the addon in ways that a process allows once.
export default testing({ isolate: true });
