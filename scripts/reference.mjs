/**
 * Writes docs/reference.md from the declarations that the build has made: every export of the main entry, with the text of
 * its TSDoc. `npm run docs` writes it. `npm run docs:check` (with `--check`) writes nothing, and exits 1 if the page is old, if
 * an export or one of its members has no text, or if something that does something has no example.
 *
 * It reads the small part of TypeScript that declaration files are made of; there is no compiler API to ask.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const page = join(root, 'docs/reference.md')
const entry = join(root, 'dist/index.d.ts')

/**
 * @typedef {{ doc: string, code: string }} Item  a declaration or a member, without its comment
 * @typedef {{ text: string, examples: string[] }} Doc
 * @typedef {{ name: string, codes: string[], doc: Doc }} Member
 * @typedef {{ name: string, kind: string, code: string, head: string, doc: Doc, members: Member[] }} Export
 */

/** Where a comment, a text or a bracket that begins at `i` ends. @param {string} text @param {number} i */
function skip(text, i) {
  const two = text.slice(i, i + 2)
  const endAt = (/** @type {string} */ mark, /** @type {number} */ from) => {
    const at = text.indexOf(mark, from)
    return at === -1 ? text.length : at + mark.length
  }
  if (two === '//') return endAt('\n', i)
  if (two === '/*') return endAt('*/', i + 2)
  const char = text[i] ?? ''
  if (!`'"\``.includes(char)) return i + 1
  let end = i + 1
  while (end < text.length && text[end] !== char) end += text[end] === '\\' ? 2 : 1
  return end + 1
}

/** The declarations or members of a text, each with the comment before it. @param {string} text @returns {Item[]} */
function itemsOf(text) {
  /** @type {Item[]} */
  const items = []
  let doc = ''
  let code = ''
  let depth = 0
  const end = () => {
    if (code.trim() !== '') items.push({ doc, code: code.trim().replace(/;$/, '') })
    doc = code = ''
  }
  for (let i = 0; i < text.length;) {
    const next = skip(text, i)
    const token = text.slice(i, next)
    i = next
    if (token.startsWith('//') && code.trim() === '') continue
    if (token.startsWith('/*') && code.trim() === '') {
      if (token.startsWith('/**')) doc = token
      continue
    }
    code += token
    if ('{[('.includes(token)) depth++
    if ('}])'.includes(token)) depth--
    const block = /^\s*(?:export )?(?:declare )?(?:abstract )?(?:interface|class)\b/.test(code)
    if (depth === 0 && (token === ';' || (token === '}' && block))) end()
  }
  end()
  return items
}

/** @param {string} comment @returns {Doc} */
function docOf(comment) {
  const lines = comment
    .replace(/^\/\*\*|\*\/$/g, '')
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, '').trimEnd())
  const [text = '', ...tags] = lines
    .join('\n')
    .split(/^@/m)
    .map((part) => part.trim())
  const said = tags.filter((tag) => !tag.startsWith('example'))
  return {
    text: [text, ...said.map((tag) => `_@${tag.replace(/^(\w+)\s+/, '$1_ ')}`)]
      .join('\n\n')
      .replace(/\{@link (\w+)\.?(\w*)\}/g, (_, name, member) => link(name, member))
      .trim(),
    examples: tags
      .filter((tag) => tag.startsWith('example'))
      .map((tag) => tag.slice('example'.length).trim()),
  }
}

const link = (/** @type {string} */ name, member = '') =>
  `[\`${member === '' ? name : `${name}.${member}`}\`](#${`${name}${member}`.toLowerCase()})`

/** @param {string} code */
function nameOf(code) {
  if (/^[(<]/.test(code)) return '(call)'
  const name = /^(?:(?:static|readonly|get|set) )*(\[[^\]]+\]|[\w$]+|'[^']+')/.exec(code)?.[1]
  if (name === undefined) throw new Error(`no name in: ${code}`)
  return name
}

