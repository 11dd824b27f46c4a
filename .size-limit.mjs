/** @param {object} config */
const modifyEsbuildConfig = (config) => ({
  ...config,
  platform: 'node',
  format: 'esm',
  external: ['./engines/*', '../engines/*'],
})

/** What a program pays for a name with all that it can do; the engines, one of which it uses, are not counted. */
export default [
  {
    name: 'open, without engines',
    path: 'dist/index.js',
    import: '{ open }',
    limit: '64 kB',
    modifyEsbuildConfig,
  },
  { name: 'Cache alone', path: 'dist/index.js', import: '{ Cache }', limit: '14 kB', modifyEsbuildConfig },
]
