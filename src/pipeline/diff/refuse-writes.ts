// What a plan knows of its own writes: values that the target would refuse, and values that it takes with a consequence.
// In: a plan whose rows say of themselves what is wrong. Out: the plan without them, and the rows left behind, so that
// they are rejects before anything is written. What must hold: only what would be written is judged; what a record holds
// already, and the run leaves alone, refuses no row.

import { renameSync } from "node:fs";
import type { FieldSchema } from "../../core/model.ts";
import { problemPart, problemStart } from "../../core/problem.ts";
import { identifier, literal } from "../../core/sql.ts";
import { isNewName, presentValue, refusedName, remarkedName, writtenValue } from "../../diff/compare.ts";
import { foldKey, leftBehindTable } from "../../diff/keys.ts";
import type { WrittenLimits } from "../../diff/match.ts";
import { countOf } from "../../report/numbers.ts";
import type { Engine } from "../../stage/engine.ts";
import { readParquet, writeParquet } from "../../stage/parquet.ts";
import { objectToBlank, objectToNothing, objectToValue, remarkOnValue } from "../../values/limits.ts";
import { quoted } from "../../values/value.ts";
import { type CompiledStream, plannedSchemas } from "../compile/compiled-stream.ts";
import { isOwnLink } from "../compile/parents.ts";

/** What is known of a field before anything is sent. */
export function limitsOf(schema: FieldSchema, isHidden: boolean): WrittenLimits {
  const value = writtenValue(schema.name);
  return {
    objections: [...objectToValue(schema, value, isHidden), ...objectToBlank(schema, value, isNewName)],
    needs: objectToNothing(schema, value),
    remarks: remarkOnValue(schema, value, presentValue(schema.name)),
  };
}

/** Leaves behind the rows that the target would refuse. Gives their number. */
export async function refuseWrites(engine: Engine, compiled: CompiledStream, planPath: string): Promise<number> {
  const plan = readParquet(planPath);
  await engine.run(`CREATE OR REPLACE TEMP TABLE refused_writes AS
    SELECT row AS _row_, ${refusedName} AS _reason_ FROM ${plan} WHERE ${refusedName} IS NOT NULL`);
  for (const field of uniqueFields(compiled)) {
    await engine.run(refuseShared(field, plan, compiled.redacted.has(field.name.toLowerCase())));
  }
  await refuseChildren(engine, compiled, plan);
  const { refused } = await engine.one("SELECT count(*) AS refused FROM refused_writes");
  if (Number(refused) === 0) return 0;
  await engine.run(`INSERT INTO ${leftBehindTable} SELECT _row_, _reason_ FROM refused_writes`);
  const kept = `SELECT * EXCLUDE (file_row_number) FROM ${plan}
    WHERE row IS NULL OR row NOT IN (SELECT _row_ FROM refused_writes)`;
  await writeParquet(engine, kept, `${planPath}.kept`);
  renameSync(`${planPath}.kept`, planPath);
  return Number(refused);
}

/** A new record that is refused is no parent: the rows of the same stream that name it, and so on down. */
async function refuseChildren(engine: Engine, compiled: CompiledStream, plan: string) {
  const { schema, stream, redacted } = compiled;
  const links = plannedSchemas(compiled).filter((field) => isOwnLink(field, schema.object, stream.target.key));
  const count = async () => Number((await engine.one("SELECT count(*) AS refused FROM refused_writes"))["refused"]);
  let refused = links.length === 0 ? 0 : await count();
  for (let before = 0; refused > before; ) {
    before = refused;
    for (const { name, caseSensitive } of links) {
      const shown = redacted.has(name.toLowerCase()) ? "'(hidden)'" : quoted("value");
      await engine.run(`INSERT INTO refused_writes SELECT row, ${literal(`${problemStart(name, "parent")}the row of `)} || ${shown} || ' is refused'
        FROM (SELECT row, after.${identifier(name)} AS value, ${foldKey([{ name, caseSensitive }], "after.")} AS folded FROM ${plan})
        WHERE folded IN (SELECT key FROM ${plan} WHERE action = 'create' AND row IN (SELECT _row_ FROM refused_writes))
          AND row NOT IN (SELECT _row_ FROM refused_writes)`);
    }
    refused = await count();
  }
}

/** Fields that the target keeps unique, and by which rows of a run are not told apart. */
export function uniqueFields(compiled: CompiledStream): FieldSchema[] {
  const { key, mode } = compiled.stream.target;
  if (mode === "delete") return [];
  return plannedSchemas(compiled).filter(({ unique, name }) => unique && !key.includes(name));
}

/** Two rows that set the same value: the target would take whichever came first. */
function refuseShared(field: FieldSchema, plan: string, isHidden: boolean): string {
  const { name } = field;
  const shown = isHidden ? "'(hidden)'" : quoted("value");
  const folded = foldKey([field], "after.");
  const written = `SELECT row, after.${identifier(name)} AS value, ${folded} AS folded FROM ${plan}
    WHERE list_contains(changed, ${literal(name)}) AND after.${identifier(name)} IS NOT NULL AND ${refusedName} IS NULL`;
  return `INSERT INTO refused_writes SELECT row, ${literal(`${problemStart(name, "unique")}sets `)} || ${shown} || ', as ' ||
      (rows - 1) || ' other row' || CASE WHEN rows > 2 THEN 's' ELSE '' END || ' of this run would; it must be unique'
    FROM (SELECT *, count(*) OVER (PARTITION BY folded) AS rows FROM (${written}))
    WHERE rows > 1 AND row NOT IN (SELECT _row_ FROM refused_writes)`;
}

/** What the target takes of a plan and a person should know of: a sentence each, and the rows that they are about. */
export async function tellRemarks(engine: Engine, planPath: string): Promise<{ sentences: string[]; rows: number }> {
  const part = (name: "field" | "message") => problemPart(remarkedName, name);
  const found = await engine.all(`SELECT ${part("field")} AS field, ${part("message")} AS message, count(*) AS rows
    FROM ${readParquet(planPath)} WHERE ${remarkedName} IS NOT NULL GROUP BY ALL ORDER BY ALL`);
  return {
    sentences: found.map(
      ({ field, message, rows }) => `${String(field)}: the value of ${countOf(Number(rows), "row")} ${String(message)}`,
    ),
    rows: found.reduce((sum, { rows }) => sum + Number(rows), 0),
  };
}
