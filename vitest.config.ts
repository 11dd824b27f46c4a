import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import type { ViteUserConfig } from 'vitest/config'

const source = (path: string): string => fileURLToPath(new URL(`./src/${path}`, import.meta.url))

const config: ViteUserConfig = defineConfig({
  resolve: {
    // As in tsconfig.json: a test that imports 'varve' tests the source. Tests of what is published spawn node on dist.
    alias: [
      { find: /^varve$/, replacement: source('index.ts') },
      { find: /^varve\/testing$/, replacement: source('testing/index.ts') },
    ],
  },
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    // Processes of their own: tests here open native databases, kill children and fill file descriptors.
    pool: 'forks',
    // Many tests start child processes: a third worker on two cores only makes their timing worse.
    maxWorkers: 2,
    maxConcurrency: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      exclude: ['src/**/*.test.ts', 'src/**/*.test-d.ts'],
    },
  },
})

export default config
