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
 * The triggers keep the past: whatever stands in `state` goes to `changes` when it is replaced. One statement per write is
 * a tenth quicker than two, and values never cross into JavaScript on their way into the past.
 */
export const SCHEMA: string = `
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
  sum integer not null
);
create table meta (
  name text primary key not null,
  value blob
) without rowid;
create trigger state_changed after update on state begin
  insert into changes (id, key, prev, before, expires, sum, rung)
  values (new.change, new.key, old.change, old.value, old.expires, old.sum,
    case old.steps when ${RUNG_EVERY - 1} then 1 end);
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

const ENTRY = 'value, change, expires, sum'
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
  | 'put'
  | 'putMany'
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
    'select id, version, revision, tags, description, meta, created_at, created_by, auto, sum from marks order by id',
  meta: 'select value from meta where name = ?1',

  put: `${PUT} ${rows(6, 1)} ${ON_CONFLICT}`,
  putMany: `${PUT} ${rows(6, AT_ONCE)} ${ON_CONFLICT}`,
  removeChange: `insert into changes (id, key, prev, before, expires, sum, rung)
    select ?2, key, change, value, expires, sum, case steps when ${RUNG_EVERY - 1} then 1 end from state where key = ?1`,
  removeState: 'delete from state where key = ?1',
  addGone: 'insert into gone (key, change, sum) values (?1, ?2, ?3)',
  replaced: 'select octet_length(before), sum, prev from changes where id >= ?1 order by id',
  addCommit: `insert into commits (${NEW_COMMIT}) values ${rows(10, 1)}`,
  addCommits: `insert into commits (${NEW_COMMIT}) values ${rows(10, AT_ONCE)}`,
  putMark: `insert into marks (id, version, revision, tags, description, meta, created_at, created_by, auto, sum)
    values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
    on conflict (version) do update set tags = excluded.tags, description = excluded.description, sum = excluded.sum`,
  dropMark: 'delete from marks where version = ?1',
  putMeta:
    'insert into meta (name, value) values (?1, ?2) on conflict (name) do update set value = excluded.value',

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
