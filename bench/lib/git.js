// @ts-check
/** Histories in git, as small as `git gc` makes them. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { NotInstalled } from './engines.js'
import { bytesOnDisk } from './measure.js'

/** What the user or the machine has set up for git would make other packs. */
const env = { ...process.env, GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null' }

/** @param {string} repository @param {readonly string[]} args */
const git = (repository, args) =>
  execFileSync('git', ['-C', repository, ...args], {
    env,
    maxBuffer: 2 ** 30,
    stdio: ['ignore', 'pipe', 'ignore'],
  })

function needsGit() {
  try {
    execFileSync('git', ['--version'], { env, stdio: 'ignore' })
  } catch (cause) {
    throw new NotInstalled('git: the program is not there', { cause })
  }
}

/**
 * One commit for each set of files, the later ones holding only what changed, then packed. All objects come in one pack, in
 * which `git gc` takes for granted that there is nothing to be found: `repack -f` looks, as `gc` does at loose objects.
 * @param {string} place @param {Iterable<Iterable<readonly [string, string]>>} commits @param {{ aggressive?: boolean }} [how]
 */
export async function gitHistory(place, commits, { aggressive = false } = {}) {
  needsGit()
  execFileSync('git', ['init', '--quiet', '--bare', '--template=', place], { env, stdio: 'ignore' })
  const child = spawn('git', ['-C', place, 'fast-import', '--quiet', '--depth=0'], {
    env,
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  const ended = once(child, 'exit')
  const { stdin } = child
  let at = 1_760_000_000
  for (const files of commits) {
    stdin.write(`commit refs/heads/main\ncommitter A <a@example.com> ${(at += 60)} +0000\ndata 1\nx\n`)
    for (const [name, text] of files) {
      const written = stdin.write(`M 100644 inline ${name}\ndata ${Buffer.byteLength(text)}\n${text}\n`)
      if (!written) await once(stdin, 'drain')
    }
  }
  stdin.end()
  const [code] = await ended
  if (code !== 0) throw new Error(`git fast-import ended with ${code}`)
  git(
    place,
    aggressive ? ['gc', '--quiet', '--prune=now', '--aggressive'] : ['repack', '-a', '-d', '-f', '-q'],
  )
  return {
    /** All objects and their index. */
    packed: () => bytesOnDisk(path.join(place, 'objects')),
    /** The contents of files alone, without commits and trees. */
    blobs: () =>
      git(place, ['cat-file', '--batch-all-objects', '--batch-check=%(objecttype) %(objectsize:disk)'])
        .toString()
        .split('\n')
        .reduce((sum, line) => sum + (line.startsWith('blob ') ? Number(line.slice(5)) : 0), 0),
    /** A file as it was so many commits ago. @param {string} name @param {number} ago */
    read: (name, ago) => git(place, ['cat-file', 'blob', `main~${ago}:${name}`]).toString(),
  }
}
