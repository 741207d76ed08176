import { testing } from '@ferrule/vitest-config';

export default testing();
