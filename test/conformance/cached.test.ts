import { storeSuite } from 'varve/testing'
import { describe, it } from 'vitest'
import { inMemory, readThrough } from './harnesses.ts'

storeSuite({ describe, it }, readThrough(inMemory()))
