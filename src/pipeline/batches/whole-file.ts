// A plan as the one file that a file target gets. In: the plan. Out: the file, on disk. What must hold: its rows are in
// the order of the source, and a row that changed is whole; what is to be encrypted leaves nothing in clear.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { failpoint } from "../../core/failpoint.ts";
import { identifier, literal } from "../../core/sql.ts";
import { encryptFile } from "../../formats/pgp.ts";
import type { EncryptionKeys } from "../../formats/pgp-keys.ts";
import type { Stream } from "../../job/job.ts";
import { replacesTable } from "../../job/mode.ts";
import { cellOfChanged } from "../diff/delivered.ts";
import { type RunContext, subfolder, targetOf } from "../run/context.ts";
import { batchPath, describeFile, plainCsvFile, type WrittenFile } from "./batch-files.ts";
import { writeInOrder } from "./ordered-file.ts";

/** Writes all rows of a plan, which is a table function. */
export async function writeWholeFile(
  context: RunContext,
  stream: Stream,
  plan: string,
  fields: readonly string[],
): Promise<WrittenFile> {
  const { format = plainCsvFile, mode } = stream.target;
  const path = batchPath(context, { stream: stream.name, number: 1 }, format.type);
  // A column's default is for rows of which nothing is said.
  const clears = replacesTable(stream.target) ? targetOf(context, stream.target.connection).capabilities.clearCell : "";
  const cleared = new Set(
    clears === "" ? [] : stream.fields.filter(({ onNull }) => onNull === "clear").map(({ target }) => target),
  );
  const cellOfNothing = (name: string) => `coalesce(after.${identifier(name)}, ${literal(clears)})`;
  const forPeople = format.type === "csv" && format.neutraliseFormulas;
  const cells = fields.map((name) => {
    const cell =
      mode === "delta" ? cellOfChanged(name) : cleared.has(name) ? cellOfNothing(name) : `after.${identifier(name)}`;
    return forPeople ? `${neutralise(cell)} AS ${identifier(neutraliseName(name))}` : `${cell} AS ${identifier(name)}`;
  });
  const write = (file: string) => writeInOrder(context.engine, { plan, cells: cells.join(", ") }, file, format);
  const keys = context.keys.get(stream.name)?.encryption;
  if (keys === undefined) return describeFile(path, await write(path));
  return writeEncrypted(context, stream, { path: `${path}.pgp`, keys, write });
}

interface Encryption {
  path: string;
  keys: EncryptionKeys;
  /** Gives how many rows there are. */
  write(clear: string): Promise<number>;
}

/** Once: each time would give other bytes. What is in clear is gone when it returns. */
async function writeEncrypted(
  context: RunContext,
  stream: Stream,
  { path, keys, write }: Encryption,
): Promise<WrittenFile> {
  const clear = join(subfolder(context, "stage", "clear", stream.name), "written");
  const rows = await write(clear);
  await encryptFile(clear, keys, path, stream.target.object);
  failpoint("encrypted");
  rmSync(clear);
  return describeFile(path, rows);
}

/** What makes a spreadsheet take a cell for a formula (OWASP, CSV Injection), full-width forms too. */
const formulaStart = "^[=+\\-@\\t\\r\\n\uff1d\uff0b\uff0d\uff20]";

function neutralise(cell: string): string {
  return `CASE WHEN regexp_matches(${cell}, ${literal(formulaStart)}) THEN ${literal("'")} || ${cell} ELSE ${cell} END`;
}

function neutraliseName(name: string): string {
  return new RegExp(formulaStart).test(name) ? `'${name}` : name;
}
