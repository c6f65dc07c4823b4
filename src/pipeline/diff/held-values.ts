// Values that the target keeps unique and that another record holds already: the target will refuse them, and a plan that
// can know it says so. In: a plan. Out: sentences. What must hold: only as many values are asked for as a few calls tell;
// a row is told and not refused, for the other record may have given its value up by then.

import type { Target } from "../../contract/target.ts";
import type { FieldSchema } from "../../core/model.ts";
import { identifier, literal } from "../../core/sql.ts";
import { foldKey } from "../../diff/keys.ts";
import { replacesTable, versionsOf } from "../../job/mode.ts";
import { foldId } from "../../load/row-key.ts";
import { countOf } from "../../report/numbers.ts";
import { scanCsvFiles } from "../../stage/csv-scan.ts";
import type { Engine } from "../../stage/engine.ts";
import { readParquet } from "../../stage/parquet.ts";
import { storedReading } from "../../values/value.ts";
import type { CompiledStream } from "../compile/compiled-stream.ts";
import { uniqueFields } from "./refuse-writes.ts";

/** Two calls of HubSpot's: more would make plans dear for what the load tells anyway. */
const valuesMax = 200;
const shownMax = 3;

export interface HeldInput {
  engine: Engine;
  target: Target;
  compiled: CompiledStream;
  planPath: string;
  /** Where what is read goes; exists. */
  folder: string;
  signal: AbortSignal;
}

export async function tellHeldValues(input: HeldInput): Promise<string[]> {
  const isAskable = ({ comparedBy, lookup, readable }: FieldSchema) => (comparedBy ?? lookup ?? readable) === undefined;
  if (replacesTable(input.compiled.stream.target)) return [];
  const told: string[] = [];
  for (const field of uniqueFields(input.compiled).filter(isAskable)) told.push(...(await tellHeld(input, field)));
  return told;
}

async function tellHeld(
  { engine, target, compiled, planPath, folder, signal }: HeldInput,
  field: FieldSchema,
): Promise<string[]> {
  const { namedKeysMax, idColumn, versionColumn } = target.capabilities;
  const { name } = field;
  const value = `after.${identifier(name)}`;
  const written = `SELECT row, ${foldId("id")} AS id, ${value} AS value, ${foldKey([field], "after.")} AS folded
    FROM ${readParquet(planPath)} WHERE list_contains(changed, ${literal(name)}) AND ${value} IS NOT NULL`;
  const count = Number((await engine.one(`SELECT count(*) AS count FROM (${written})`))["count"]);
  if (count === 0 || count > Math.min(valuesMax, namedKeysMax)) return [];
  const { files, aliases = [] } = await target.snapshot({
    object: compiled.stream.target.object,
    ...versionsOf(compiled.stream.target),
    fields: [name],
    key: [name],
    keys: { count, read: () => engine.texts(`SELECT DISTINCT value FROM (${written}) ORDER BY 1`, "value") },
    folder,
    name: `${compiled.stream.name}-${name}-held`,
    signal,
    onProgress: () => undefined,
  });
  const present = target.render(field, identifier(name), "VARCHAR", storedReading);
  const holders = `SELECT _holder_ AS holder, ${foldKey([field])} AS folded FROM (
    SELECT ${identifier(idColumn)} AS _holder_, ${present.stored ?? present.value} AS ${identifier(name)}
    FROM ${scanCsvFiles([...files, ...aliases], [idColumn, versionColumn, name])})`;
  const held = await engine.all(`SELECT value, holder, count(*) OVER () AS rows
    FROM (SELECT row, any_value(value) AS value, min(holder) AS holder FROM (${written}) w JOIN (${holders}) p USING (folded)
      WHERE id IS DISTINCT FROM ${foldId("holder")} GROUP BY row) ORDER BY row LIMIT ${shownMax}`);
  const rows = Number(held[0]?.["rows"] ?? 0);
  if (rows === 0) return [];
  const isHidden = compiled.redacted.has(name.toLowerCase());
  const shown = held.map((row) => `${isHidden ? "one" : `"${String(row["value"])}"`} by ${String(row["holder"])}`);
  const more = rows > shown.length ? ", …" : "";
  return [
    `${name}: ${countOf(rows, "row")} of this plan set a value that must be unique and that another record holds (${shown.join(", ")}${more}): the target will refuse ${rows === 1 ? "it" : "them"}, unless the other record gives it up before`,
  ];
}
