// Who is who among the rows of a run, on (row number, key) only: sorting or windowing wide rows runs out of memory.
// In: the stage view. Out: a narrow table of the rows that go on, and a table of the rows that stay behind and why.
// What must hold: a blank `dedupe.by` never makes two rows one.

import { identifier, literal } from "../core/sql.ts";
import type { Keep } from "../job/dedupe.ts";
import { foldSql } from "../values/fold.ts";

export interface KeyField {
  name: string;
  caseSensitive: boolean;
}

/** VARCHAR: equal exactly where the target takes two keys for the same. NULL if a part of the key is NULL. */
export function foldKey(fields: readonly KeyField[], qualifier = ""): string {
  const parts = fields.map(({ name, caseSensitive }) => {
    const column = `${qualifier}${identifier(name)}`;
    return caseSensitive ? column : foldSql(column);
  });
  // A file's rows need no key: each is itself.
  if (parts.length === 0) return `CAST(${qualifier}_row_ AS VARCHAR)`;
  return parts.length === 1 ? (parts[0] ?? "") : parts.join(" || chr(31) || ");
}

/** VARCHAR: the key as it is written, for people. */
export function showKey(fields: readonly KeyField[], qualifier = ""): string {
  return fields.length === 0
    ? "CAST(NULL AS VARCHAR)"
    : fields.map(({ name }) => `${qualifier}${identifier(name)}`).join(" || ', ' || ");
}

export interface DedupeKeys {
  by: readonly KeyField[];
  keep: Keep;
  /** SQL over the stage: the row with the greatest is kept; of rows that tie the last. */
  rank?: string;
}

export interface KeysInput {
  stage: string;
  key: readonly KeyField[];
  dedupe?: DedupeKeys;
  /**
   * Records, named by `_id_` and `_version_`: of several versions the newest counts, and none that was `seen` before. Where a
   * part is of one moment (`isSnapshot`), no two rows of it are versions of one record: what names them does not tell them apart.
   */
  records?: { seen?: string; isSnapshot?: boolean };
  /** Parts of rows that an earlier run has kept: one that came again since does not count any more. */
  kept?: readonly number[];
  /** SQL that is true for the rows that a person asked for (`--keys`), over `_key_`. */
  wanted?: string;
  limit?: number;
  /** The stage has few rows, and none of their values changes from here on. */
  isSmall?: boolean;
}

/** Names of the view and the table that `selectKeys` makes. */
export const keysTable = "keys";
export const leftBehindTable = "left_behind";
/** SQL over `left_behind`: the row is a reject. */
export const isRejected = "_reason_ NOT IN ('duplicate', 'waiting', 'older', 'lost', 'contested')";
/** Rows that are kept until a run finds their parent (_row_, _field_, _why_). */
export const waitingTable = "waiting_rows";
/** Rows whose key finds no record but such as may not be touched (_row_, ids). */
export const outsideTable = "outside_rows";
/** Rows of records that are known, and can't be told or are not there any more (kind, _row_, reason, ids). Only where both sides change them. */
export const lostTable = "lost_rows";
/** Rows that an earlier run has left, and whose key a newer row has had since (_row_, _why_). Only where such are taken up. */
export const olderTable = "older_rows";
/** What rows name of a stream that is planned later (key, field, parent, streams): the row's key, and that of what it names. */
export const laterTable = "later_fields";
/** Rows of the stage that validation rejected, among those that the run takes. */
export const rejectedTable = "rejected_rows";
/** Rows that are left to another one (_row_, _why_, _winner_). */
export const duplicatesTable = "duplicate_rows";

/**
 * Statements that make `keys` (_row_, _key_, _shown_, _hash_) and `left_behind` (_row_, _reason_: 'duplicate', 'waiting', 'older'
 * or a reject's text).
 * `keys` is a view: reading three columns of the stage again is as fast as reading a table of them, and such a table
 * would take 300 MB for 5 M rows. Of a small stage the table is made: a dozen statements use it, and to bind the reading
 * of a file and the folding of keys takes each of them longer than its rows do.
 */
