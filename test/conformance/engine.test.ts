import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { engineSuite } from 'varve/testing'
import { describe, it } from 'vitest'
import { realContext } from '../../src/context.ts'
import type { Engine } from '../../src/engine.ts'
import { sqliteEngine } from '../../src/engines/sqlite.ts'

const folders = new Map<Engine, string>()
async function engineIn(path: string): Promise<Engine> {
  const engine = sqliteEngine(realContext(), join(path, 'state'), { folder: true, readOnly: false })
  await engine.open()
  folders.set(engine, path)
  return engine
}

engineSuite(
  { describe, it },
  {
    name: 'sqlite',
    create: () => engineIn(mkdtempSync(join(tmpdir(), 'varve-engine-'))),
    async reopen(engine) {
      await engine.close()
      return engineIn(folders.get(engine) ?? '')
    },
    async destroy(engine) {
      await engine.close()
      rmSync(folders.get(engine) ?? '', { recursive: true, force: true })
    },
  },
)
