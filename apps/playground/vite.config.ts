import { page } from './src/page.ts';

export default page();
