export { default } from '@ferrule/eslint-config';
