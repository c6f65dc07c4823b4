// What is known of the target by an index that is behind, proven where it counts. In: rows, and present values that may be
// of a moment ago. Out: present values in which all that would lead to a write is as the target holds it now. What must
// hold: no record is made that is there, and none is written for a value that it has not any more; a row that agrees with
// what the index told of its record is left alone.

import { join } from "node:path";
import { sizeOf } from "../../core/files.ts";
import { identifier } from "../../core/sql.ts";
import type { Wholeness } from "../../core/wholeness.ts";
import { foldKey, keysTable } from "../../diff/keys.ts";
import { matchKeys } from "../../diff/match.ts";
import { foldId } from "../../load/row-key.ts";
import { countOf } from "../../report/numbers.ts";
import { scanCsvFiles } from "../../stage/csv-scan.ts";
import { readParquet, writeParquet } from "../../stage/parquet.ts";
import { type DiffInput, fieldByName, type PresentRecords } from "./diff-input.ts";
import { prepareCompare } from "./prepare-compare.ts";
import { nameScan, requestSnapshot, scanSnapshot, snapshotColumns } from "./read-present.ts";

const doubtedTable = "doubted_keys";

/** Reads the records of rows that would be written, or find none, by their keys. */
export async function proveWrites(
  input: DiffInput,
  present: PresentRecords | undefined,
  wholeness: Wholeness,
): Promise<PresentRecords | undefined> {
  if (present?.isLate !== true) return present;
  const { engine, compiled, target, staged, snapshotFolder } = input;
  const { request } = await requestSnapshot(input);
  const [name = ""] = request.key;
  const path = join(snapshotFolder, `${compiled.stream.name}-doubted.parquet`);
  await writeParquet(engine, matchKeys(await prepareCompare(input, present, wholeness)), path, "disposable");
  await engine.run(`CREATE OR REPLACE TEMP TABLE ${doubtedTable} AS
    SELECT DISTINCT ${identifier(name)} AS name, ${foldKey([fieldByName(compiled, name)])} AS key FROM ${staged.view}
    WHERE _row_ IN (SELECT _row_ FROM ${keysTable}
      EXCEPT SELECT _row_ FROM ${readParquet(path)} WHERE _row_ IS NOT NULL AND _present_ IS NULL)`);
  const { count } = await engine.one(`SELECT count(*) AS count FROM ${doubtedTable}`);
  if (Number(count) === 0) return present;
  const names = `SELECT DISTINCT name FROM ${doubtedTable} ORDER BY 1`;
  const found = await target.snapshot({
    ...request,
    keys: { count: Number(count), read: () => engine.texts(names, "name") },
    name: `${compiled.stream.name}-proven`,
  });
  const how = `${present.how}; ${countOf(Number(count), "row")} that would be written by ${found.how}`;
  if (found.isAll === true) return { ...present, how, scan: await scanSnapshot(input, found, request) };
  await engine.prepareFor(sizeOf(found.files));
  const columns = snapshotColumns(input);
  const list = columns.map(identifier).join(", ");
  const folded = foldId(identifier(target.capabilities.idColumn));
  const fresh = scanCsvFiles(found.files, columns);
  const scan = `(SELECT ${list} FROM ${present.scan}
    WHERE ${folded} NOT IN (SELECT ${folded} FROM ${fresh})
      AND coalesce(${foldKey([fieldByName(compiled, name)])}, '') NOT IN (SELECT key FROM ${doubtedTable})
    UNION ALL SELECT ${list} FROM ${fresh})`;
  return { ...present, how, scan: await nameScan(input, scan, found.aliases) };
}
