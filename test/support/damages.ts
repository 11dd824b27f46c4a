import {
  closeSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readSync,
  statSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'

/** Random numbers that can be had again: the same seed, the same damage. */
export function randomFrom(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

const block = 2_048

type Damage = (file: number, size: number, random: (below: number) => number) => string

const flippedBit: Damage = (file, size, random) => {
  const [at, bit] = [random(size), random(8)]
  const byte = Buffer.alloc(1)
  readSync(file, byte, 0, 1, at)
  byte[0] = (byte[0] ?? 0) ^ (1 << bit)
  writeSync(file, byte, 0, 1, at)
  return `bit ${bit} of byte ${at} flipped`
}

const damages: readonly Damage[] = [
  flippedBit,
  function blanked(file, size, random) {
    const at = random(Math.max(1, Math.floor(size / 512))) * 512
    const length = Math.min(size - at, [512, block, 4_096][random(3)] ?? block)
    writeSync(file, Buffer.alloc(length), 0, length, at)
    return `${length} bytes at ${at} zeroed`
  },
  function garbage(file, size, random) {
    const at = random(size)
    const length = Math.min(size - at, 1 + random(block))
    writeSync(file, Buffer.from(Array.from({ length }, () => random(256))), 0, length, at)
    return `${length} bytes of garbage at ${at}`
  },
  function truncated(file, size, random) {
    const length = random(2) === 0 ? random(size) : Math.floor(random(size) / block) * block
    ftruncateSync(file, length)
    return `cut from ${size} to ${length} bytes`
  },
  function swapped(file, size, random) {
    const blocks = Math.floor(size / block)
    if (blocks < 2) return flippedBit(file, size, random)
    const first = random(blocks)
    const second = (first + 1 + random(blocks - 1)) % blocks
    const [a, b] = [Buffer.alloc(block), Buffer.alloc(block)]
    readSync(file, a, 0, block, first * block)
    readSync(file, b, 0, block, second * block)
    writeSync(file, a, 0, block, second * block)
    writeSync(file, b, 0, block, first * block)
    return `blocks ${first} and ${second} of ${block} bytes swapped`
  },
]

/** Damages one file of a store that nobody has open; says which and how. */
export function damageSomewhere(
  folder: string,
  random: (below: number) => number,
): { readonly file: string; readonly what: string } {
  const files = readdirSync(folder).filter(
    (name) => !name.endsWith('-shm') && statSync(join(folder, name)).size > 100,
  )
  const name = files[random(files.length)] ?? ''
  const file = openSync(join(folder, name), 'r+')
  try {
    const damage = damages[random(damages.length)] as Damage
    return { file: name, what: damage(file, fstatSync(file).size, random) }
  } finally {
    closeSync(file)
  }
}