export function selectKeys(input: KeysInput): string[] {
  const by =
    input.dedupe === undefined ? "" : `, ${foldKey(input.dedupe.by)} AS _by_, ${input.dedupe.rank ?? "0"} AS _rank_`;
  const wanted = input.wanted === undefined ? "" : `WHERE ${input.wanted}`;
  const limit = input.limit === undefined ? "" : `ORDER BY _row_ LIMIT ${input.limit}`;
  const good = `SELECT _row_, ${foldKey(input.key)} AS _key_, ${showKey(input.key)} AS _shown_, _hash_${by} FROM ${identifier(input.stage)} WHERE _state_ = 0`;
  const statements = [
    `CREATE OR REPLACE TEMP TABLE ${leftBehindTable} (_row_ BIGINT, _reason_ VARCHAR)`,
    `CREATE OR REPLACE TEMP TABLE ${duplicatesTable} (_row_ BIGINT, _why_ VARCHAR, _winner_ BIGINT)`,
    `CREATE OR REPLACE TEMP TABLE ${waitingTable} (_row_ BIGINT, _field_ VARCHAR, _why_ VARCHAR)`,
    `CREATE OR REPLACE TEMP TABLE ${laterTable} (key VARCHAR, field VARCHAR, parent VARCHAR, streams VARCHAR[])`,
    ...makeCandidates(`SELECT * FROM (${good}) ${wanted} ${limit}`, input.isSmall === true),
    `CREATE OR REPLACE TEMP VIEW ${keysTable} AS
      SELECT _row_, _key_, _shown_, _hash_ FROM candidates ANTI JOIN ${leftBehindTable} USING (_row_)`,
    `CREATE OR REPLACE TEMP VIEW ${rejectedTable} AS ${selectRejected(input)}`,
  ];
  const { kept = [] } = input;
  if (input.records !== undefined) statements.push(...leaveOldVersions(input.stage, input.records));
  if (kept.length > 0) statements.push(leaveOutdated(input, kept));
  if (input.dedupe !== undefined)
    statements.push(...leaveDuplicates(input.dedupe, input.records !== undefined || kept.length > 0));
  if (input.dedupe !== undefined || input.records !== undefined || kept.length > 0)
    statements.push(`INSERT INTO ${leftBehindTable} SELECT _row_, 'duplicate' FROM ${duplicatesTable}`);
  return statements;
}

/** Of a table a view may not take the name, nor the other way round, so the name is that of a view in any case. */
function makeCandidates(select: string, isSmall: boolean): string[] {
  if (!isSmall) return [`CREATE OR REPLACE TEMP VIEW candidates AS ${select}`];
  return [
    `CREATE OR REPLACE TEMP TABLE small_candidates AS ${select}`,
    "CREATE OR REPLACE TEMP VIEW candidates AS FROM small_candidates",
  ];
}

/** Statements that leave out rows which are older than what was loaded since. `older`: table of their `position` and `why`. */
export function leaveOlder(stage: string, older: string): string[] {
  return [
    `CREATE OR REPLACE TEMP TABLE ${olderTable} AS SELECT _row_, o.why AS _why_
      FROM (SELECT _row_, _position_ AS position FROM ${identifier(stage)} SEMI JOIN ${keysTable} USING (_row_)) s
      JOIN ${identifier(older)} o USING (position)`,
    `INSERT INTO ${leftBehindTable} SELECT _row_, 'older' FROM ${olderTable}`,
  ];
}

/**
 * Statements that leave out the rows whose key finds records, none of which may be touched. `named`: SELECT of the records
 * with their keys, `_target_key_`, and `_within_`.
 */
export function leaveOutside(named: string): string[] {
  return [
    `CREATE OR REPLACE TEMP TABLE ${outsideTable} AS SELECT k._row_, string_agg(p._id_, ' ' ORDER BY p._id_) AS ids
      FROM (${named}) p JOIN ${keysTable} k ON k._key_ = p._target_key_ GROUP BY k._row_ HAVING NOT bool_or(p._within_)`,
    `CREATE OR REPLACE TEMP VIEW ${keysTable} AS SELECT _row_, _key_, _shown_, _hash_ FROM candidates
      ANTI JOIN ${leftBehindTable} USING (_row_) ANTI JOIN ${outsideTable} USING (_row_)`,
  ];
}

/** Of a small load, the rejects among the rows that it takes: up to the last one, or of the keys that were asked for. */
function selectRejected({ stage, key, records, wanted, limit }: KeysInput): string {
  // A reject that was seen was ended: by a person, or by a run that took it up mended.
  const others = records?.seen === undefined ? "" : `ANTI JOIN ${duplicatesTable} USING (_row_)`;
  const rejected = `SELECT *, ${foldKey(key)} AS _key_ FROM ${identifier(stage)} ${others} WHERE _state_ = 1`;
  const conditions = ["true"];
  // A row of which the key is not known may be one that was asked for.
  if (wanted !== undefined) conditions.push(`coalesce(${wanted}, true)`);
  if (limit !== undefined) conditions.push(`_row_ <= (${lastTaken(limit)})`);
  return `SELECT * EXCLUDE (_key_) FROM (${rejected}) WHERE ${conditions.join(" AND ")}`;
}

