import { HEAD } from '../../log/codec.ts'

/** "varv" as a number: says that a SQLite file is ours. */
export const APPLICATION_ID = 0x76617276
/** Grows when a file cannot be read by the version before. */
export const FORMAT = 1

/**
 * Every 8th change of a key is a rung: it is indexed by key, so that a look at any point of the past is one seek and at most
 * seven steps along the key's chain, while a write touches nothing of the past but the right edge of `changes`.
 */
export const RUNG_EVERY = 8

/**
 * `value` and `before` are text for JSON and a blob for everything else; they have no type in SQL terms, so that SQLite
 * converts nothing (a column of type "any" would turn the text 1.0 into a number).
 * `steps` counts a key's changes up to the next rung; with 8 added, the past of the change is kept by hand (packing.ts).
 * The triggers keep the past: whatever stands in `state` goes to `changes` when it is replaced. One statement per write is
 * a tenth quicker than two, and values never cross into JavaScript on their way into the past.
 */
const SCHEMA: string = `
create table state (
  key text primary key not null,
  value blob not null,
  change integer not null,
  expires integer,
  sum integer not null,
  steps integer not null
);
create index deadlines on state (expires) where expires is not null;
create table changes (
  id integer primary key,
  key text not null,
  prev integer not null,
  before blob,
  expires integer,
  sum integer not null,
  rung integer
);
create index rungs on changes (key, id) where rung is not null;
create table gone (
  key text primary key not null,
  change integer not null,
  sum integer not null
) without rowid;
create table commits (
  revision integer primary key,
  last integer not null,
  at integer not null,
  actor text not null,
  why text not null,
  origin integer not null,
  keys integer not null,
  bytes integer not null,
  sums integer not null,
  hash blob not null,
  prior blob
);
create table marks (
  id integer primary key,
  version text unique not null,
  revision integer not null,
  tags text not null,
  description text,
  meta blob not null,
  created_at integer not null,
  created_by text not null,
  auto integer not null,
  sum integer not null,
  base text
);
create table asides (
  aside integer primary key,
  revision integer not null,
  at integer not null
);
create table aside_entries (
  aside integer not null,
  key text not null,
  value blob not null,
  expires integer,
  sum integer not null,
  primary key (aside, key)
);
create table meta (
  name text primary key not null,
  value blob
) without rowid;
`

/** They follow the tables, so that records can be brought in without them. */
export const TRIGGERS: string = `
create trigger state_changed after update on state when new.steps < ${RUNG_EVERY} begin
  insert into changes (id, key, prev, before, expires, sum, rung)
  values (new.change, new.key, old.change, old.value, old.expires, old.sum,
    case old.steps % ${RUNG_EVERY} when ${RUNG_EVERY - 1} then 1 end);
end;
create trigger state_added after insert on state begin
  insert into changes (id, key, prev, before, expires, sum, rung)
  values (new.change, new.key,
    coalesce((select change from gone where key = new.key), 0), null, null,
    coalesce((select sum from gone where key = new.key), 0),
    (select 1 from gone where key = new.key));
  delete from gone where key = new.key;
end;
`

/** The row of the table meta that holds a backup's checksum: seal.ts. */
export const SEAL = 'seal'

/** Smaller pages write less per change; reads are as quick. */
const PAGE_SIZE = 2048
/** What a new database begins with. */
export const NEW_DATABASE: string = `pragma page_size = ${PAGE_SIZE}; pragma auto_vacuum = incremental;
  begin; ${SCHEMA} pragma application_id = ${APPLICATION_ID}; pragma user_version = ${FORMAT}; commit;`

const ENTRY = 'value, change, expires, sum'
const ASIDE_ENTRY = 'key, value, 0, expires, sum'
const CHANGE = 'id, key, prev, before, expires, sum'
const NEW_COMMIT = 'revision, last, at, actor, why, origin, keys, bytes, sums, hash'
const COMMIT = `${NEW_COMMIT}, prior`
/** Where the chain of the key ?1 begins for a look at ?2: the first rung behind it, else the newest change. */
const CHAIN_START = `coalesce(
  (select min(id) from changes indexed by rungs where key = ?1 and id > ?2 and rung is not null),
  (select change from state where key = ?1),
  (select change from gone where key = ?1))`

