// Records that went on under another id, as the survivor of a merge in HubSpot does. In: rows that are matched; the pairs of
// the base. Out: which of them takes the place of a pair whose other record is gone; rows of a pair whose record is another's
// too; deletions that are none. What must hold: what was agreed on goes on with the record; a record that a survivor stands
// for is not deleted for the one that was merged away.

import type { Target } from "../../contract/target.ts";
import { sourceName } from "../../core/columns.ts";
import { identifier } from "../../core/sql.ts";
import type { CompareInput } from "../../diff/match.ts";
import { outlivedTable } from "../../diff/three-way.ts";
import { foldId } from "../../load/row-key.ts";
import { readRecords } from "../run/read-records.ts";
import type { DiffInput } from "./diff-input.ts";

/** `source_id`, `target_id` of a pair as it is now; `was_source` or `was_target` is the id that is gone. */
const movedTable = "moved_pairs";
/** Pairs of which the base knows another record than the one that was found, where both are there: _row_, id, found. */
export const doubledTable = "doubled_pairs";

export interface Moving {
  /** The system that the rows are from. */
  source: Target;
  /** SELECT of the pairs: source_id, target_id. */
  base: string;
  /** BOOLEAN over a row `s`: its record was deleted. */
  deleted: string;
  /** Columns of the source: into which record one was merged, and the id of the target's record. */
  mergedInto?: string;
  link?: string;
}

export async function findMoved(input: DiffInput, compare: CompareInput, moving: Moving): Promise<void> {
  const { engine, target } = input;
  const { source, base, deleted } = moving;
  const same = (one: string, other: string) => `${foldId(one)} = ${foldId(other)}`;
  await engine.run(`CREATE OR REPLACE TEMP TABLE pairs_now AS
    SELECT s._row_, s._id_ AS source_id, m._id_ AS target_id, ${deleted} AS is_deleted
    FROM ${identifier(compare.stage)} s JOIN matches m ON s._row_ = m._row_`);
  // A pair that the base knows too may have taken another's place: what a person has decided of it stands there alone.
  await engine.run(`CREATE OR REPLACE TEMP TABLE moved_candidates AS
    SELECT n.*, NULL AS was_source, b.target_id AS was_target FROM pairs_now n JOIN (${base}) b
      ON ${same("b.source_id", "n.source_id")} AND NOT ${same("b.target_id", "n.target_id")}
    UNION ALL SELECT n.*, b.source_id, NULL FROM pairs_now n JOIN (${base}) b
      ON ${same("b.target_id", "n.target_id")} AND NOT ${same("b.source_id", "n.source_id")} WHERE NOT n.is_deleted`);
  const isThere = async (system: Target, side: "source" | "target") => {
    const names = `SELECT DISTINCT was_${side} AS name FROM moved_candidates WHERE was_${side} IS NOT NULL`;
    const scan = await readSide(input, system, side, { names, name: `${side}-moved` });
    return `${foldId(`was_${side}`)} IN (SELECT ${foldId(identifier(system.capabilities.idColumn))} FROM ${scan})`;
  };
  const isTarget = await isThere(target, "target");
  const isSource = await isThere(source, "source");
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE ${doubledTable} AS SELECT _row_, was_target AS id, target_id AS found FROM moved_candidates WHERE ${isTarget}`,
  );
  await engine.run(`CREATE OR REPLACE TEMP TABLE ${movedTable} AS SELECT source_id, target_id, was_source, was_target FROM moved_candidates
    WHERE NOT coalesce(${isTarget}, false) AND NOT coalesce(${isSource}, false) QUALIFY row_number() OVER (PARTITION BY _row_ ORDER BY was_target NULLS LAST) = 1`);
  await findMerged(input, compare, moving);
}

/** SELECT of those pairs of a base, with its columns, that went on: by their ids of now. */
export function selectMoved(base: string): string {
  const isPair = ["source", "target"].map(
    (side) => `${foldId(`b.${side}_id`)} = ${foldId(`coalesce(v.was_${side}, v.${side}_id)`)}`,
  );
  return `SELECT b.* REPLACE (v.source_id AS source_id, v.target_id AS target_id), v.was_source, v.was_target
    FROM (${base}) b JOIN ${movedTable} v ON ${isPair.join(" AND ")}`;
}

async function findMerged(input: DiffInput, compare: CompareInput, moving: Moving): Promise<void> {
  const { engine, target } = input;
  const { source, base, deleted, mergedInto, link } = moving;
  const into = mergedInto === undefined ? "CAST(NULL AS VARCHAR)" : `nullif(s.${sourceName(mergedInto)}, '')`;
  await engine.run(`CREATE OR REPLACE TEMP TABLE merged_away AS SELECT s._row_, m._id_ AS target_id, ${into} AS survivor
    FROM ${identifier(compare.stage)} s JOIN matches m ON s._row_ = m._row_ WHERE ${deleted} AND ${into} IS NOT NULL`);
  const names = "SELECT DISTINCT survivor AS name FROM merged_away";
  const fields = link === undefined ? [] : [link];
  const scan = await readSide(input, source, "source", { names, name: "survivors", fields });
  const linked = link === undefined ? "NULL" : `r.${identifier(link)}`;
  await engine.run(`CREATE OR REPLACE TEMP TABLE survivors AS SELECT a.*, nullif(${linked}, '') AS linked, b.target_id AS agreed FROM merged_away a
    LEFT JOIN ${scan} r ON ${foldId(`r.${identifier(source.capabilities.idColumn)}`)} = ${foldId("a.survivor")}
    LEFT JOIN (${base}) b ON ${foldId("b.source_id")} = ${foldId("a.survivor")}`);
  const records = ["linked", "agreed"].map((name) => `SELECT ${name} AS name FROM survivors WHERE ${name} IS NOT NULL`);
  const there = await readSide(input, target, "target", { names: records.join(" UNION "), name: "survivors-records" });
  const isThere = (id: string) =>
    `${foldId(id)} IN (SELECT ${foldId(identifier(target.capabilities.idColumn))} FROM ${there})`;
  // Where the survivor's own record is gone, by a merge on that side too, this one is all that is left of both.
  await engine.run(`CREATE OR REPLACE TEMP TABLE ${outlivedTable} AS SELECT DISTINCT _row_ FROM survivors
    WHERE coalesce(${foldId("target_id")} IN (${foldId("linked")}, ${foldId("agreed")}), false)
      OR (coalesce(linked, agreed) IS NOT NULL AND NOT coalesce(${isThere("linked")}, false) AND NOT coalesce(${isThere("agreed")}, false))`);
}

async function readSide(
  { engine, compiled, snapshotFolder: folder, signal }: DiffInput,
  target: Target,
  side: "source" | "target",
  { names, name, fields = [] }: { names: string; name: string; fields?: string[] },
): Promise<string> {
  const { source, target: to } = compiled.stream;
  const object = side === "target" || source.kind !== "object" ? to.object : source.object;
  const by = target.capabilities.idColumn;
  return readRecords(
    { engine, target },
    { object, fields, by, names, folder, name: `${compiled.stream.name}-${name}`, signal },
  );
}
