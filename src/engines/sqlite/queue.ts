import { constants } from 'node:fs'
import type { Context } from '../../context.ts'

/**
 * Fair turns for writing processes. SQLite's write lock has no queue: whoever polls at the right moment gets it, and a busy
 * writer starves the others. So whoever finds the lock taken puts its name into a small file beside the database, and the
 * others let the one that waits longest go first. These are hints only: the lock itself stays SQLite's, a name that is not
 * renewed is soon ignored, and a damaged file costs nothing but fairness.
 *
 * The file's first 16 bytes hold the newest revision that is known to have reached the disk, so that a write-ahead log that
 * was cut short is noticed at the next open.
 */
const HEADER = 16
const SLOTS = 64
const SLOT = 24
const SIZE = HEADER + SLOTS * SLOT
/** A name that was not renewed for so long belongs to nobody any more. */
const STALE_MS = 100
/** How long a writer may go on beside others that wait. */
const SLICE_MS = 3
/** How often a writer that nobody disturbs looks whether somebody waits. */
const LOOK_MS = 1
/** Tells a mark from the zeros of a new file. */
const MARK_CHECK = 0x76617276

interface Waiting {
  readonly index: number
  readonly owner: number
  readonly since: number
  readonly seen: number
}

export class WriterQueue {
  readonly #context: Context
  readonly #fd: number
  readonly #owner: number
  readonly #bytes = Buffer.alloc(SIZE)
  #slot = -1
  #since = 0
  #looked = 0
  #sliceEnds = 0

  constructor(context: Context, path: string) {
    this.#context = context
    this.#fd = context.fs.openSync(path, constants.O_RDWR | constants.O_CREAT, 0o644)
    this.#owner = 1 + Math.floor(context.random() * 2 ** 52)
  }

  close(): void {
    this.leave()
    this.#context.fs.closeSync(this.#fd)
  }

  /** Whether this process may try for the lock now. */
  mayGo(): boolean {
    const now = this.#context.ticks()
    if (this.#slot < 0) {
      if (now - this.#looked < LOOK_MS) return true
      this.#looked = now
    }
    const first = this.#first()
    if (first === undefined || first.owner === this.#owner) return true
    // Not in the queue: the rest of a slice may be used up first, handing over at every write would cost more than it gives.
    return this.#slot < 0 && now < this.#sliceEnds
  }

  /** Called after each write. */
  wrote(): void {
    const now = this.#context.ticks()
    if (this.#slot >= 0) {
      this.leave()
      this.#sliceEnds = now + SLICE_MS
    } else if (now > this.#sliceEnds + SLICE_MS) {
      this.#sliceEnds = now + SLICE_MS
    }
  }

  /** Puts this process into the queue, or renews its place. */
  enter(): void {
    const now = this.#context.wall()
    if (this.#slot < 0) this.#since = now
    this.#read()
    if (this.#slot < 0 || this.#at(this.#slot).owner !== this.#owner) this.#slot = this.#freeSlot(now)
    this.#write(this.#slot, this.#owner, this.#since, now)
  }

  leave(): void {
    if (this.#slot < 0) return
    this.#write(this.#slot, 0, 0, 0)
    this.#slot = -1
  }

  /** The newest revision that was on the disk; 0: none is known. */
  readMark(): number {
    this.#read()
    const revision = this.#bytes.readDoubleLE(0)
    const check = this.#bytes.readDoubleLE(8)
    return Number.isSafeInteger(revision) && revision > 0 && check === -(revision + MARK_CHECK) ? revision : 0
  }

  writeMark(revision: number): void {
    const bytes = Buffer.alloc(HEADER)
    bytes.writeDoubleLE(revision, 0)
    bytes.writeDoubleLE(-(revision + MARK_CHECK), 8)
    this.#writeBytes(bytes, 0)
  }

  /** A file that cannot be read is an empty queue: the database itself will say what is wrong with the disk. */
  #read(): void {
    let got = 0
    try {
      got = this.#context.fs.readSync(this.#fd, this.#bytes, 0, SIZE, 0)
    } catch {
      // Only hints are lost.
    }
    this.#bytes.fill(0, got)
  }

  #writeBytes(bytes: Buffer, place: number): void {
    try {
      this.#context.fs.writeSync(this.#fd, bytes, 0, bytes.length, place)
    } catch {
      // Only hints are lost.
    }
  }

  #at(index: number): Waiting {
    const offset = HEADER + index * SLOT
    return {
      index,
      owner: this.#bytes.readDoubleLE(offset),
      since: this.#bytes.readDoubleLE(offset + 8),
      seen: this.#bytes.readDoubleLE(offset + 16),
    }
  }

  /** Who has waited longest, of those who still wait. */
  #first(): Waiting | undefined {
    this.#read()
    const now = this.#context.wall()
    let first: Waiting | undefined
    for (let i = 0; i < SLOTS; i++) {
      const offset = HEADER + i * SLOT
      if (this.#bytes.readDoubleLE(offset) === 0) continue
      const waiting = this.#at(i)
      if (Math.abs(now - waiting.seen) > STALE_MS) continue
      if (
        first === undefined ||
        waiting.since < first.since ||
        (waiting.since === first.since && waiting.owner < first.owner)
      )
        first = waiting
    }
    return first
  }

  #freeSlot(now: number): number {
    const start = this.#owner % SLOTS
    for (let i = 0; i < SLOTS; i++) {
      const waiting = this.#at((start + i) % SLOTS)
      if (waiting.owner === 0 || !(Math.abs(now - waiting.seen) <= STALE_MS)) return waiting.index
    }
    return start
  }

  #write(index: number, owner: number, since: number, seen: number): void {
    const bytes = Buffer.alloc(SLOT)
    bytes.writeDoubleLE(owner, 0)
    bytes.writeDoubleLE(since, 8)
    bytes.writeDoubleLE(seen, 16)
    this.#writeBytes(bytes, HEADER + index * SLOT)
  }
}
