// A tree in one stream: records whose parents are of the same stream, by the key that it loads. In: the plan. Out: the
// level of each of its rows. What must hold: a row's parents are of lower levels than itself, unless they are in the
// target already; the same plan gives the same levels. Salesforce does not find a parent that is new in the same call.

import { identifier } from "../../core/sql.ts";
import { foldKey } from "../../diff/keys.ts";
import { levelsTable } from "../../load/batches.ts";
import type { Engine } from "../../stage/engine.ts";
import type { CompiledStream } from "../compile/compiled-stream.ts";

/** Makes the table of levels (n, level) of a plan's creates and updates. False where the stream holds no tree. */
export async function orderTree(engine: Engine, compiled: CompiledStream, plan: string): Promise<boolean> {
  const { target } = compiled.stream;
  const [key] = target.key;
  const links = compiled.fields.flatMap(({ field }) => {
    const schema = compiled.fieldSchemas.get(field.target);
    const { lookup } = schema ?? {};
    const isOwn = lookup?.object.toLowerCase() === compiled.schema.object.toLowerCase() && lookup.key === key;
    return schema === undefined || !isOwn ? [] : [schema];
  });
  if (links.length === 0) return false;
  await engine.run(`CREATE OR REPLACE TEMP TABLE tree_rows AS
    SELECT file_row_number AS n, action, key FROM ${plan} WHERE action <> 'delete'`);
  const named = links.map((schema) => {
    const name = identifier(schema.name);
    return `SELECT n, ${foldKey([schema])} AS parent FROM (SELECT file_row_number AS n, after.${name} AS ${name}
      FROM ${plan} WHERE action <> 'delete')`;
  });
  await engine.run(`CREATE OR REPLACE TEMP TABLE tree_links AS SELECT DISTINCT n, parent FROM (${named.join(" UNION ALL ")})
    WHERE parent IN (SELECT key FROM tree_rows WHERE action = 'create')`);
  await engine.run(`CREATE OR REPLACE TEMP TABLE ${levelsTable} (n BIGINT, key VARCHAR, level INTEGER)`);
  let level = 0;
  for (let added = 1; added > 0; level += 1) {
    await engine.run(`INSERT INTO ${levelsTable} SELECT n, key, ${level} FROM tree_rows ANTI JOIN ${levelsTable} USING (n)
      WHERE action = 'create' AND n NOT IN (SELECT l.n FROM tree_links l
        WHERE l.parent NOT IN (SELECT key FROM ${levelsTable} WHERE key IS NOT NULL))`);
    const { rows } = await engine.one(`SELECT count(*) AS rows FROM ${levelsTable} WHERE level = ${level}`);
    added = Number(rows);
  }
  // What goes round in a circle comes last, and the target says of it what it lacks. Updates wait for what is new.
  await engine.run(`INSERT INTO ${levelsTable} SELECT n, key, CASE WHEN action = 'create' OR n IN (SELECT n FROM tree_links)
      THEN ${level} ELSE 0 END FROM tree_rows ANTI JOIN ${levelsTable} USING (n)`);
  return true;
}
