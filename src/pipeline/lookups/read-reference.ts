// The records of a reference file. What must hold: the file is the one that the job was read with, and every record of it
// can be read; text is compared as it stands.

import { constants, createReadStream, statSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { hashFile } from "../../core/files.ts";
import type { Part } from "../../core/model.ts";
import { withNestedCalls } from "../../core/nested-rows.ts";
import { identifier } from "../../core/sql.ts";
import { packingOf } from "../../formats/packing.ts";
import { searchOf, searchReceived } from "../../formats/received.ts";
import { countOf } from "../../report/numbers.ts";
import { scanCsv } from "../../stage/csv-scan.ts";
import { type Engine, orWhereDataFails } from "../../stage/engine.ts";
import { openPart, readCarefully } from "../../stage/open-part.ts";
import { forgetRefusedRecords, readsAll } from "../../stage/stage.ts";
import type { Reference } from "../compile/reference-file.ts";
import { foldParts } from "../stage/join-lookups.ts";
import type { FoundRecords, LookupRequest } from "./found-records.ts";

export async function readReference(
  { context, compiled, lookup, wanted, folder }: LookupRequest,
  reference: Reference,
): Promise<FoundRecords> {
  const { engine } = context;
  const { name } = reference;
  const copy = join(folder, `${compiled.stream.name}-${lookup.index}-reference.csv`);
  const part = await fetchReference(reference, copy);
  const table = identifier(`reference:${lookup.index}`);
  await loadRecords(engine, reference, part, table);
  const { value } = lookup.written;
  const { where } = lookup;
  const { count } = await engine.one(`SELECT count(*) AS count FROM ${table}`);
  const folded = foldParts(lookup.keys, (at) => identifier(lookup.keys[at]?.name ?? ""));
  const taken = value === undefined ? "CAST(NULL AS VARCHAR)" : `nullif(${identifier(value.name)}, '')`;
  const rows =
    where === undefined ? table : `(SELECT * FROM ${withNestedCalls(table, [where], false)} WHERE (${where.sql}\n))`;
  await refuseFailing(engine, `SELECT count(*) FROM ${rows}`, name);
  return {
    select: `SELECT key, number AS id, 'record ' || number || coalesce(' ("' || left(value, 80) || '")', '') AS shown, value
      FROM (SELECT ${numberColumn} AS number, ${folded} AS key, ${taken} AS value FROM ${rows})
      WHERE key IN (SELECT key FROM ${wanted})`,
    from: `${name} (${countOf(Number(count), "record")})`,
  };
}

/** The place of a record, beside the columns of the file, whatever they are called. */
const numberColumn = identifier("loadline:record");

/** A copy where the engine may read it. */
async function fetchReference({ name, path, sha256, columns, format }: Reference, copy: string): Promise<Part> {
  await copyFile(path, copy, constants.COPYFILE_FICLONE);
  if ((await hashFile(copy)) !== sha256) {
    throw new Failure(exitCode.failed, `${name} has changed while the run began`, { next: "run again" });
  }
  const bytes = statSync(copy).size;
  const file = { path: copy, label: name, bytes };
  const suspect = await searchReceived(createReadStream(copy), file, searchOf(format, name));
  const compressed = packingOf(name) === "gzip";
  return { ...file, ordinal: 1, locator: name, sha256, compressed, suspect, rows: null, columns };
}

/** Fast and strict first; what the engine refuses is read record by record. */
async function loadRecords(engine: Engine, { name, format }: Reference, part: Part, table: string): Promise<void> {
  const open = await openPart(engine, part, format, `${part.path}.text`);
  if (!("text" in open)) throw new Error("a reference file is CSV");
  const load = (scan: string) =>
    engine.run(
      `CREATE OR REPLACE TEMP TABLE ${table} AS SELECT row_number() OVER () AS ${numberColumn}, * FROM ${scan}`,
    );
  await forgetRefusedRecords(engine);
  if (!open.text.part.suspect && (await readsAll(engine, () => load(scanCsv(open.text.part, open.text.format)))))
    return;
  const lined = await readCarefully(open.text, `${part.path}.clean`);
  const [broken] = lined.broken;
  if (broken !== undefined) {
    throw new Failure(exitCode.failed, `a record can't be read: ${broken.reason}`, {
      where: { file: name, line: broken.line },
      why: "a lookup that passes over a record would find less than there is",
      next: "correct the file, then run again",
    });
  }
  const columns = part.columns.map(identifier).join(", ");
  await load(`(SELECT ${columns} FROM ${lined.scan})`);
}

/** A filter that fails for a record takes or leaves it by chance. */
export async function refuseFailing(engine: Engine, sql: string, name: string): Promise<void> {
  await orWhereDataFails(
    () => engine.run(sql),
    (error) => {
      throw new Failure(exitCode.usage, `lookup.where can't be computed for every record of ${name}`, {
        why: error.message,
        next: "guard what may fail, by TRY_CAST say",
      });
    },
  );
}
