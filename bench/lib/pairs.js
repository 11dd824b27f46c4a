// @ts-check
/** Pairs of values, old and new, as they meet in practice; made by script, always the same ones. */

/** @param {number} seed */
export function randomFrom(seed) {
  let state = seed | 0
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return (t ^ (t >>> 14)) >>> 0
  }
  return {
    /** @param {number} below */
    int: (below) => next() % below,
    /** @template T @param {readonly T[]} list @returns {T} */
    pick: (list) => /** @type {T} */ (list[next() % list.length]),
    /** @param {number} length */
    hex: (length) => {
      let text = ''
      while (text.length < length) text += next().toString(16).padStart(8, '0')
      return text.slice(0, length)
    },
    /** @param {number} length */
    base64: (length) => {
      let text = ''
      while (text.length < length) text += next().toString(36)
      return text.slice(0, length)
    },
  }
}

export const WORDS =
  'time year people way day man thing woman life child world school state family student group country problem hand part place case week company system program question work government number night point home water room mother area money story fact month lot right study book eye job word business issue side kind head house service friend father power hour game line end member law car city community name'.split(
    ' ',
  )

/** @param {ReturnType<typeof randomFrom>} random @param {number} count */
export const sentence = (random, count) => Array.from({ length: count }, () => random.pick(WORDS)).join(' ')

/** @template T @param {T} value @returns {T} */
export const clone = (value) => JSON.parse(JSON.stringify(value))

function packageJson() {
  const random = randomFrom(1)
  const dependencies = Object.fromEntries(
    Array.from({ length: 45 }, () => [
      `${random.pick(WORDS)}-${random.pick(WORDS)}`,
      `^${random.int(20)}.${random.int(30)}.${random.int(9)}`,
    ]),
  )
  const before = {
    name: 'application',
    version: '4.12.3',
    description: sentence(random, 12),
    license: 'MIT',
    scripts: { build: 'tsc -b', test: 'vitest run', lint: 'oxlint', prepack: 'npm run build' },
    keywords: WORDS.slice(0, 12),
    dependencies,
    engines: { node: '>=20' },
  }
  const after = clone(before)
  after.version = '4.12.4'
  const [first = '', second = ''] = Object.keys(dependencies)
  after.dependencies[first] = '^21.0.1'
  delete after.dependencies[second]
  return { before, after }
}

function lockFile() {
  const random = randomFrom(2)
  /** @param {string} name */
  const entry = (name) => {
    const version = `${random.int(12)}.${random.int(40)}.${random.int(20)}`
    return {
      version,
      resolved: `https://registry.npmjs.org/${name}/-/${name}-${version}.tgz`,
      integrity: `sha512-${random.base64(86)}==`,
      ...(random.int(2) ? { dev: true } : {}),
      license: 'MIT',
      dependencies: Object.fromEntries(
        Array.from({ length: random.int(4) }, () => [
          `${random.pick(WORDS)}-${random.pick(WORDS)}`,
          `^${random.int(9)}.0.0`,
        ]),
      ),
      engines: { node: `>=${random.int(20)}` },
    }
  }
  const names = [
    ...new Set(
      Array.from({ length: 1100 }, () => `${random.pick(WORDS)}-${random.pick(WORDS)}-${random.pick(WORDS)}`),
    ),
  ].sort()
  const before = {
    name: 'application',
    lockfileVersion: 3,
    packages: Object.fromEntries(names.map((name) => [`node_modules/${name}`, entry(name)])),
  }
  const after = clone(before)
  for (let i = 0; i < 30; i += 1) {
    const name = random.pick(names)
    after.packages[`node_modules/${name}`] = entry(name)
  }
  for (let i = 0; i < 4; i += 1) delete after.packages[`node_modules/${random.pick(names)}`]
  return { before, after }
}

