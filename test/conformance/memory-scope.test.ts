import { storeSuite } from 'varve/testing'
import { describe, it } from 'vitest'
import { inMemory, scoped } from './harnesses.ts'

storeSuite({ describe, it }, scoped(inMemory()))
