// Rows whose records no key finds, of records that both sides know. In: the pairs that the two last agreed on, and what the
// twin has written into our records as its key, and what became of records that were merged. Out: the records that are
// theirs; rows that must make none. What must hold: a record that is known makes no second one: it is found by its id, or
// its row is left, by name.

import { foldKey, keysTable, leftBehindTable, lostTable } from "../../diff/keys.ts";
import { type CompareInput, pairsTable, selectPresent } from "../../diff/match.ts";
import { foldId } from "../../load/row-key.ts";
import { readRecords } from "../run/read-records.ts";
import type { DiffInput } from "./diff-input.ts";
import { readField, snapshotFields } from "./read-present.ts";

export interface KnownPairs {
  /** SELECT of source_id, target_id. */
  pairs: string;
  /** VARCHAR over a row `s`: the record that it is of, as the twin wrote it down. */
  link: string;
  /** BOOLEAN over a row `s`: its record was deleted. */
  deleted: string;
  /** VARCHAR over a row `s`: into which record it was merged. */
  mergedInto: string;
}

export async function pairRows(input: DiffInput, compare: CompareInput, known: KnownPairs): Promise<CompareInput> {
  const { engine } = input;
  const { snapshot, stage, key } = compare;
  if (snapshot === undefined) throw new Error("there is nothing to pair with");
  const present = `SELECT ${foldKey(key)} AS _key_, _id_ FROM (${selectPresent(compare, snapshot, snapshot.scan)})`;
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE ${lostTable} (kind VARCHAR, _row_ BIGINT, reason VARCHAR, ids VARCHAR)`,
  );
  await engine.run(`CREATE OR REPLACE TEMP TABLE unfound_rows AS SELECT k._row_, k._key_, s._id_ AS source_id,
      nullif(${known.link}, '') AS link, ${known.deleted} AS is_deleted
    FROM ${keysTable} k JOIN ${stage} s USING (_row_) ANTI JOIN (${present}) p USING (_key_)`);
  await engine.run(`CREATE OR REPLACE TEMP TABLE pair_candidates AS
    SELECT o._row_, o._key_, b.target_id AS id, 0 AS place FROM unfound_rows o
      JOIN (${known.pairs}) b ON ${foldId("b.source_id")} = ${foldId("o.source_id")}
    UNION ALL SELECT _row_, _key_, link, 1 FROM unfound_rows WHERE link IS NOT NULL
    UNION ALL SELECT o._row_, o._key_, p._id_, 2 FROM unfound_rows o
      JOIN (SELECT s._row_, ${known.mergedInto} AS survivor FROM ${stage} s WHERE ${known.deleted}) a ON ${foldId("a.survivor")} = ${foldId("o.source_id")}
      JOIN ${keysTable} k ON k._row_ = a._row_ JOIN (${present}) p ON p._key_ = k._key_ WHERE NOT o.is_deleted`);
  const scan = await readCandidates(input);
  await engine.run(`CREATE OR REPLACE TEMP TABLE found_pairs AS SELECT c._row_, c._key_, arg_min(f.id, c.place) AS id,
      arg_min(f.own, c.place) AS own, min(c.place) AS place
    FROM pair_candidates c JOIN (SELECT _id_ AS id, coalesce(${foldKey(key)}, '') AS own
      FROM (${selectPresent(compare, snapshot, scan)})) f ON ${foldId("f.id")} = ${foldId("c.id")} GROUP BY c._row_, c._key_`);
  await leaveLost(input);
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE ${pairsTable} AS SELECT _key_, id FROM found_pairs ANTI JOIN ${lostTable} USING (_row_)`,
  );
  return { ...compare, paired: { scan } };
}

async function readCandidates(input: DiffInput): Promise<string> {
  const { engine, target, compiled, snapshotFolder: folder, signal } = input;
  return readRecords(
    { engine, target },
    {
      object: compiled.stream.target.object,
      fields: snapshotFields(input),
      by: target.capabilities.idColumn,
      names: "SELECT DISTINCT id AS name FROM pair_candidates",
      folder,
      name: `${compiled.stream.name}-paired`,
      signal,
    },
  );
}

