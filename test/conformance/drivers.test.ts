import { storeSuite } from 'varve/testing'
import { describe, it } from 'vitest'
import { otherDrivers } from './harnesses.ts'

const drivers = otherDrivers()
for (const harness of drivers) storeSuite({ describe, it }, harness)
if (drivers.length === 0) it.skip('this machine offers one driver only', () => undefined)
