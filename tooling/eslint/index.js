/**
 * The one lint configuration, for one run over everything or `npx eslint .` in a package. The type-aware rules go by
 * one program, too: to start ESLint and to read the libraries' types once per package took four minutes.
 */
import { join } from 'node:path';
import js from '@eslint/js';
import ts from 'typescript';
import tseslint from 'typescript-eslint';
import { boundaries } from './rules/boundaries.js';
import { noFloatingSteps } from './rules/no-floating-steps.js';
import { noForgedProof } from './rules/no-forged-proof.js';

const WORKSPACES = '{packages,apps,tooling}/*';
const TESTS = ['**/*.test.ts', ...['test', 'bench', 'scripts'].map((folder) => `${WORKSPACES}/${folder}/**`)];

const root = join(import.meta.dirname, '../..');
const project = 'tsconfig.all.json';
/** The folders of that program; the TypeScript outside them, configurations mostly, is linted without types. */
const { include, exclude } = ts.readConfigFile(join(root, project), ts.sys.readFile).config;
const typed = include.map((folder) => `${folder}/**/*.ts`);

/** A comment begins with a capital, or with a name that has none: of the wire, of a variable, of a library. */
const LIBRARIES =
  'axios|commander|compopt|got|grpc|keyv|ldapts|lld|libpq|nodemailer|noble|openssl|ssh|undici|vitest|workerd|zig';
const NAME_FIRST = String.raw`(?:${LIBRARIES}|alpha|delta|gamma|ecdsa|ipskx|nodelete|null|undefined|[b-z])(?!\w)|[a-z]\w*(?:[_A-Z0-9]|\(\)|[.:/[(]\w)`;

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
  ignores: [...typed, ...exclude.map((file) => `!${file}`)],
  extends: [tseslint.configs.recommended],
};

const typescript = {
  name: 'ferrule/typescript',
  files: typed,
  ignores: exclude,
  extends: [tseslint.configs.recommendedTypeChecked],
  plugins: { ferrule },
  languageOptions: { parserOptions: { project, tsconfigRootDir: root } },
  rules: {
    'ferrule/no-floating-steps': 'error',
    'ferrule/no-forged-proof': 'error',
    '@typescript-eslint/consistent-type-exports': 'error',
    '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
    '@typescript-eslint/no-import-type-side-effects': 'error',
    '@typescript-eslint/no-explicit-any': 'error',
    // The types of a default export, as @types/node has them
    '@typescript-eslint/no-namespace': ['error', { allowDeclarations: true }],
    // What is merged with the interface of the same name, as the codes of errors are
    '@typescript-eslint/no-empty-object-type': ['error', { allowInterfaces: 'with-single-extends' }],
    '@typescript-eslint/no-floating-promises': ['error', { ignoreVoid: true }],
    // A program may know what it parsed; a library says what it does when it was wrong
    '@typescript-eslint/no-non-null-assertion': 'off',
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
    // Sources are compiled without the types of Node, and linted with them: what is needed there may look needless here
    '@typescript-eslint/no-unnecessary-type-assertion': 'off',
    // What was caught, of whatever type, may be kept and thrown again
    '@typescript-eslint/only-throw-error': 'off',
    'no-throw-literal': 'error',
    // `String(cause)` of whatever someone threw is the best there is
    '@typescript-eslint/no-base-to-string': 'off',
    // Numbers read well in messages; anything else must say how it becomes a string
    '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
    // Options and records of functions are taken apart freely here; none of them knows a `this`
    '@typescript-eslint/unbound-method': 'off',
    // `async` where an interface asks for a promise is no mistake
    '@typescript-eslint/require-await': 'off',
  },
};

const everywhere = {
  name: 'ferrule/everywhere',
  plugins: { ferrule },
  // No eslint-disable: a rule that is wrong is changed here, for all
  linterOptions: { noInlineConfig: true },
  rules: {
    'ferrule/boundaries': 'error',
    'capitalized-comments': [
      'error',
      'always',
      { line: { ignoreConsecutiveComments: true, ignorePattern: NAME_FIRST }, block: { ignorePattern: '.*' } },
    ],
    'no-restricted-syntax': [
      'error',
      {
        selector:
          ':matches(Program, ExportNamedDeclaration) > VariableDeclaration > VariableDeclarator:not([id.typeAnnotation]) > ArrowFunctionExpression[body.type="BlockStatement"]',
        message: 'A function of a module that has statements is a declaration; an arrow is one expression.',
      },
      {
        selector: 'ExportAllDeclaration[exportKind="value"][source.value=/^(@ferrule\\u002F|ferrule)/]',
        message: 'For Node several entry points may be one file (ADR 0135): name what is handed on.',
      },
    ],
    eqeqeq: 'error',
    'max-lines': ['error', 800],
    'no-else-return': 'error',
    'no-var': 'error',
    'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx', 'prettier-ignore'] }],
    'object-shorthand': 'error',
    'prefer-const': ['error', { destructuring: 'all' }],
    // Steps that happen not to wait are steps still
    'require-yield': 'off',
    // Parsers look for control characters
    'no-control-regex': 'off',
    // `for (;;)` is how a loop that ends inside is written
    'no-constant-condition': ['error', { checkLoops: 'allExceptWhileTrue' }],
  },
};

const libraries = {
  name: 'ferrule/libraries',
  files: ['packages/*/src/**/*.ts'],
  ignores: TESTS,
  rules: { 'no-console': 'error', '@typescript-eslint/no-non-null-assertion': 'error' },
};

const tests = {
  name: 'ferrule/tests',
  files: TESTS,
  rules: {
    // Tests give what the types forbid
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
  typescript,
  everywhere,
  libraries,
  tests,
);