export type SqlName =
  | 'begin'
  | 'beginRead'
  | 'commit'
  | 'rollback'
  | 'dataVersion'
  | 'journalMode'
  | 'get'
  | 'chainStart'
  | 'change'
  | 'page'
  | 'pageReverse'
  | 'gonePage'
  | 'gonePageReverse'
  | 'heads'
  | 'gone'
  | 'newestChange'
  | 'last'
  | 'due'
  | 'nextDue'
  | 'changes'
  | 'changedKeys'
  | 'changesOf'
  | 'head'
  | 'commits'
  | 'commitsReverse'
  | 'marks'
  | 'meta'
  | 'metaNames'
  | 'asides'
  | 'asideOpen'
  | 'asideEntry'
  | 'asideAny'
  | 'asidePage'
  | 'asidePageReverse'
  | 'putAside'
  | 'closeAside'
  | 'putAsideEntry'
  | 'dropAsideEntry'
  | 'dropAsideEntries'
  | 'reopenAside'
  | 'dropAside'
  | 'loadState'
  | 'loadChange'
  | 'put'
  | 'putMany'
  | 'pack'
  | 'putPacked'
  | 'unpackChange'
  | 'chainTo'
  | 'removeChange'
  | 'removeState'
  | 'addGone'
  | 'replaced'
  | 'addCommit'
  | 'addCommits'
  | 'pastOf'
  | 'putMark'
  | 'dropMark'
  | 'putMeta'
  | 'dropMeta'
  | 'dropChange'
  | 'keepChange'
  | 'keepCommit'
  | 'dropCommit'
  | 'forgetGone'
  | 'countChanges'
  | 'freePages'
  | 'walPages'
  | 'integrityCheck'

/** So many rows go into one statement where there are as many: half of a small statement's cost is the call. */
export const AT_ONCE = 8

/** `(?1, ?2), (?3, ?4) …` for so many rows. */
function rows(columns: number, count: number): string {
  const row = (i: number): string =>
    Array.from({ length: columns }, (_, j) => `?${i * columns + j + 1}`).join(', ')
  return Array.from({ length: count }, (_, i) => `(${row(i)})`).join(', ')
}

const PUT = 'insert into state (key, value, change, expires, sum, steps) values'
const ON_CONFLICT = `on conflict (key) do update set value = excluded.value, change = excluded.change,
  expires = excluded.expires, sum = excluded.sum, steps = (state.steps + 1) % ${RUNG_EVERY}`

