/**
 * The one lint configuration. A package's `eslint.config.js` re-exports it and is run from the package's folder; the
 * program for the type-aware rules is the one that knows the tests too (`tsconfig.test.json` where there is one).
 */
import { existsSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import js from '@eslint/js';
import tseslint from 'typescript-eslint';
import { boundaries } from './rules/boundaries.js';
import { noFloatingSteps } from './rules/no-floating-steps.js';
import { noForgedProof } from './rules/no-forged-proof.js';

const TESTS = ['**/*.test.ts', 'test/**', 'bench/**', 'scripts/**'];

const here = process.cwd();
const isLibrary = relative(join(import.meta.dirname, '../..'), here).split(sep)[0] === 'packages';
const project = ['tsconfig.test.json', 'tsconfig.json'].find((name) => existsSync(`${here}/${name}`));
/** The folders of that program; the TypeScript outside them, configurations mostly, is linted without types. */
const folders = project === undefined ? [] : JSON.parse(readFileSync(`${here}/${project}`, 'utf8')).include;
const typed = folders.map((folder) => `${folder}/**/*.ts`);

const ferrule = { rules: { boundaries, 'no-floating-steps': noFloatingSteps, 'no-forged-proof': noForgedProof } };

/** Plain JavaScript: configurations and worker bootstraps. */
const script = {
  name: 'ferrule/javascript',
  files: ['**/*.js', '**/*.mjs', '**/*.cjs'],
  languageOptions: {
    globals: Object.fromEntries(
      [
        'process',
        'console',
        'URL',
        'Buffer',
        'setTimeout',
        'clearTimeout',
        'setInterval',
        'clearInterval',
        'setImmediate',
        'queueMicrotask',
        'AbortController',
        'WebSocket',
        'performance',
        'TextEncoder',
        'TextDecoder',
        'fetch',
        'require',
        'module',
        '__dirname',
        '__filename',
      ].map((name) => [name, 'readonly']),
    ),
  },
};

const untyped = {
  name: 'ferrule/untyped',
  files: ['**/*.ts'],
  ignores: typed,
  extends: [tseslint.configs.recommended],
};

const typescript = {
  name: 'ferrule/typescript',
  files: typed,
  extends: [tseslint.configs.recommendedTypeChecked],
  plugins: { ferrule },
  languageOptions: { parserOptions: { project, tsconfigRootDir: here } },
  rules: {
    'ferrule/no-floating-steps': 'error',
    'ferrule/no-forged-proof': 'error',
    '@typescript-eslint/consistent-type-exports': 'error',
    '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
    '@typescript-eslint/no-import-type-side-effects': 'error',
    '@typescript-eslint/no-explicit-any': 'error',
    '@typescript-eslint/no-floating-promises': ['error', { ignoreVoid: true }],
    // a program may know what it parsed; a library says what it does when it was wrong
    '@typescript-eslint/no-non-null-assertion': isLibrary ? 'error' : 'off',
    '@typescript-eslint/no-unused-expressions': ['error', { allowShortCircuit: true, allowTernary: true }],
    '@typescript-eslint/no-unused-vars': [
      'error',
      { args: 'after-used', argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'all' },
    ],
    // isolatedDeclarations wants `readonly blocking: false = false`
    '@typescript-eslint/prefer-as-const': 'off',
    '@typescript-eslint/prefer-readonly': 'error',
    '@typescript-eslint/return-await': ['error', 'error-handling-correctness-only'],
    '@typescript-eslint/switch-exhaustiveness-check': [
      'error',
      { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: false },
    ],
    // sources are compiled without the types of Node, and linted with them: what is needed there may look needless here
    '@typescript-eslint/no-unnecessary-type-assertion': 'off',
    // what was caught, of whatever type, may be kept and thrown again
    '@typescript-eslint/only-throw-error': 'off',
    'no-throw-literal': 'error',
    // `String(cause)` of whatever someone threw is the best there is
    '@typescript-eslint/no-base-to-string': 'off',
    // numbers read well in messages; anything else must say how it becomes a string
    '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
    // options and records of functions are taken apart freely here; none of them knows a `this`
    '@typescript-eslint/unbound-method': 'off',
    // `async` where an interface asks for a promise is no mistake
    '@typescript-eslint/require-await': 'off',
  },
};

const everywhere = {
  name: 'ferrule/everywhere',
  plugins: { ferrule },
  // no eslint-disable: a rule that is wrong is changed here, for all
  linterOptions: { noInlineConfig: true },
  rules: {
    'ferrule/boundaries': 'error',
    eqeqeq: 'error',
    'max-lines': ['error', 800],
    'no-else-return': 'error',
    'no-var': 'error',
    'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx'] }],
    'object-shorthand': 'error',
    'prefer-const': ['error', { destructuring: 'all' }],
    // steps that happen not to wait are steps still
    'require-yield': 'off',
    // parsers look for control characters
    'no-control-regex': 'off',
    // `for (;;)` is how a loop that ends inside is written
    'no-constant-condition': ['error', { checkLoops: 'allExceptWhileTrue' }],
  },
};

const libraries = {
  name: 'ferrule/libraries',
  files: ['src/**/*.ts'],
  ignores: TESTS,
  rules: { 'no-console': isLibrary ? 'error' : 'off' },
};

const tests = {
  name: 'ferrule/tests',
  files: TESTS,
  rules: {
    // tests give what the types forbid
    'ferrule/no-forged-proof': 'off',
    '@typescript-eslint/no-non-null-assertion': 'off',
    '@typescript-eslint/no-unsafe-argument': 'off',
    '@typescript-eslint/no-unsafe-assignment': 'off',
    '@typescript-eslint/no-unsafe-call': 'off',
    '@typescript-eslint/no-unsafe-member-access': 'off',
    '@typescript-eslint/no-unsafe-return': 'off',
    '@typescript-eslint/no-empty-function': 'off',
    '@typescript-eslint/restrict-template-expressions': 'off',
    'no-empty': 'off',
  },
};

export default tseslint.config(
  {
    name: 'ferrule/ignores',
    ignores: ['**/dist/**', '**/build/**', '**/prebuilds/**', '**/coverage/**', '**/node_modules/**'],
  },
  js.configs.recommended,
  script,
  untyped,
  ...(typed.length > 0 ? [typescript] : []),
  everywhere,
  libraries,
  tests,
);
