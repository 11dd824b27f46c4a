import { storeSuite } from 'varve/testing'
import { describe, it } from 'vitest'
import { inMemory } from './harnesses.ts'

storeSuite({ describe, it }, inMemory())