/** @param {string} body @returns {Member[]} */
function membersOf(body) {
  /** @type {Member[]} */
  const members = []
  for (const { doc, code } of itemsOf(body)) {
    if (/^(?:private|protected|#)/.test(code)) continue
    const name = nameOf(code)
    const same = members.find((member) => member.name === name)
    const { text, examples } = docOf(doc)
    const dedented = code
      .replace(/\n {4}/g, '\n')
      .replace(/^(?: {4})+/gm, (spaces) => spaces.slice(spaces.length / 2))
    if (same === undefined) members.push({ name, codes: [dedented], doc: { text, examples } })
    else {
      same.codes.push(dedented)
      same.doc = {
        text: [same.doc.text, text].filter((part) => part !== '').join('\n\n'),
        examples: [...same.doc.examples, ...examples],
      }
    }
  }
  return members
}

/** @param {string} name @param {string} file @returns {Export} */
function exportOf(name, file) {
  const naming = new RegExp(
    `^export (?:declare )?(?:abstract )?(function|class|interface|type|const) ${name}\\b`,
  )
  const items = itemsOf(readFileSync(file, 'utf8')).filter(({ code }) => naming.test(code))
  const [first] = items
  if (first === undefined) throw new Error(`${name} is not in ${file}`)
  const kind = naming.exec(first.code)?.[1] ?? ''
  const plain = items.map(({ code }) => code.replace(/^export (?:declare )?/, '')).join('\n')
  const open = kind === 'interface' || kind === 'class' ? plain.indexOf('{', bodyStart(plain)) : -1
  return {
    name,
    kind,
    code: plain,
    head: open === -1 ? plain : plain.slice(0, open).trim(),
    doc: docOf(first.doc),
    members: open === -1 ? [] : membersOf(plain.slice(open + 1, plain.lastIndexOf('}'))),
  }
}

/** Behind the type parameters, which may have braces of their own. @param {string} code */
function bodyStart(code) {
  const open = code.indexOf('<')
  if (open === -1 || open > code.indexOf('{')) return 0
  let depth = 0
  for (let i = open; i < code.length; i++) {
    if (code[i] === '<') depth++
    if (code[i] === '>' && code[i - 1] !== '=' && --depth === 0) return i
  }
  return 0
}

/** @returns {Export[]} */
function exportsOf() {
  return itemsOf(readFileSync(entry, 'utf8')).flatMap(({ code }) => {
    const match = /^export (?:type )?\{([^}]*)\} from '(.+)'$/.exec(code)
    if (match === null) throw new Error(`the entry has something else than exports from its files: ${code}`)
    const file = join(dirname(entry), (match[2] ?? '').replace(/\.ts$/, '.d.ts').replace(/\.js$/, '.d.ts'))
    return (match[1] ?? '')
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '')
      .map((name) => exportOf(name, file))
  })
}

