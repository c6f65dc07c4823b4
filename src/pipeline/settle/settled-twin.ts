// What two jobs that are twins agree on, once a stream of one of them is loaded. In: what the plan would agree on, what
// became of each row. Out: the base anew, and what a person is to decide, both in force with the settling of the stream.
// What must hold: of a row that the target did not take nothing is agreed on; what this run did not see stays as it was;
// where nothing changed the files stay the same.

import { rmSync } from "node:fs";
import { join } from "node:path";
import type { StreamRecord } from "../../checkpoint/ledger.ts";
import type { TwinRecord } from "../../checkpoint/twin-record.ts";
import { failpoint } from "../../core/failpoint.ts";
import { identifier, literal } from "../../core/sql.ts";
import type { Stream } from "../../job/job.ts";
import { outcomeColumns } from "../../load/results.ts";
import { foldId } from "../../load/row-key.ts";
import { scanCsvFiles } from "../../stage/csv-scan.ts";
import { readParquet, writeParquet } from "../../stage/parquet.ts";
import { resultsPath } from "../batches/batch-files.ts";
import { agreedFile, askedFile, findHashed } from "../diff/two-way.ts";
import { type RunContext, subfolder } from "../run/context.ts";
import { fetchKept, keepFile } from "../run/kept-file.ts";
import { verifyRunFile } from "../run/run-files.ts";
import {
  baseFolder,
  cellOfBase,
  type FetchedBase,
  fetchBase,
  findBase,
  goesColumn,
  type TwinBase,
} from "../run/twin-base.ts";

export interface SettledTwin {
  twin: TwinRecord;
  /** Files that are needed no more then. */
  outdated: string[];
}

/** Undefined for a stream that goes one way, and where all is as it was. */
export async function settleTwin(
  context: RunContext,
  stream: Stream,
  { plan }: StreamRecord,
): Promise<SettledTwin | undefined> {
  const base = findBase(context, stream);
  const agreed = findHashed(join(context.folder, "twin"), agreedFile(stream.name));
  if (base === undefined || agreed === undefined || plan === null) return undefined;
  await verifyRunFile({ run: context.run.id, what: `what stream ${stream.name} agrees on`, ...agreed });
  const before = await fetchBase(context, base, stream.name);
  await takeAgreed(context, stream, base, { plan, agreed: agreed.path });
  const kept = await keepBase(context, stream, base, before);
  const asked = await keepAsked(context, stream, base, before?.record);
  if (kept === undefined && asked === undefined) return undefined;
  failpoint("agreed");
  const known = before?.record ?? {
    file: "",
    sha256: "",
    rows: 0,
    conflictsFile: "",
    conflictsSha256: "",
    conflicts: 0,
  };
  const twin: TwinRecord = { ...known, ...base.key, ...kept, ...asked, run: context.run.id };
  const outdated = [
    ...(twin.file === known.file ? [] : [known.file]),
    ...(twin.conflictsFile === known.conflictsFile ? [] : [known.conflictsFile]),
  ].filter((file) => file !== "");
  return { twin, outdated: outdated.map((file) => join(baseFolder(context), file)) };
}

/** Makes `agreed_rows` of the rows that were not to be written, and of those that were and are, with the ids of new records. */
async function takeAgreed(
  { engine, ledger, run, ...context }: RunContext,
  stream: Stream,
  { targetSide }: TwinBase,
  { plan, agreed }: { plan: string; agreed: string },
): Promise<void> {
  const batches = ledger
    .batches(run.id, stream.name)
    .filter(({ state, succeeded }) => state === "settled" && succeeded > 0);
  const results = scanCsvFiles(
    batches.map((batch) => resultsPath(context, batch)),
    outcomeColumns,
  );
  const loaded = `SELECT action, match_key, any_value(id) AS id FROM ${results} WHERE outcome = 'loaded' GROUP BY ALL`;
  const id = identifier(`${targetSide}:`);
  await engine.run(`CREATE OR REPLACE TEMP TABLE agreed_rows AS
    SELECT * FROM (SELECT a.* EXCLUDE (file_row_number, ${id}), coalesce(a.${id}, r.id) AS ${id}, p.row IS NULL OR r.match_key IS NOT NULL AS is_there
      FROM ${readParquet(agreed)} a LEFT JOIN ${readParquet(plan)} p ON p.row = a._row_
      LEFT JOIN (${loaded}) r ON r.action = p.action AND r.match_key = CASE WHEN p.action = 'create' THEN p.key ELSE ${foldId("p.id")} END)
    WHERE is_there AND ${id} IS NOT NULL`);
}

