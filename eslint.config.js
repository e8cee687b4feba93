import redos from 'eslint-plugin-redos'
import importSort from 'eslint-plugin-simple-import-sort'
import tseslint from 'typescript-eslint'

export default tseslint.config(
  { ignores: ['dist', '.tap', 'node_modules', '**/*.js'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true } },
    plugins: { 'import-sort': importSort },
    rules: {
      // One block: Node's modules, packages, then our own files.
      'import-sort/imports': ['error', { groups: [['^node:', '^@?\\w', '^\\.\\.', '^\\.']] }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }]
    }
  },
  {
    // Strings of users reach these patterns, and one that backtracks keeps every other review waiting. A
    // timeout of the check fails, too.
    files: ['src/**'],
    plugins: { redos },
    rules: {
      'redos/no-vulnerable': ['error', { ignoreErrors: false, timeout: 60_000 }],
      'no-restricted-syntax': [
        'error',
        {
          selector: ":matches(NewExpression, CallExpression)[callee.name='RegExp']",
          message: 'write the pattern as a literal, so that it is checked for backtracking'
        }
      ]
    }
  },
  {
    files: ['test/**'],
    rules: {
      '@typescript-eslint/no-floating-promises': 'off', // tap's t.test returns a promise that the runner awaits
      '@typescript-eslint/await-thenable': 'off' // an answer may be there at once; Promise.all takes both
    }
  }
)
