// The rejects file of a stream: the original columns of every row that was not loaded, with the reason and the line.
// Rows that validation rejected are written with the plan; rows that the target rejected are added once it has answered.
// In: the rows left behind, the parts. Out: files for people. Must hold: a row that is not written is in one of them.

import { join } from "node:path";
import type { StreamRecord } from "../../checkpoint/ledger.ts";
import type { Part } from "../../core/model.ts";
import { type Problem, problemStart, readProblem } from "../../core/problem.ts";
import { literal } from "../../core/sql.ts";
import { foldKey, isRejected, leftBehindTable, rejectedTable } from "../../diff/keys.ts";
import { redactedFields, type Stream } from "../../job/job.ts";
import { visible } from "../../report/visible-text.ts";
import type { Engine } from "../../stage/engine.ts";
import { locateLines } from "../../stage/locate-lines.ts";
import type { OpenPart } from "../../stage/open-part.ts";
import { readSourceRows } from "../../stage/source-rows.ts";
import type { CompiledStream } from "../compile/compiled-stream.ts";
import { type RunContext, subfolder } from "../run/context.ts";
import type { StagedStream } from "../stage/staged-stream.ts";
import { LeftOutRejects, mayBeNamed } from "./left-out.ts";
import { copyPath, joinOutcomes, visitPlannedRows } from "./planned-rows.ts";
import { keepPlannedReasons, keepRefusedReasons, ReasonTally } from "./reject-reasons.ts";
import { RowFile } from "./row-file.ts";

const rejectColumns = ["loadline_error", "loadline_field", "loadline_line"];

export function rejectsPath(context: Pick<RunContext, "folder">, stream: string): string {
  return join(subfolder(context, "rejects"), `${stream}.csv`);
}

/** Writes what validation rejected, and why. Gives the file's length in bytes, 0 for no rejects and no file. */
export async function keepRejects(
  context: RunContext,
  compiled: CompiledStream,
  staged: StagedStream,
): Promise<number> {
  const { engine } = context;
  const parts = staged.parts.map(({ part }) => part);
  const file = new RowFile(rejectsPath(context, compiled.stream.name), parts, rejectColumns);
  const reasons = new ReasonTally(compiled.redacted);
  const leftOut = mayBeNamed(context.job, compiled.stream)
    ? new LeftOutRejects(context, compiled.stream.name)
    : undefined;
  const key = (qualifier: string) => (leftOut === undefined ? "NULL" : foldKey(compiled.key, qualifier));
  const withRejects = await findPartsWithRejects(engine, staged.view);
  for (const { part, open, hasLines, broken } of staged.parts) {
    for (const { line, reason: message, cells } of broken) {
      const problem = { field: "", rule: "record", message };
      reasons.add(problem, placeOf(part, line), "foreign");
      await addReject(file, part, cells, problem, line);
    }
    if (!withRejects.has(part.ordinal)) continue;
    await readSourceRows({
      engine,
      part,
      open,
      careful: hasLines,
      copyPath: copyPath(context, compiled.stream, part, "again"),
      wanted: `SELECT _position_ AS position FROM ${staged.view} SEMI JOIN (SELECT _row_ FROM ${leftBehindTable} WHERE ${isRejected}) USING (_row_) WHERE _part_ = ${part.ordinal}`,
    });
    const rows = `SELECT _position_ AS position, _line_ AS line, _source_ AS cells, _problem_ AS problem, ${key("")} AS key
        FROM ${rejectedTable} WHERE _part_ = ${part.ordinal}
      UNION ALL SELECT r.position, r.line, r.cells, l._reason_, ${key("s.")} FROM source_rows r
        JOIN ${staged.view} s ON s._position_ = r.position AND s._part_ = ${part.ordinal} JOIN ${leftBehindTable} l ON l._row_ = s._row_
      ORDER BY position`;
    await addRows(context, file, part, open, rows, async (problem, line, row) => {
      reasons.add(problem, placeOf(part, line), "ours");
      await leftOut?.add(row["key"], problem, line === 0 ? part.label : `${part.label} line ${line}`);
    });
  }
  await leftOut?.close();
  const { name } = compiled.stream;
  keepPlannedReasons(context.folder, name, reasons.list());
  return file.close();
}

