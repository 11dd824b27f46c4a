import { storeSuite } from 'varve/testing'
import { describe, it } from 'vitest'
import { file, scoped } from './harnesses.ts'

storeSuite({ describe, it }, scoped(file()))
