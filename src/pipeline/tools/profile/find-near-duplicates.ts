// Rows of files that may be of one company. In: paths, and which columns to compare. Out: groups of rows, each row alike to
// another of its group. Must hold: nothing is changed; the groups do not depend on the order of the rows; what is not
// compared is told.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { now } from "../../../core/clock.ts";
import { identifier } from "../../../core/sql.ts";
import type { DuplicateGroup, NearDuplicates } from "../../../report/near-duplicates.ts";
import { countOf } from "../../../report/numbers.ts";
import type { Engine } from "../../../stage/engine.ts";
import { locateLines } from "../../../stage/locate-lines.ts";
import type { OpenPart } from "../../../stage/open-part.ts";
import { lineColumn } from "../../../stage/record-copy.ts";
import { readerQuestions } from "../../../transform/functions.ts";
import { defineQuestions } from "../../../transform/readable.ts";
import { defineFunctionsIn } from "../../compile/define-functions.ts";
import { chooseColumns, type NamedColumns } from "./compared-columns.ts";
import { groupPairs } from "./group-pairs.ts";
import { pairNames } from "./pair-names.ts";
import { askFile, inFolder } from "./read-file.ts";

interface DuplicateRequest {
  paths: readonly string[];
  named: NamedColumns;
  signal: AbortSignal;
}

export function findNearDuplicates({ paths, named, signal }: DuplicateRequest): Promise<NearDuplicates> {
  return inFolder(signal, async (engine, folder) => {
    await defineFunctionsIn(engine, now(), "UTC", "account_name(name) domain(site)");
    for (const question of defineQuestions(readerQuestions("domain()"))) await engine.run(question);
    await engine.run(
      `CREATE TEMP TABLE given (file INTEGER, position BIGINT, line BIGINT, name VARCHAR, domain VARCHAR, phone VARCHAR)`,
    );
    const files: NearDuplicates["files"] = [];
    const opened: OpenPart[] = [];
    for (const [index, path] of paths.entries()) {
      const own = join(folder, String(index));
      mkdirSync(own);
      const { file, open } = await readFile(engine, { folder: own, path, index }, named);
      files.push(file);
      opened.push(open);
    }
    const notes = await normalise(engine);
    const pairing = await pairNames(engine);
    const groups = await readGroups(
      engine,
      files.map(({ name }) => name),
      opened,
    );
    return { files, groups, leftOut: pairing.leftOut, notes: [...notes, ...pairing.notes] };
  });
}

interface FilePlace {
  folder: string;
  path: string;
  index: number;
}

async function readFile(
  engine: Engine,
  { folder, path, index }: FilePlace,
  named: NamedColumns,
): Promise<{ file: NearDuplicates["files"][number]; open: OpenPart }> {
  const { answer, open, notes } = await askFile({
    engine,
    folder,
    path,
    async ask(scan, columns, hasLines) {
      const chosen = chooseColumns(path, columns, named);
      const cell = (column: string | null) => (column === null ? "NULL" : `nullif(trim(${identifier(column)}), '')`);
      const line = hasLines ? `CAST(${identifier(lineColumn)} AS BIGINT)` : "NULL";
      await engine.run(`DELETE FROM given WHERE file = ${index}`);
      await engine.run(`INSERT INTO given SELECT ${index}, row_number() OVER () - 1, ${line}, ${cell(chosen.name)},
        ${cell(chosen.domain)}, ${cell(chosen.phone)} FROM ${scan}`);
      const { rows } = await engine.one(`SELECT count(*) AS rows FROM given WHERE file = ${index}`);
      return { rows: Number(rows), columns: chosen };
    },
  });
  return { file: { name: path, ...answer, notes }, open };
}

/** Digits that a number is compared by: what stands before them is written in many ways. */
const phoneDigits = 7;

/** Makes `named` and `placed`. Functions are asked once for each different value. Tells what has nothing to be compared by. */
async function normalise(engine: Engine): Promise<string[]> {
  await engine.run(`CREATE TEMP TABLE name_of AS SELECT raw, account_name(raw) AS name
    FROM (SELECT DISTINCT name AS raw FROM given WHERE name IS NOT NULL)`);
  await engine.run(`CREATE TEMP TABLE domain_of AS SELECT raw, CASE WHEN reads_domain(raw) THEN domain(raw) END AS domain
    FROM (SELECT DISTINCT domain AS raw FROM given WHERE domain IS NOT NULL)`);
  await engine.run(`CREATE TEMP TABLE named AS SELECT CAST(row_number() OVER (ORDER BY name) - 1 AS INTEGER) AS id, name,
    replace(name, ' ', '') AS letters FROM (SELECT DISTINCT name FROM name_of WHERE name IS NOT NULL)`);
  const digits = `regexp_replace(regexp_replace(lower(g.phone), '([0-9])[ .,]*(?:ext|x|#|;).*$', '\\1'), '[^0-9]', '', 'g')`;
  await engine.run(`CREATE TEMP TABLE placed AS SELECT id, file, position, line, raw_name, raw_domain, raw_phone, domain,
      CASE WHEN length(digits) >= ${phoneDigits} THEN right(digits, ${phoneDigits}) END AS phone
    FROM (SELECT named.id, g.file, g.position, g.line, g.name AS raw_name, g.domain AS raw_domain, g.phone AS raw_phone,
        domain_of.domain, ${digits} AS digits FROM given AS g
      JOIN name_of ON name_of.raw = g.name JOIN named ON named.name = name_of.name
      LEFT JOIN domain_of ON domain_of.raw = g.domain)`);
  const counted = await engine.one(`SELECT (SELECT count(*) FROM given) - count(*) AS unnamed,
    count(*) FILTER (raw_domain IS NOT NULL AND domain IS NULL) AS no_domain,
    count(*) FILTER (raw_phone IS NOT NULL AND phone IS NULL) AS no_phone FROM placed`);
  const told = [
    ["unnamed", "without a name: not compared"],
    ["no_domain", "with what is no domain: compared without it"],
    ["no_phone", `with a phone number of less than ${phoneDigits} digits: compared without it`],
  ] as const;
  return told.flatMap(([what, words]) => {
    const rows = Number(counted[what]);
    return rows === 0 ? [] : [`${countOf(rows, "row")} ${words}`];
  });
}

/** The most alike first, then the largest. */
async function readGroups(
  engine: Engine,
  files: readonly string[],
  opened: readonly OpenPart[],
): Promise<DuplicateGroup[]> {
  const { groups, unlined } = await groupPairs(engine, files);
  for (const [file, rows] of unlined) {
    const open = opened[file];
    if (open === undefined) continue;
    const lines = await locateLines(open, new Set(rows.keys()));
    for (const [position, row] of rows) row.line = lines.get(position) ?? 0;
  }
  return groups;
}