async function keepBase(
  context: RunContext,
  stream: Stream,
  { sourceSide, targetSide }: TwinBase,
  before: FetchedBase | undefined,
): Promise<Pick<TwinRecord, "file" | "sha256" | "rows"> | undefined> {
  const { engine, run } = context;
  const described = await engine.all("SELECT column_name AS name FROM (DESCRIBE agreed_rows)");
  const own = new Set(described.map(({ name }) => String(name)).filter((name) => /^[12]:/.test(name)));
  const all = [...new Set([...own, ...(before?.columns ?? [])])].sort();
  const ids = [sourceSide, targetSide].map((side) => identifier(`${side}:`));
  const isPair = ids.map((id) => `${foldId(`n.${id}`)} = ${foldId(`o.${id}`)}`).join(" AND ");
  const old = before === undefined ? undefined : `SELECT * FROM ${before.scan}`;
  if (old !== undefined) {
    const changed = [...own].map((name) => `n.${identifier(name)} IS DISTINCT FROM ${of("o", before, name)}`);
    const { rows } = await engine.one(`SELECT count(*) AS rows FROM agreed_rows n LEFT JOIN (${old}) o ON ${isPair}
      WHERE NOT n.is_merged AND (n.is_gone OR ${changed.join(" OR ")})`);
    if (Number(rows) === 0) return undefined;
  }
  const now = all.map(
    // A decision holds for what it was about.
    (name) =>
      `${own.has(name) ? `n.${identifier(name)}` : name === goesColumn ? "CAST(NULL AS VARCHAR)" : of("o", before, name)} AS ${identifier(name)}`,
  );
  const joined = old === undefined ? "" : `LEFT JOIN (${old}) o ON ${isPair}`;
  const rows = [`SELECT ${now.join(", ")} FROM agreed_rows n ${joined} WHERE NOT n.is_gone`];
  if (before !== undefined) {
    // What was agreed on of a record that was merged away is its survivor's, until that has agreed itself.
    const stays = ids.map((id) => `${foldId(id)} NOT IN (SELECT ${foldId(id)} FROM agreed_rows WHERE NOT is_merged)`);
    const cells = all.map((name) => `${cellOfBase(before, name)} AS ${identifier(name)}`);
    rows.push(`SELECT ${cells.join(", ")} FROM ${before.scan} WHERE ${stays.join(" AND ")}`);
  }
  const file = `${run.id}-${stream.name}.parquet`;
  const path = join(subfolder(context, "twin"), file);
  const count = await writeParquet(engine, rows.join(" UNION ALL "), path);
  return { file, sha256: await keepFile(path, baseFolder(context)), rows: count };
}

function of(table: string, before: FetchedBase | undefined, name: string): string {
  return before?.columns.has(name) === true ? `${table}.${identifier(name)}` : "CAST(NULL AS VARCHAR)";
}

/** Columns of the file of what a person is to decide. `1:` and `2:` are the ids of both sides. */
async function keepAsked(
  context: RunContext,
  stream: Stream,
  { sourceSide, targetSide }: TwinBase,
  before: TwinRecord | undefined,
): Promise<Pick<TwinRecord, "conflictsFile" | "conflictsSha256" | "conflicts"> | undefined> {
  const { engine, job, run } = context;
  const asked = findHashed(join(context.folder, "twin"), askedFile(stream.name));
  if (asked === undefined) return undefined;
  await verifyRunFile({ run: run.id, what: `what stream ${stream.name} asks`, ...asked });
  const [source, target] = [sourceSide, targetSide].map((side) => identifier(`${side}:`));
  const rows = [
    `SELECT ${literal(job.name)} AS job, ${literal(stream.name)} AS stream, ${literal(run.id)} AS run, source_id AS ${source}, target_id AS ${target},
      * EXCLUDE (source_id, target_id, _row_, file_row_number) FROM ${readParquet(asked.path)}`,
  ];
  if (before !== undefined && before.conflictsFile !== "") {
    const path = join(subfolder(context, "twin"), `conflicts-${stream.name}.parquet`);
    const kept = join(baseFolder(context), before.conflictsFile);
    const lost = await fetchKept(engine, { path: kept, sha256: before.conflictsSha256 }, path);
    // What is still open is found again by the runs of both jobs.
    if (lost !== undefined)
      context.emit({ type: "warning", message: `${kept} is ${lost}: what a person is to decide is listed anew` });
    else {
      const settled = `SELECT ${foldId(source ?? "")} FROM agreed_rows`;
      const again = `SELECT ${foldId("source_id")} FROM ${readParquet(asked.path)}`;
      rows.push(`SELECT * FROM read_parquet(${literal(path)}) WHERE ${foldId(source ?? "")} NOT IN (${settled})
        AND NOT (job = ${literal(job.name)} AND ${foldId(source ?? "")} IN (${again}))`);
    }
  }
  const file = `${run.id}-${stream.name}-conflicts.parquet`;
  const path = join(subfolder(context, "twin"), file);
  const conflicts = await writeParquet(engine, rows.join(" UNION ALL BY NAME "), path);
  if (conflicts > 0)
    return { conflictsFile: file, conflictsSha256: await keepFile(path, baseFolder(context)), conflicts };
  rmSync(path);
  return before === undefined || before.conflicts === 0
    ? undefined
    : { conflictsFile: "", conflictsSha256: "", conflicts: 0 };
}
