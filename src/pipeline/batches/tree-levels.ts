// A tree in one stream: records whose parents are of the same stream, by the key that it loads. In: the plan. Out: the
// level of each of its rows. What must hold: a row's parents are of lower levels than itself, unless they are in the
// target already, or the row goes round in a circle with them; the same plan gives the same levels. Salesforce does not
// find a parent that is new in the same call.

import { identifier } from "../../core/sql.ts";
import { foldKey } from "../../diff/keys.ts";
import { levelsTable } from "../../load/batches.ts";
import type { Engine } from "../../stage/engine.ts";
import { plannedSchemas, type WrittenStream } from "../compile/compiled-stream.ts";
import { isOwnLink } from "../compile/parents.ts";

export interface Tree {
  /** Fields that name records of the same stream. */
  links: string[];
  /** Level of the rows that name each other in a circle: they are created without their links. */
  circleLevel: number;
}

/** Statement that makes the table of levels, empty. */
export const noLevels = `CREATE OR REPLACE TEMP TABLE ${levelsTable} (n BIGINT, key VARCHAR, level INTEGER)`;

/** Makes the table of levels (n, level) of a plan's creates and updates. Undefined where the stream holds no tree. */
export async function orderTree(engine: Engine, compiled: WrittenStream, plan: string): Promise<Tree | undefined> {
  const { object } = compiled.schema;
  const { key } = compiled.stream.target;
  const links = plannedSchemas(compiled).filter((schema) => isOwnLink(schema, object, key));
  if (links.length === 0) return undefined;
  await engine.run(`CREATE OR REPLACE TEMP TABLE tree_rows AS
    SELECT file_row_number AS n, action, key FROM ${plan} WHERE action <> 'delete'`);
  const named = links.map((schema) => {
    const name = identifier(schema.name);
    return `SELECT _n_ AS n, ${foldKey([schema])} AS parent FROM (SELECT file_row_number AS _n_, after.${name} AS ${name}
      FROM ${plan} WHERE action <> 'delete')`;
  });
  await engine.run(`CREATE OR REPLACE TEMP TABLE tree_links AS SELECT DISTINCT n, parent FROM (${named.join(" UNION ALL ")})
    WHERE parent IN (SELECT key FROM tree_rows WHERE action = 'create')`);
  await engine.run(noLevels);
  const circleLevel = await addLevels(engine, 0);
  await addCircles(engine, circleLevel);
  const last = await addLevels(engine, circleLevel + 1);
  // Updates wait for what is new.
  await engine.run(`INSERT INTO ${levelsTable} SELECT n, key, CASE WHEN n IN (SELECT n FROM tree_links) THEN ${last} ELSE 0 END
    FROM tree_rows ANTI JOIN ${levelsTable} USING (n)`);
  return { links: links.map(({ name }) => name), circleLevel };
}

/** Levels of new rows, from one on, as long as there are rows whose parents all have one. Gives the first level without rows. */
async function addLevels(engine: Engine, from: number): Promise<number> {
  for (let level = from; ; level += 1) {
    await engine.run(`INSERT INTO ${levelsTable} SELECT n, key, ${level} FROM tree_rows ANTI JOIN ${levelsTable} USING (n)
      WHERE action = 'create' AND n NOT IN (SELECT l.n FROM tree_links l
        WHERE l.parent NOT IN (SELECT key FROM ${levelsTable} WHERE key IS NOT NULL))`);
    const { rows } = await engine.one(`SELECT count(*) AS rows FROM ${levelsTable} WHERE level = ${level}`);
    if (Number(rows) === 0) return level;
  }
}

/** New rows that are left, less those that no other names, over and over: what stays goes round in a circle. */
async function addCircles(engine: Engine, level: number): Promise<void> {
  await engine.run(`CREATE OR REPLACE TEMP TABLE tree_circles AS
    SELECT n, key FROM tree_rows ANTI JOIN ${levelsTable} USING (n) WHERE action = 'create'`);
  const count = async () => Number((await engine.one("SELECT count(*) AS rows FROM tree_circles"))["rows"]);
  for (let rows = await count(), before = -1; rows !== before && rows > 0; ) {
    before = rows;
    await engine.run(`DELETE FROM tree_circles
      WHERE key NOT IN (SELECT l.parent FROM tree_links l JOIN tree_circles c ON c.n = l.n)`);
    rows = await count();
  }
  await engine.run(`INSERT INTO ${levelsTable} SELECT n, key, ${level} FROM tree_circles`);
}