function openApi() {
  const random = randomFrom(3)
  const schema = () => ({
    type: 'object',
    description: sentence(random, 10),
    properties: Object.fromEntries(
      Array.from({ length: 6 }, () => [
        random.pick(WORDS),
        {
          type: random.pick(['string', 'integer', 'boolean']),
          nullable: random.int(2) === 1,
          description: sentence(random, 6),
        },
      ]),
    ),
    required: [random.pick(WORDS), random.pick(WORDS)],
  })
  const operation = () => ({
    operationId: `${random.pick(WORDS)}_${random.pick(WORDS)}_${random.hex(4)}`,
    tags: [random.pick(WORDS)],
    summary: sentence(random, 8),
    parameters: Array.from({ length: 3 }, () => ({
      name: random.pick(WORDS),
      in: 'query',
      required: false,
      schema: { type: 'string', maxLength: random.int(200) },
    })),
    responses: {
      200: {
        description: 'ok',
        content: { 'application/json': { schema: { $ref: `#/components/schemas/${random.pick(WORDS)}` } } },
      },
      404: { description: sentence(random, 4) },
    },
  })
  const before = {
    openapi: '3.1.0',
    info: { title: 'Service', version: '10' },
    paths: Object.fromEntries(
      Array.from({ length: 330 }, (_, i) => [
        `/${random.pick(WORDS)}/${random.pick(WORDS)}/${i}`,
        { get: operation(), post: operation() },
      ]),
    ),
    components: {
      schemas: Object.fromEntries(
        Array.from({ length: 90 }, (_, i) => [`${random.pick(WORDS)}${i}`, schema()]),
      ),
    },
  }
  const after = clone(before)
  const schemas = Object.keys(after.components.schemas)
  for (let i = 0; i < 3; i += 1)
    Object.assign(after.components.schemas[random.pick(schemas)] ?? {}, { deprecated: true })
  Object.assign(after.components.schemas[random.pick(schemas)]?.properties ?? {}, {
    extra: { type: 'string', description: sentence(random, 6) },
  })
  return { before, after }
}

function geoJson() {
  const random = randomFrom(4)
  const before = {
    type: 'FeatureCollection',
    features: Array.from({ length: 900 }, (_, i) => ({
      type: 'Feature',
      id: `f${i}`,
      properties: { name: sentence(random, 2), population: random.int(1e6), code: random.hex(6) },
      geometry: {
        type: 'Polygon',
        coordinates: [
          Array.from({ length: 28 }, () => [random.int(3.6e8) / 1e6 - 180, random.int(1.8e8) / 1e6 - 90]),
        ],
      },
    })),
  }
  const after = clone(before)
  for (let i = 0; i < 6; i += 1)
    Object.assign(random.pick(after.features).properties, { population: random.int(1e6) })
  const ring = random.pick(after.features).geometry.coordinates[0] ?? []
  ring.splice(5, 0, [1.5, 2.5])
  return { before, after }
}

/** @param {number} count */
export function records(count) {
  const random = randomFrom(5)
  return Object.fromEntries(
    Array.from({ length: count }, (_, i) => [
      `user:${String(i).padStart(6, '0')}`,
      {
        name: sentence(random, 2),
        email: `${random.pick(WORDS)}${random.int(999)}@example.com`,
        age: random.int(90),
        active: random.int(2) === 1,
        tags: [random.pick(WORDS), random.pick(WORDS)],
        address: { street: sentence(random, 2), zip: String(10000 + random.int(89999)) },
        score: random.int(1e5) / 100,
      },
    ]),
  )
}

/** @param {number} count @param {number} part */
function keyedMap(count, part) {
  const before = records(count)
  const after = clone(before)
  const random = randomFrom(6)
  const keys = Object.keys(before)
  for (let i = 0; i < Math.ceil(count * part); i += 1) {
    const record = after[random.pick(keys)]
    if (record === undefined) continue
    record.score = random.int(1e5) / 100
    if (i % 4 === 0) record.address.street = sentence(random, 2)
  }
  return { before, after }
}

function listWithMoves() {
  const random = randomFrom(7)
  const before = Array.from({ length: 3000 }, (_, i) => ({
    id: i,
    title: sentence(random, 5),
    done: random.int(2) === 1,
    owner: random.pick(WORDS),
  }))
  const after = clone(before)
  for (let i = 0; i < 12; i += 1)
    after.splice(random.int(after.length), 0, ...after.splice(random.int(after.length), 1))
  for (let i = 0; i < 12; i += 1) after.splice(random.int(after.length), 1)
  for (let i = 0; i < 12; i += 1)
    after.splice(random.int(after.length), 0, {
      id: 9000 + i,
      title: sentence(random, 5),
      done: false,
      owner: random.pick(WORDS),
    })
  for (let i = 0; i < 12; i += 1) random.pick(after).done = true
  return { before, after }
}