/** SELECT of the row that a limit ends with; of the last row there can be, where it reaches none. */
export function lastTaken(limit: number): string {
  return `SELECT CASE WHEN count(*) >= ${limit} THEN max(_row_) ELSE 9223372036854775807 END AS last FROM candidates`;
}

function leaveOldVersions(stage: string, { seen, isSnapshot }: NonNullable<KeysInput["records"]>): string[] {
  const good = `(SELECT _row_, _id_, _version_, _content_, _part_ FROM ${identifier(stage)} WHERE _state_ = 0)`;
  const among = isSnapshot === true ? " AND v._part_ <> r.part" : "";
  const older = `INSERT INTO ${duplicatesTable} SELECT v._row_, 'an older version of the record', r.winner FROM ${good} v
    JOIN (SELECT _id_, max_by(_row_, struct_pack(version := _version_, place := _row_)) AS winner,
        max_by(_part_, struct_pack(version := _version_, place := _row_)) AS part FROM ${good}
      GROUP BY _id_ HAVING count(*) > 1) r ON v._id_ = r._id_ WHERE v._row_ <> r.winner${among}`;
  if (seen === undefined) return [older];
  const taken = `(SELECT _row_, _id_, _version_, _content_ FROM ${identifier(stage)} WHERE _state_ IN (0, 1))`;
  const again = `INSERT INTO ${duplicatesTable} SELECT _row_, 'taken by the run before, and not changed since', NULL FROM ${taken}
    SEMI JOIN (SELECT id AS _id_, version AS _version_, content AS _content_ FROM ${seen}) USING (_id_, _version_, _content_)
    ANTI JOIN ${duplicatesTable} USING (_row_)`;
  return [older, again];
}

/** Rows that were kept, and whose record the source has told of since: what it said then is outdated. */
function leaveOutdated({ stage, key }: KeysInput, kept: readonly number[]): string {
  const isKept = `_part_ IN (${kept.join(", ")})`;
  const rows = `SELECT _row_, _state_, ${foldKey(key)} AS _key_ FROM ${identifier(stage)} WHERE`;
  return `INSERT INTO ${duplicatesTable} SELECT k._row_, 'was kept from an earlier run, and came again since', max(n._row_)
    FROM (${rows} ${isKept} AND _state_ = 0) k JOIN (${rows} NOT ${isKept}) n ON n._key_ = k._key_ GROUP BY k._row_`;
}

/** Rows that are one record with others (_row_, _winner_, tied): the one that is kept among them. */
export const groupedTable = "grouped_rows";

/** `someLeft`: some rows are left to others already. */
function leaveDuplicates({ by, keep }: DedupeKeys, someLeft: boolean): string[] {
  const winner =
    keep === "first" ? "min(_row_)" : keep === "last" ? "max(_row_)" : "max_by(_row_, {rank: _rank_, place: _row_})";
  const told = `has the ${by.map(({ name }) => name).join(", ")} of another row, which counts (dedupe.keep: ${keep}`;
  const why = `CASE WHEN tied THEN ${literal(`${told}; of rows that tie the last)`)} ELSE ${literal(`${told})`)} END`;
  const rows = someLeft ? `(SELECT * FROM candidates ANTI JOIN ${duplicatesTable} USING (_row_))` : "candidates";
  const ties = keep === "newest" || keep === "most_complete" ? "c._rank_ = r.best AND c._row_ <> r.winner" : "false";
  return [
    `CREATE OR REPLACE TEMP TABLE ${groupedTable} AS SELECT c._row_, r.winner AS _winner_, ${ties} AS tied FROM ${rows} c
      JOIN (SELECT _by_, ${winner} AS winner, max(_rank_) AS best FROM ${rows} WHERE _by_ IS NOT NULL
        GROUP BY _by_ HAVING count(*) > 1) r ON c._by_ = r._by_`,
    `INSERT INTO ${duplicatesTable} SELECT _row_, ${why}, _winner_ FROM ${groupedTable} WHERE _row_ <> _winner_`,
  ];
}

/** Whether rows may share a key: not where `dedupe` has left one of each. */
export function mayShareKeys({ dedupe, key }: Pick<KeysInput, "dedupe" | "key">): boolean {
  return key.length > 0 && (dedupe === undefined || foldKey(dedupe.by) !== foldKey(key));
}
