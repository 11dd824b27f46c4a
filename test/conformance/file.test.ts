import { storeSuite } from 'varve/testing'
import { describe, it } from 'vitest'
import { file } from './harnesses.ts'

storeSuite({ describe, it }, file())
