import { Fifo } from './fifo.ts'
import { Lfu } from './lfu.ts'
import { Lru } from './lru.ts'
import type { Policy, Slots } from './policy.ts'
import { S3Fifo } from './s3fifo.ts'
import { Sieve } from './sieve.ts'
import { Soonest } from './soonest.ts'
import { TinyLfu } from './tinylfu.ts'

/** What a policy may ask. */
export interface PolicyDoors {
  /** The slot that ends first, or -1. */
  soonest(): number
  random(): number
}

/** The policy of this name, at work on these slots. */
export function policyNamed(
  name: 'lru' | 'lfu' | 'fifo' | 'ttl' | 'sieve' | 's3fifo' | 'tinylfu',
  slots: Slots,
  doors: PolicyDoors,
): Policy {
  switch (name) {
    case 'lru':
      return new Lru()
    case 'lfu':
      return new Lfu()
    case 'fifo':
      return new Fifo()
    case 'ttl':
      return new Soonest(() => doors.soonest())
    case 'sieve':
      return new Sieve(slots)
    case 's3fifo':
      return new S3Fifo(slots)
    case 'tinylfu':
      return new TinyLfu(slots, () => doors.random())
  }
}

/** Whether the policy of this name remembers keys that have gone, by their hash. */
export function remembersKeys(name: string): boolean {
  return name === 's3fifo' || name === 'tinylfu'
}
