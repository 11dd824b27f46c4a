import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { crc32 } from 'node:zlib'

/** Archives made by hand, after docs/format.md alone: right in form, whatever they say. */
export function archiveOf(
  header: Readonly<Record<string, unknown>>,
  entries: readonly (readonly [key: string, json: string])[],
): Buffer {
  const { crc: _, ...said } = header
  const text = JSON.stringify(said).slice(0, -1)
  const line = Buffer.from(`${text},"crc":"${crc32(text).toString(16).padStart(8, '0')}"}\n`)
  const body = Buffer.concat([
    line,
    ...(entries.length === 0 ? [] : [frame(1, Buffer.concat(entries.map(record)))]),
  ])
  const sha256 = createHash('sha256').update(body).digest('hex')
  return Buffer.concat([body, frame(3, Buffer.from(JSON.stringify({ records: entries.length, sha256 })))])
}

function record([key, json]: readonly [string, string]): Buffer {
  const bytes = Buffer.alloc(32 + Buffer.byteLength(key) + Buffer.byteLength(json))
  bytes[0] = 1
  bytes[1] = 1
  bytes.writeUInt16LE(Buffer.byteLength(key), 2)
  bytes.writeUInt32LE(Buffer.byteLength(json), 4)
  bytes.write(key + json, 32)
  return bytes
}

function frame(kind: number, payload: Buffer): Buffer {
  const start = Buffer.alloc(9)
  start[0] = kind
  start.writeUInt32LE(payload.length, 1)
  start.writeUInt32LE(payload.length, 5)
  const crc = Buffer.alloc(4)
  crc.writeUInt32LE(crc32(Buffer.concat([start, payload])))
  return Buffer.concat([start, crc, payload])
}

/** What the first line of an archive says. */
export function headerOf(path: string): Record<string, unknown> {
  return JSON.parse(readFileSync(path, 'utf8').split('\n', 1)[0] ?? '') as Record<string, unknown>
}
