import { execFileSync } from 'node:child_process'
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from './folders.ts'
import { pause } from './stores.ts'

/** Runs a command and returns what it printed; throws with its error text if it fails. */
export function run(command: string, ...args: string[]): string {
  return execFileSync(command, args, { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' })
}

function fails(command: string, ...args: string[]): boolean {
  try {
    run(command, ...args)
    return false
  } catch {
    return true
  }
}

/** Why this machine cannot mount, or undefined if it can. */
export function whyNoMount(): string | undefined {
  if (process.platform !== 'linux') return 'needs Linux'
  if (process.getuid?.() !== 0) return 'needs root, to mount'
  const path = join(temporaryFolder(), 'try')
  mkdirSync(path)
  if (fails('mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', path)) return 'mounting is not allowed here'
  run('umount', path)
  return undefined
}

/** Why this machine cannot cut the power of a disk of ours, or undefined if it can. */
export async function whyNoPowerCut(): Promise<string | undefined> {
  const reason = whyNoMount()
  if (reason !== undefined) return reason
  const disk = new LoopDisk(temporaryFolder())
  try {
    disk.format()
    disk.mount()
  } catch {
    return 'mounting a file as a disk is not allowed here'
  }
  try {
    disk.cut()
    return undefined
  } catch {
    return 'needs xfs_io or perl, to shut a file system down'
  } finally {
    await disk.unmount()
  }
}

/** A process may hold a file for a moment after its end. */
async function unmount(path: string): Promise<void> {
  for (let i = 0; i < 250; i++) {
    if (!fails('umount', path)) return
    await pause(20)
  }
  run('umount', '-l', path)
  throw new Error(`${path} is still in use.`)
}

/** A small file system in memory. */
export class Ramdisk {
  readonly path: string

  constructor(folder: string, size: string) {
    this.path = join(folder, 'ramdisk')
    mkdirSync(this.path)
    run('mount', '-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', this.path)
  }

  remount(mode: 'ro' | 'rw'): void {
    run('mount', '-o', `remount,${mode}`, this.path)
  }

  unmount(): Promise<void> {
    return unmount(this.path)
  }
}

/** Takes what is left of the space. */
export function fill(disk: Ramdisk): string {
  const path = join(disk.path, 'filler')
  for (let size = 1_048_576; size >= 1; size = Math.floor(size / 2)) {
    try {
      for (;;) writeFileSync(path, Buffer.alloc(size), { flag: 'a' })
    } catch {
      // Full for pieces of this size.
    }
  }
  return path
}

/** EXT4_IOC_SHUTDOWN without flushing the log: nothing that was not synced reaches the disk any more. */
const shutDown =
  'open(my $d, "<", $ARGV[0]) or die; my $how = pack("I", 2); ioctl($d, 0x8004587d, $how) or die'

/** A file as an ext4 disk whose power can be cut: whatever was not synced is gone at the next mount. */
export class LoopDisk {
  readonly path: string
  readonly #image: string

  constructor(folder: string) {
    this.path = join(folder, 'disk')
    this.#image = join(folder, 'image')
    mkdirSync(this.path)
  }

  format(): void {
    writeFileSync(this.#image, '')
    truncateSync(this.#image, 64 * 1024 * 1024)
    run('mkfs.ext4', '-q', '-F', this.#image)
  }

  mount(options?: string): void {
    run('mount', '-o', options === undefined ? 'loop' : `loop,${options}`, this.#image, this.path)
  }

  cut(): void {
    if (fails('xfs_io', '-x', '-c', 'shutdown', this.path)) run('perl', '-e', shutDown, this.path)
  }

  unmount(): Promise<void> {
    return unmount(this.path)
  }
}
