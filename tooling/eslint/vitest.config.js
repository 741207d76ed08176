import { testing } from '@ferrule/vitest-config';

export default testing({ include: ['**/*.test.js'] });