function shiftingLog() {
  const random = randomFrom(8)
  /** @param {number} i */
  const line = (i) => ({
    at: 1_760_000_000_000 + i * 137,
    level: random.pick(['info', 'warn', 'debug']),
    message: sentence(random, 7),
    request: random.hex(16),
  })
  const before = Array.from({ length: 4000 }, (_, i) => line(i))
  const after = clone([...before.slice(40), ...Array.from({ length: 40 }, (_, i) => line(4000 + i))])
  return { before, after }
}

function numberSeries() {
  const random = randomFrom(9)
  const before = Array.from({ length: 20_000 }, () => random.int(1e6) / 100)
  const after = clone(before)
  for (let i = 0; i < 150; i += 1) {
    const what = random.int(3)
    if (what === 0) after.splice(random.int(after.length), 1)
    else if (what === 1) after.splice(random.int(after.length), 0, random.int(1e6) / 100)
    else after[random.int(after.length)] = random.int(1e6) / 100
  }
  return { before, after }
}

function longText() {
  const random = randomFrom(10)
  const paragraphs = Array.from({ length: 110 }, () => `${sentence(random, 70)}.`)
  const before = { title: 'A text', body: paragraphs.join('\n') }
  paragraphs.splice(20, 1)
  paragraphs[50] = `${sentence(random, 12)} ${paragraphs[50]}`
  paragraphs.splice(80, 0, sentence(random, 30))
  return { before, after: { title: 'A text', body: paragraphs.join('\n') } }
}

function session() {
  const random = randomFrom(11)
  const before = {
    user: {
      id: 7,
      name: 'Ada',
      roles: ['admin', 'writer'],
      settings: { theme: 'dark', density: 2, language: 'en' },
    },
    cart: Array.from({ length: 8 }, (_, i) => ({
      sku: random.hex(8),
      count: 1 + random.int(4),
      price: random.int(9999) / 100,
      id: i,
    })),
    seen: Array.from({ length: 30 }, () => random.int(10000)),
    token: random.hex(64),
  }
  const after = clone(before)
  const [first] = after.cart
  if (first) first.count += 1
  after.seen.push(4711)
  after.user.settings.theme = 'light'
  return { before, after }
}

/** @type {Record<string, () => { before: any, after: any }>} */
const MAKERS = {
  'package.json': packageJson,
  session,
  'lock file': lockFile,
  OpenAPI: openApi,
  GeoJSON: geoJson,
  'map, unchanged': () => {
    const before = records(10_000)
    return { before, after: clone(before) }
  },
  'map, 1 % changed': () => keyedMap(10_000, 0.01),
  'list with moves': listWithMoves,
  'shifting log': shiftingLog,
  'number series': numberSeries,
  'long text': longText,
}

export const PAIRS = Object.keys(MAKERS)
/** Objects in which only fields change; the others are lists that shift. */
export const DOCUMENTS = ['package.json', 'session', 'lock file', 'OpenAPI', 'GeoJSON', 'map, 1 % changed']
export const SHIFTED = ['list with moves', 'shifting log', 'number series']

/** Fresh, as parsed. @param {string} name */
export function pairNamed(name) {
  const make = MAKERS[name]
  if (make === undefined) throw new Error(`no pair ${name}`)
  const { before, after } = make()
  return { before: clone(before), after: clone(after) }
}

/** @param {number} count */
export function shuffled(count) {
  const random = randomFrom(12)
  const before = Array.from({ length: count }, (_, i) => i)
  const after = before.slice()
  for (let i = count - 1; i > 0; i -= 1) {
    const j = random.int(i + 1)
    const one = /** @type {number} */ (after[i])
    after[i] = /** @type {number} */ (after[j])
    after[j] = one
  }
  return { before, after }
}