export const SQL: Readonly<Record<SqlName, string>> = {
  begin: 'begin immediate',
  beginRead: 'begin',
  commit: 'commit',
  rollback: 'rollback',
  dataVersion: 'pragma data_version',
  journalMode: 'pragma journal_mode',

  get: `select ${ENTRY} from state where key = ?1`,
  chainStart: `select coalesce((select change from state where key = ?1), (select change from gone where key = ?1))`,
  change: `select ${CHANGE} from changes where id = ?1`,
  pastOf: `with recursive
    start(id) as materialized (select ${CHAIN_START}),
    walk(id, prev) as (
      select c.id, c.prev from start cross join changes c on c.id = start.id where start.id > ?2
      union all
      select c.id, c.prev from walk cross join changes c on c.id = walk.prev where walk.prev > ?2
    )
    select ${CHANGE} from changes where id = (select min(id) from walk)`,
  chainTo: `with recursive
    start(id) as materialized (select ${CHAIN_START}),
    walk(id, prev) as (
      select c.id, c.prev from start cross join changes c on c.id = start.id where start.id > ?2
      union all
      select c.id, c.prev from walk cross join changes c on c.id = walk.prev where walk.prev > ?2
    )
    select c.id, c.key, c.prev, c.before, c.expires, c.sum from walk cross join changes c on c.id = walk.id order by c.id`,
  page: `select key, ${ENTRY} from state where key >= ?1 and key < ?2 order by key limit ?3`,
  pageReverse: `select key, ${ENTRY} from state where key >= ?1 and key < ?2 order by key desc limit ?3`,
  gonePage: 'select key from gone where key >= ?1 and key < ?2 and change > ?4 order by key limit ?3',
  gonePageReverse:
    'select key from gone where key >= ?1 and key < ?2 and change > ?4 order by key desc limit ?3',
  heads: 'select key, change from state where key >= ?1 order by key limit ?2',
  gone: 'select key, change from gone where key >= ?1 order by key limit ?2',
  newestChange: 'select max(id) from changes',
  last: 'select last from commits order by revision desc limit 1',
  due: `select key, ${ENTRY} from state where expires <= ?1 order by expires limit ?2`,
  nextDue: 'select min(expires) from state where expires is not null',

  changes: `select ${CHANGE} from changes where id > ?1 and id <= ?2 order by id limit ?3`,
  changedKeys: 'select key from changes where id > ?1 order by id limit ?2',
  changesOf: `with recursive
    start(id) as materialized (select coalesce((select id from changes where id = ?2 and key = ?1), ${CHAIN_START})),
    walk(id, prev) as (
      select c.id, c.prev from start cross join changes c on c.id = start.id
      union all
      select c.id, c.prev from walk cross join changes c on c.id = walk.prev
    )
    select c.id, c.key, c.prev, c.before, c.expires, c.sum from walk cross join changes c on c.id = walk.id
    where walk.id <= ?2 limit ?3`,
  head: `select ${COMMIT} from commits order by revision desc limit 1`,
  commits: `select ${COMMIT} from commits where revision >= ?1 and revision <= ?2 order by revision limit ?3`,
  commitsReverse: `select ${COMMIT} from commits where revision >= ?1 and revision <= ?2 order by revision desc limit ?3`,
  marks:
    'select id, version, revision, tags, description, meta, created_at, created_by, auto, sum, base from marks order by id',
  meta: 'select value from meta where name = ?1',
  metaNames: 'select name from meta',

  asides: 'select aside, revision, at from asides order by aside',
  asideOpen: 'select aside from asides where aside = ?1 and revision = 0',
  asideEntry: `select ${ASIDE_ENTRY} from aside_entries where aside = ?1 and key = ?2`,
  asideAny: 'select 1 from aside_entries where aside = ?1 limit 1',
  asidePage: `select ${ASIDE_ENTRY} from aside_entries where aside = ?4 and key >= ?1 and key < ?2 order by key limit ?3`,
  asidePageReverse: `select ${ASIDE_ENTRY} from aside_entries where aside = ?4 and key >= ?1 and key < ?2 order by key desc limit ?3`,
  putAside: `insert into asides (aside, revision, at) values (?1, 0, ?2)
    on conflict (aside) do update set at = excluded.at`,
  closeAside: 'update asides set revision = ?2 where aside = ?1',
  putAsideEntry: `insert into aside_entries (aside, key, value, expires, sum) values (?1, ?2, ?3, ?4, ?5)
    on conflict (aside, key) do update set value = excluded.value, expires = excluded.expires, sum = excluded.sum`,
  dropAsideEntry: 'delete from aside_entries where aside = ?1 and key = ?2',
  dropAsideEntries:
    'delete from aside_entries where rowid in (select rowid from aside_entries where aside = ?1 limit ?2)',
  reopenAside: 'update asides set revision = 0, at = 0 where aside = ?1 and at <> 0',
  dropAside: 'delete from asides where aside = ?1',

  loadState: 'insert into state (key, value, change, expires, sum, steps) values (?1, ?2, ?3, ?4, ?5, 0)',
  loadChange: `insert into changes (id, key, prev, before, expires, sum, rung) values (?1, ?2, ?3, ?4, ?5, ?6, 1)`,

  put: `${PUT} ${rows(6, 1)} ${ON_CONFLICT}`,
  putMany: `${PUT} ${rows(6, AT_ONCE)} ${ON_CONFLICT}`,
  pack: `insert into changes (id, key, prev, before, expires, sum, rung)
    select ?2, key, change, case steps % ${RUNG_EVERY} when ${RUNG_EVERY - 1} then value else ?3 end, expires, sum,
      case steps % ${RUNG_EVERY} when ${RUNG_EVERY - 1} then 1 end from state where key = ?1`,
  putPacked: `update state set value = ?2, change = ?3, expires = ?4, sum = ?5,
    steps = (steps + 1) % ${RUNG_EVERY} + ${RUNG_EVERY} where key = ?1`,
  unpackChange: 'update changes set before = ?2 where id = ?1',
  removeChange: `insert into changes (id, key, prev, before, expires, sum, rung)
    select ?2, key, change, value, expires, sum, case steps % ${RUNG_EVERY} when ${RUNG_EVERY - 1} then 1 end from state where key = ?1`,
  removeState: 'delete from state where key = ?1',
  addGone: 'insert into gone (key, change, sum) values (?1, ?2, ?3)',
  replaced: `select octet_length(before), sum, prev, case typeof(before) when 'blob' then substr(before, 1, ${HEAD}) end
    from changes where id >= ?1 order by id`,
  addCommit: `insert into commits (${NEW_COMMIT}) values ${rows(10, 1)}`,
  addCommits: `insert into commits (${NEW_COMMIT}) values ${rows(10, AT_ONCE)}`,
  putMark: `insert into marks (id, version, revision, tags, description, meta, created_at, created_by, auto, sum, base)
    values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
    on conflict (version) do update set tags = excluded.tags, description = excluded.description, sum = excluded.sum`,
  dropMark: 'delete from marks where version = ?1',
  putMeta:
    'insert into meta (name, value) values (?1, ?2) on conflict (name) do update set value = excluded.value',
  dropMeta: 'delete from meta where name = ?1',

  dropChange: 'delete from changes where id = ?1',
  keepChange: 'update changes set rung = 1 where id = ?1 and rung is null',
  keepCommit: 'update commits set prior = ?2 where revision = ?1',
  dropCommit: 'delete from commits where revision = ?1',
  forgetGone: 'delete from gone where change <= ?1',
  countChanges: 'select count(*) from changes',
  freePages: 'pragma freelist_count',
  walPages: 'pragma wal_checkpoint(noop)',
  integrityCheck: 'pragma integrity_check(100)',
}
