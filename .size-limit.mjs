/** What a program pays for `open`: all that a store can do, with both engines. */
export default [
  {
    name: 'open, with its engines',
    path: 'dist/index.js',
    import: '{ open }',
    limit: '24 kB',
    modifyEsbuildConfig: (/** @type {object} */ config) => ({
      ...config,
      platform: 'node',
      format: 'esm',
    }),
  },
]
