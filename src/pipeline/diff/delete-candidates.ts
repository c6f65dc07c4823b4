// Which records mirror deletes. In: what the diff finds no row for, and the job's scope. Out: a plan that deletes only
// records which, read again by their ids, are there, in the scope, and have the key that they were found by.
// What must hold: who may be deleted is asked of the records, not of an index or a list that may be behind them; what is
// held back is told.

import { renameSync } from "node:fs";
import type { Target } from "../../contract/target.ts";
import { identifier, literal } from "../../core/sql.ts";
import type { Wholeness } from "../../core/wholeness.ts";
import { foldKey } from "../../diff/keys.ts";
import { type CompareInput, selectPresent } from "../../diff/match.ts";
import { versionsOf } from "../../job/mode.ts";
import { foldId } from "../../load/row-key.ts";
import { countOf } from "../../report/numbers.ts";
import type { Engine } from "../../stage/engine.ts";
import { readParquet, writeParquet } from "../../stage/parquet.ts";
import type { CompiledStream } from "../compile/compiled-stream.ts";
import { type NamedRecords, readRecords } from "../run/read-records.ts";
import { readWithin } from "./within.ts";

interface CandidatesInput {
  engine: Engine;
  target: Target;
  compiled: CompiledStream;
  snapshotFolder: string;
  planPath: string;
  signal: AbortSignal;
}

/** Ids that a sentence names. */
const shownMax = 5;

/** BOOLEAN SQL: no record may be deleted. */
export const noneDeletable = "false";

/** Which records may be deleted, BOOLEAN SQL over `_id_`: all, those in `scope`, or none where the source is not whole. */
export async function selectDeletable(input: CandidatesInput, wholeness: Wholeness): Promise<string | undefined> {
  const { compiled, target } = input;
  const { key, scope } = compiled.stream.target;
  if (wholeness.kind === "partial") return noneDeletable;
  if (scope === undefined) return undefined;
  const { idColumn } = target.capabilities;
  const scan = await readRecords(input, {
    ...requestOf(input, "scope"),
    fields: [],
    by: idColumn,
    names: undefined,
    key,
    scope,
  });
  return `_id_ IN (SELECT ${identifier(idColumn)} FROM ${scan})`;
}

function requestOf(
  { compiled, snapshotFolder, signal }: CandidatesInput,
  what: string,
): Pick<NamedRecords, "object" | "versions" | "folder" | "name" | "signal"> {
  const { name, target } = compiled.stream;
  return {
    object: target.object,
    ...versionsOf(target),
    folder: snapshotFolder,
    name: `${name}-${what}`,
    signal,
  };
}

/** Takes the deletes out of a plan that are not so any more. Gives a sentence about them, where there are any. */
export async function holdBackCandidates(input: CandidatesInput, compare: CompareInput): Promise<string | undefined> {
  const { engine, target, compiled, planPath } = input;
  const plan = readParquet(planPath);
  const { rows } = await engine.one(`SELECT count(*) AS rows FROM ${plan} WHERE action = 'delete'`);
  const count = Number(rows);
  if (count === 0 || compare.snapshot === undefined) return undefined;
  const { idColumn } = target.capabilities;
  const { key, scope } = compiled.stream.target;
  const keyFields = compare.fields.filter(({ name }) => key.includes(name));
  const fields = [...new Set(keyFields.map(({ column }) => column))].filter((name) => name !== idColumn);
  const wanted = `SELECT id FROM ${plan} WHERE action = 'delete'`;
  const scan = await readRecords(
    { engine, target },
    {
      ...requestOf(input, "candidates"),
      fields,
      by: idColumn,
      names: `SELECT id AS name FROM (${wanted})`,
      ...(scope === undefined ? {} : { scope }),
    },
  );
  const { where } = compiled;
  const within = where === undefined ? "true" : `folded IN (${await readWithin(input, where, wanted, "bounds")})`;
  const present = selectPresent({ ...compare, fields: keyFields, matching: [] }, compare.snapshot, scan);
  await engine.run(`CREATE OR REPLACE TEMP TABLE held_candidates AS
    SELECT d.id, p.folded IS NULL AS gone, NOT ${within} AS outside FROM (SELECT id, key, ${foldId("id")} AS folded FROM ${plan} WHERE action = 'delete') d
    LEFT JOIN (SELECT ${foldId("_id_")} AS folded, ${foldKey(compare.key)} AS key FROM (${present})) p USING (folded)
    WHERE p.folded IS NULL OR p.key IS DISTINCT FROM d.key OR NOT ${within}`);
  const told = await describeHeld(engine, scope !== undefined);
  if (told === undefined) return undefined;
  const kept = `SELECT * EXCLUDE (file_row_number) FROM ${plan}
    WHERE action <> 'delete' OR id NOT IN (SELECT id FROM held_candidates)`;
  await writeParquet(engine, kept, `${planPath}.kept`);
  renameSync(`${planPath}.kept`, planPath);
  return told;
}

async function describeHeld(engine: Engine, isScoped: boolean): Promise<string | undefined> {
  const why = `CASE WHEN gone THEN ${literal(isScoped ? "gone, or not in target.scope" : "gone")} WHEN outside THEN 'not in target.where any more' ELSE 'another key' END`;
  const found = await engine.all(`SELECT ${why} AS why, count(*) AS rows, list(id ORDER BY id)[:${shownMax}] AS ids
    FROM held_candidates GROUP BY 1 ORDER BY 1`);
  if (found.length === 0) return undefined;
  const kinds = found.map(({ why: reason, rows, ids }) => {
    const named = (ids as string[]).join(", ");
    return `${countOf(Number(rows), "record")} ${String(reason)} (${named}${Number(rows) > shownMax ? ", …" : ""})`;
  });
  return `not deleted, for read again they are not what was listed: ${kinds.join("; ")}`;
}
