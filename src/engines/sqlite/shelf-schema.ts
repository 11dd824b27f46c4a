/** What marks a database as the disk of a cache: "vcac". */
export const SHELF_ID = 0x76636163
export const SHELF_FORMAT = 1

/** The order in which entries go when the disk has no room. */
export type ShelfPolicy = 'lru' | 'lfu' | 'fifo' | 'ttl'

/**
 * `seq` grows with each set and delete of any process and is never given twice: what has changed since is what has a greater
 * one. A key that has gone is remembered for a while, so that other processes hear of it: under a new number if they are not to
 * use its value any more, under that of its value if only the disk has given it up.
 * What is small comes first, so that marking a use rewrites no long value.
 */
const ENTRIES = `
  create table entries (
    seq integer primary key,
    key text not null unique,
    rank integer not null,
    used integer not null,
    uses integer not null,
    due integer,
    made integer not null,
    ends integer,
    bytes integer not null,
    sum integer not null,
    tags integer not null,
    value any not null
  ) strict;
  create index entries_due on entries (due) where due is not null;
  create table gone (key text primary key, seq integer not null) strict, without rowid;
  create index gone_seq on gone (seq);
  create table tags (tag text not null, key text not null, primary key (tag, key)) strict, without rowid;
  create index tags_key on tags (key);
  create trigger entry_added after insert on entries begin
    update totals set size = size + 1, bytes = bytes + new.bytes;
  end;
  create trigger entry_changed after update of seq on entries begin
    update totals set bytes = bytes + new.bytes - old.bytes;
    delete from tags where old.tags = 1 and key = old.key;
  end;
  create trigger entry_removed after delete on entries begin
    update totals set size = size - 1, bytes = bytes - old.bytes;
    delete from tags where old.tags = 1 and key = old.key;
  end;
`

export const NEW_SHELF: string = `
  pragma page_size = 4096;
  pragma auto_vacuum = incremental;
  pragma application_id = ${SHELF_ID};
  pragma user_version = ${SHELF_FORMAT};
  create table totals (size integer not null, bytes integer not null, last integer not null,
    floor integer not null, age integer not null) strict;
  insert into totals values (0, 0, 0, 0, 0);
  create table leases (key text primary key, owner text not null, until real not null, tags text not null) strict, without rowid;
  create table notes (name text primary key, value blob not null) strict, without rowid;
  ${ENTRIES}
`

/** Everything goes at once: row by row it would take as long as it took to come. */
export const CLEAR: string = `
  drop table entries; drop table gone; drop table tags; delete from leases; delete from notes;
  update totals set size = 0, bytes = 0, age = 0;
  ${ENTRIES}
`

/** Only where there is a limit: the others need no order. */
export const RANKING = 'create index if not exists entries_rank on entries (rank, used)'

/** The rank of what went last: what is new comes after it, so that uses of long ago do not count for ever. */
const AGE = '(select age from totals)'

const ENTRY = 'key, value, made, ends, used, uses, bytes, seq, sum, tags'

/** How a policy ranks what is new, what gets another value, and what is used. ?7: now. */
const RANKS: Readonly<Record<ShelfPolicy, { added: string; changed: string; used: string }>> = {
  lru: { added: '?7', changed: 'excluded.rank', used: '?2' },
  fifo: { added: '?7', changed: 'rank', used: 'rank' },
  lfu: {
    added: `${AGE} + 1`,
    changed: `max(rank, ${AGE}) + 1`,
    used: `max(rank, ${AGE}) + ?3`,
  },
  ttl: { added: 'coalesce(?6, 9e15)', changed: 'excluded.rank', used: 'rank' },
}

/** The statements of a shelf, by name. */
export type ShelfSql = Readonly<Record<ShelfStatement, string>>
export type ShelfStatement =
  | (
      | 'version'
      | 'totals'
      | 'logPages'
      | 'counts'
      | 'advance'
      | 'get'
      | 'state'
      | 'wasHere'
      | 'page'
      | 'keys'
      | 'changed'
      | 'put'
      | 'use'
      | 'bury'
    )
  | (
      | 'drop'
      | 'tag'
      | 'tagged'
      | 'victims'
      | 'over'
      | 'nextDue'
      | 'forget'
      | 'lease'
      | 'leases'
      | 'take'
      | 'release'
    )
  | ('note' | 'setNote' | 'dropNotes')

/** The statements of a shelf whose entries go by this policy. */
export function shelfStatements(policy: ShelfPolicy): ShelfSql {
  const { added, changed, used } = RANKS[policy]
  return {
    version: 'pragma data_version',
    logPages: 'pragma wal_checkpoint(noop)',
    totals: 'select size, bytes, last, floor, age from totals',
    advance: 'update totals set last = ?1, floor = ?2, age = ?3',
    counts: 'select size, bytes from totals',
    get: `select ${ENTRY} from entries where key = ?1`,
    state: 'select seq, due from entries where key = ?1',
    wasHere: 'select seq from gone where key = ?1',
    page: `select ${ENTRY} from entries where seq > ?1 order by seq limit ?2`,
    keys: 'select key, due from entries where key > ?1 order by key limit ?2',
    changed: `select key from entries where seq > ?1 union all select key from gone where seq > ?1 limit ?2`,
    put: `insert into entries (seq, key, rank, used, uses, due, made, ends, bytes, sum, tags, value)
      values (?1, ?2, ${added}, ?7, ?8, ?5, ?4, ?6, ?9, ?10, ?11, ?3)
      on conflict (key) do update set seq = excluded.seq, rank = ${changed}, used = excluded.used,
        uses = iif(?12, uses + 1, excluded.uses), due = excluded.due, made = excluded.made,
        ends = excluded.ends, bytes = excluded.bytes, sum = excluded.sum, tags = excluded.tags, value = excluded.value`,
    use: `update entries set rank = ${used}, used = ?2, uses = uses + ?3,
      due = iif(?4 is null, due, min(coalesce(ends, ?4), ?4))
      where key = ?1`,
    bury: 'insert or replace into gone (key, seq) values (?1, ?2)',
    drop: 'delete from entries where key = ?1',
    tag: 'insert or ignore into tags (tag, key) values (?1, ?2)',
    tagged: 'select key from tags where tag = ?1',
    victims: `select ${ENTRY}, rank from entries where seq <= ?2 order by rank, used limit ?1`,
    over: `select ${ENTRY} from entries where due <= ?1 limit ?2`,
    nextDue: 'select min(due) from entries where due is not null',
    forget: 'delete from gone where seq <= ?1',
    lease: 'select owner, until from leases where key = ?1',
    leases: 'select key, tags from leases',
    take: 'insert or replace into leases (key, owner, until, tags) values (?1, ?2, ?3, ?4)',
    release: 'delete from leases where key = ?1',
    note: 'select value from notes where name = ?1',
    setNote: 'insert or replace into notes (name, value) values (?1, ?2)',
    dropNotes: 'delete from notes where name not in (select value from json_each(?1))',
  }
}
