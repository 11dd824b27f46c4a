// @ts-check
/** Libraries that compare values: each as `{ diff, patch?, text }`. Loaded only where they are needed. */
import zlib from 'node:zlib'
import { NotInstalled, varve } from './engines.js'

/**
 * @typedef {object} Differ
 * @property {(before: any, after: any) => any} diff
 * @property {(delta: any) => number} bytes of the delta as it would be stored
 * @property {(before: any, delta: any) => any} [patch]
 */

/** @param {string} name @returns {Promise<any>} */
async function load(name) {
  try {
    const loaded = await import(name)
    return loaded.default?.default ?? loaded
  } catch (cause) {
    throw new NotInstalled(`${name}: ${/** @type {Error} */ (cause).message.split('\n')[0]}`, { cause })
  }
}

/** @param {any} delta */
const json = (delta) => Buffer.byteLength(JSON.stringify(delta) ?? '')

/** @param {string} strategy @returns {() => Promise<Differ>} */
const ours = (strategy) => async () => {
  const { delta } = await varve()
  if (delta === undefined) throw new NotInstalled('varve: delta is not in this build')
  return {
    diff: (before, after) => delta.diff(before, after, { strategy }),
    bytes: (made) => made.bytes,
    patch: (before, made) => delta.patch(before, made),
  }
}

/** The records of these pairs bear an id. @param {any} item */
const objectHash = (item) => item.id ?? JSON.stringify(item)

/** @type {Record<string, () => Promise<Differ>>} */
export const DIFFERS = {
  varve: ours('structural'),
  'varve binary': ours('binary'),
  'varve compress': ours('compress'),
  'varve none': ours('none'),
  'varve auto': ours('auto'),
  async 'fast-json-patch'() {
    const { default: peer = await load('fast-json-patch') } = await load('fast-json-patch')
    return { diff: peer.compare, bytes: json }
  },
  async microdiff() {
    const peer = await load('microdiff')
    const diff = peer.default ?? peer
    return { diff: (before, after) => diff(before, after, { cyclesFix: false }), bytes: json }
  },
  async jsondiffpatch() {
    const { create } = await load('jsondiffpatch')
    const peer = create({ objectHash })
    return { diff: (before, after) => peer.diff(before, after), bytes: json }
  },
  async rfc6902() {
    const { createPatch } = await load('rfc6902')
    return { diff: createPatch, bytes: json }
  },
  async 'json-diff-ts'() {
    const { diff } = await load('json-diff-ts')
    return { diff, bytes: json }
  },
  async 'just-diff'() {
    const { diff } = await load('just-diff')
    return { diff, bytes: json }
  },
  async 'fossil-delta'() {
    const peer = await load('fossil-delta')
    const { createDelta, applyDelta } = peer.createDelta ? peer : peer.default
    const text = (/** @type {any} */ value) => Buffer.from(JSON.stringify(value))
    return {
      diff: (before, after) => Buffer.from(createDelta(text(before), text(after))),
      bytes: (made) =>
        Math.min(
          made.length,
          zlib.brotliCompressSync(made, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 5 } }).length,
        ),
      patch: (before, made) => JSON.parse(Buffer.from(applyDelta(text(before), made)).toString()),
    }
  },
}

/** Libraries that record edits while they are made, instead of comparing. @type {Record<string, () => Promise<(before: any, edit: (draft: any) => void) => any>>} */
export const RECORDERS = {
  async immer() {
    const { produceWithPatches, enablePatches, setAutoFreeze } = await load('immer')
    enablePatches()
    setAutoFreeze(false)
    return (before, edit) => produceWithPatches(before, (/** @type {any} */ draft) => edit(draft))
  },
  async mutative() {
    const { create } = await load('mutative')
    return (before, edit) =>
      create(before, (/** @type {any} */ draft) => edit(draft), { enablePatches: true })
  },
}