/** Names the rows that make no record and change none, and takes them out. */
async function leaveLost({ engine }: DiffInput): Promise<void> {
  const told = [
    // Of a link the other side's own record says that it is the one.
    `SELECT 'conflicts', _row_, 'its record has got another key', id FROM found_pairs WHERE place = 0 AND own <> '' AND own <> _key_
      AND NOT EXISTS (FROM pair_candidates c WHERE c._row_ = found_pairs._row_ AND c.place = 1 AND ${foldId("c.id")} = ${foldId("found_pairs.id")})`,
    `SELECT 'conflicts', _row_, 'another row is of the same record', id FROM found_pairs
      QUALIFY count(*) OVER (PARTITION BY ${foldId("id")}) > 1`,
    `SELECT 'unmatched', _row_, 'its record is not there any more: deleted, or merged into another', any_value(id)
    FROM pair_candidates WHERE place = 0 AND _row_ NOT IN (SELECT _row_ FROM found_pairs) GROUP BY _row_`,
    `SELECT 'unmatched', _row_, 'deleted on this side, and not on the other', '' FROM unfound_rows WHERE is_deleted
      AND _row_ NOT IN (SELECT _row_ FROM found_pairs)`,
  ];
  for (const sql of told)
    await engine.run(
      `INSERT INTO ${lostTable} SELECT * FROM (${sql}) t(kind, _row_, reason, ids) ANTI JOIN ${lostTable} USING (_row_)`,
    );
  await engine.run(
    `INSERT INTO ${leftBehindTable} SELECT _row_, CASE kind WHEN 'unmatched' THEN 'lost' ELSE 'contested' END FROM ${lostTable}`,
  );
}

/** Rows of which several have the value that would join them, with a record that has no key: which is whose nobody knows. */
export async function leaveContested(input: DiffInput, compare: CompareInput): Promise<void> {
  const { engine, target, compiled, snapshotFolder: folder, signal } = input;
  const { adoptBy, object } = compiled.stream.target;
  const { snapshot, stage, key } = compare;
  if (adoptBy === undefined || snapshot === undefined) return;
  const schema = compiled.fieldSchemas.get(adoptBy);
  const by = (rows: string) => foldKey([{ name: adoptBy, caseSensitive: schema?.caseSensitive ?? true }], rows);
  await engine.run(`CREATE OR REPLACE TEMP TABLE shared_rows AS SELECT * FROM (SELECT u._row_, ${by("s.")} AS _by_
      FROM unfound_rows u JOIN ${stage} s USING (_row_) ANTI JOIN ${pairsTable} p ON p._key_ = u._key_
      WHERE u._row_ NOT IN (SELECT _row_ FROM ${lostTable}))
    WHERE _by_ IS NOT NULL QUALIFY count(*) OVER (PARTITION BY _by_) > 1`);
  const scan = await readRecords(
    { engine, target },
    {
      object,
      fields: snapshotFields(input),
      by: readField(compiled, adoptBy),
      names: "SELECT DISTINCT _by_ AS name FROM shared_rows",
      folder,
      name: `${compiled.stream.name}-shared`,
      signal,
    },
  );
  await engine.run(`INSERT INTO ${lostTable} SELECT 'conflicts', r._row_, 'several rows could be this record', string_agg(p.id, ' ' ORDER BY p.id)
    FROM shared_rows r JOIN (SELECT _id_ AS id, ${by("")} AS _by_ FROM (${selectPresent(compare, snapshot, scan)}) WHERE ${foldKey(key)} IS NULL) p USING (_by_)
    GROUP BY r._row_`);
  await engine.run(
    `INSERT INTO ${leftBehindTable} SELECT _row_, 'contested' FROM ${lostTable} WHERE _row_ IN (SELECT _row_ FROM shared_rows)`,
  );
}
