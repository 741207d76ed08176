/** @module Writes docs/jobs.md: `npm run docs:jobs`. */
import { writeFileSync } from 'node:fs';
import { jobsPage } from './jobs.ts';

writeFileSync(new URL('../../../docs/jobs.md', import.meta.url), jobsPage());