const isError = (/** @type {Export} */ one) => one.kind === 'class' && /\bextends \w*Error\b/.test(one.head)
const isCall = (/** @type {string} */ code) => /^(?:static )?[\w$[\].]+\??\s*[<(]/.test(code)
const does = (/** @type {Export} */ one) =>
  one.kind === 'function' ||
  one.kind === 'class' ||
  one.kind === 'const' ||
  one.members.some(({ codes }) => codes.some((code) => isCall(code)))
const shown = (/** @type {Export} */ one) =>
  one.members.filter(({ name }) => !(isError(one) && name === 'constructor'))

/** What is missing. @param {readonly Export[]} all */
function gapsIn(all) {
  return all.flatMap((one) => [
    ...(one.doc.text === '' ? [`${one.name} has no text`] : []),
    ...(does(one) && one.doc.examples.length === 0 ? [`${one.name} has no example`] : []),
    ...shown(one)
      .filter(({ name, doc }) => doc.text === '' && !/^(?:\(|\[|constructor$)/.test(name))
      .map(({ name }) => `${one.name}.${name} has no text`),
  ])
}

const fenced = (/** @type {string} */ code) =>
  `\`\`\`ts\n${code.replace(/^export (?:declare )?/gm, '')}\n\`\`\``
const withoutComments = (/** @type {string} */ code) => code.replace(/\/\*[\s\S]*?\*\//g, '')
const inOneLine = (/** @type {string} */ code) => withoutComments(code).replace(/\s+/g, ' ').trim()

/** @param {Doc} doc */
const prose = ({ text, examples }) => [text, ...examples].filter((part) => part !== '').join('\n\n')

/** Where a type is used. @param {Export} one @param {readonly Export[]} all */
function usedBy(one, all) {
  const word = new RegExp(`\\b${one.name}\\b`)
  const users = all.filter((other) => other !== one && word.test(withoutComments(other.code)))
  return users.length === 0 ? '' : `Used by ${users.map(({ name }) => link(name)).join(', ')}.`
}

/** @param {Export} one @param {readonly Export[]} all */
function render(one, all) {
  const parts = [`### ${one.name}`]
  if (does(one) && !isError(one) && one.members.length > 0) {
    parts.push(fenced(`${one.head} {}`).replace(' {}', ''), prose(one.doc))
    for (const { name, codes, doc } of shown(one)) {
      parts.push(`#### ${one.name}.${name.replace(/^\[|\]$/g, '')}`, fenced(codes.join('\n')), prose(doc))
    }
  } else if (one.members.length > 0 && one.members.every(({ name }) => /^[\w$']/.test(name))) {
    parts.push(fenced(one.head), prose(one.doc))
    const members = shown(one).map(({ codes, doc }) => {
      const [, name = '', type = ''] = /^(?:readonly )?([^:]+):\s*([\s\S]*)$/.exec(codes[0] ?? '') ?? []
      return `- \`${name}\`: \`${inOneLine(type)}\`  \n  ${doc.text.replace(/\n/g, '\n  ')}`
    })
    parts.push(members.join('\n'))
  } else parts.push(fenced(one.code), prose(one.doc))
  if (one.kind === 'interface' || one.kind === 'type') parts.push(usedBy(one, all))
  return parts.filter((part) => part !== '').join('\n\n')
}

/** @param {readonly Export[]} all */
function write(all) {
  /** @type {[title: string, ones: Export[]][]} */
  const groups = [
    ['Functions', all.filter(({ kind }) => kind === 'function' || kind === 'const')],
    ['The store and its parts', all.filter((one) => one.kind !== 'function' && does(one) && !isError(one))],
    ['Options and shapes', all.filter((one) => !does(one) && !isError(one))],
    ['Errors', all.filter(isError)],
  ]
  const sorted = groups.map(
    ([title, ones]) =>
      /** @type {const} */ ([
        title,
        ones.toSorted((a, b) =>
          title === 'Functions' || a.name === 'Store' || b.name === 'Store'
            ? Number(b.name === 'Store') - Number(a.name === 'Store')
            : a.name < b.name
              ? -1
              : 1,
        ),
      ]),
  )
  const contents = sorted.map(
    ([title, ones]) => `**${title}**: ${ones.map(({ name }) => link(name)).join(', ')}`,
  )
  const body = sorted.map(
    ([title, ones]) => `## ${title}\n\n${ones.map((one) => render(one, all)).join('\n\n')}`,
  )
  const text = `# Reference

<!-- Written by \`npm run docs\` from the TSDoc in src/. Change it there. -->

Every export of \`varve\`. The examples run in CI from where they are written, in \`src/\`.

${contents.join('\n\n')}

${body.join('\n\n')}
`
  const oxfmt = join(root, 'node_modules/oxfmt/bin/oxfmt')
  return execFileSync(process.execPath, [oxfmt, '--stdin-filepath=docs/reference.md'], {
    cwd: root,
    input: text,
    encoding: 'utf8',
  })
}

const all = exportsOf()
const gaps = gapsIn(all)
for (const gap of gaps) console.error(gap)
const text = write(all)
if (process.argv.includes('--check')) {
  const old = readFileSync(page, 'utf8') !== text
  if (old) console.error('docs/reference.md is old: npm run docs')
  if (old || gaps.length > 0) process.exitCode = 1
} else writeFileSync(page, text)
console.log(`${all.length} exports, ${gaps.length} gaps`)
