import tseslint from 'typescript-eslint'

export default tseslint.config(
  { ignores: ['dist', '.tap', 'node_modules', '**/*.js'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }]
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
