/** What a program pays for `open` with all that a store can do; the engines, one of which it uses, are not counted. */
export default [
  {
    name: 'open, without engines',
    path: 'dist/index.js',
    import: '{ open }',
    limit: '24 kB',
    modifyEsbuildConfig: (/** @type {object} */ config) => ({
      ...config,
      platform: 'node',
      format: 'esm',
      external: ['./engines/*', '../engines/*'],
    }),
  },
]
