import { storeSuite } from 'varve/testing'
import { describe, it } from 'vitest'
import { folder } from './harnesses.ts'

storeSuite({ describe, it }, folder())