/**
 * Most parts have none, and looking for their cells would read the whole part. Asked once for all: a question for each
 * of 10,000 parts, every one over the whole stage, took minutes (measured).
 */
async function findPartsWithRejects(engine: Engine, view: string): Promise<Set<number>> {
  const parts = new Set<number>();
  const rows = engine.stream(`SELECT DISTINCT _part_ AS part FROM ${rejectedTable}
    UNION SELECT DISTINCT _part_ FROM ${view}
      SEMI JOIN (SELECT _row_ FROM ${leftBehindTable} WHERE ${isRejected}) USING (_row_)`);
  for await (const row of rows) parts.add(Number(row["part"]));
  return parts;
}

/** Adds the rows that the target rejected, after those of validation, whatever an earlier attempt added. */
export async function addTargetRejects(
  context: RunContext,
  stream: Stream,
  record: StreamRecord,
  resultFiles: readonly string[],
): Promise<void> {
  const { engine, ledger, run } = context;
  const parts = ledger.parts(run.id, stream.name);
  const file = new RowFile(rejectsPath(context, stream.name), parts, rejectColumns, record.rejectsBytes);
  const reasons = new ReasonTally(redactedFields(context.job, stream));
  await engine.run(`CREATE OR REPLACE TEMP TABLE refused_rows AS
    SELECT p.part, p.position, p.row, r.field, r.message
    FROM ${joinOutcomes(record.plan, resultFiles, ["failed", "unprocessed"])}`);
  await visitPlannedRows(context, stream, "refused_rows", async (part, open) => {
    const rows = `SELECT s.position, s.line, s.cells, r.field || ${literal(problemStart("", ""))} || r.message AS problem
      FROM source_rows s JOIN refused_rows r ON r.part = ${part.ordinal} AND r.position = s.position ORDER BY s.position`;
    await addRows(context, file, part, open, rows, async ({ field, message }, line) =>
      reasons.add({ field, rule: codeOf(message), message }, placeOf(part, line), "foreign"),
    );
  });
  keepRefusedReasons(context.folder, stream.name, reasons.list());
  await file.close();
}

function placeOf({ label }: Part, line: number): string {
  return line === 0 ? label : `${label}, line ${line}`;
}

/** Of what a target says: `INVALID_EMAIL_ADDRESS: …`. */
function codeOf(message: string): string {
  return /^[\w.-]+(?=:)/.exec(message)?.[0] ?? "target";
}

async function addRows(
  { engine }: RunContext,
  file: RowFile,
  part: Part,
  open: OpenPart,
  rows: string,
  tally: (problem: Problem, line: number, row: Record<string, unknown>) => Promise<void>,
): Promise<void> {
  const positions = new Set<number>();
  const unlined = `SELECT position FROM (${rows}) WHERE line IS NULL`;
  for await (const row of engine.stream(unlined)) positions.add(Number(row["position"]));
  const lines = await locateLines(open, positions);
  for await (const row of engine.stream(rows)) {
    const problem = readProblem(String(row["problem"]));
    const line = (row["line"] === null ? lines.get(Number(row["position"])) : Number(row["line"])) ?? 0;
    await tally(problem, line, row);
    await addReject(file, part, row["cells"] as string[], problem, line);
  }
}

function addReject(
  file: RowFile,
  part: Part,
  cells: readonly string[],
  { field, message: error }: Problem,
  line: number,
): Promise<void> {
  const beyond = cells.slice(part.columns.length);
  // What nobody would see in a value that the message quotes is named there; the row's own cells stay as they came.
  const said = visible(error);
  const further = beyond.every((cell) => cell === "") ? "empty" : beyond.join(" | ");
  const message = beyond.length === 0 ? said : `${said}; further cells: ${further}`;
  return file.add(part, cells, [message, field, String(line)]);
}
