// The rejects file of a stream: the original columns of every row that was not loaded, with the reason and the line.
// Rows that validation rejected are written with the plan; rows that the target rejected are added once it has answered.
// In: the rows left behind, the parts. Out: files for people. Must hold: a row that is not written is in one of them.

import { join } from "node:path";
import type { StreamRecord } from "../../checkpoint/ledger.ts";
import type { Part, StreamCounts } from "../../core/model.ts";
import { type Problem, problemStart, readProblem } from "../../core/problem.ts";
import { literal } from "../../core/sql.ts";
import { clashesTable, clashReasons } from "../../diff/clashes.ts";
import { foldKey, isRejected, leftBehindTable, rejectedTable } from "../../diff/keys.ts";
import { redactedFields, type Stream } from "../../job/job.ts";
import type { Rule } from "../../job/rule.ts";
import { refusedOutcomes } from "../../load/results.ts";
import { visible } from "../../report/visible-text.ts";
import type { Engine } from "../../stage/engine.ts";
import { locateLines } from "../../stage/locate-lines.ts";
import type { OpenPart } from "../../stage/open-part.ts";
import { readSourceRows } from "../../stage/source-rows.ts";
import type { CompiledStream } from "../compile/compiled-stream.ts";
import { type RunContext, subfolder } from "../run/context.ts";
import type { StagedStream } from "../stage/staged-stream.ts";
import { LeftOutRejects, mayBeNamed } from "./left-out.ts";
import { copyPath, holderOfRows, joinOutcomes, visitPlannedRows } from "./planned-rows.ts";
import { keepPlannedReasons, keepRefusedReasons, ReasonTally } from "./reject-reasons.ts";
import { RowFile } from "./row-file.ts";
import { locateRows, nameOther, type RowPlace, showPlace } from "./row-places.ts";
import { unreadRecord } from "./unloaded-rows.ts";

const rejectColumns = ["loadline_error", "loadline_field", "loadline_line"];

export function rejectsPath(context: Pick<RunContext, "folder">, stream: string): string {
  return join(subfolder(context, "rejects"), `${stream}.csv`);
}

export interface KeptRejects {
  /** The file's length; 0 for no rejects and no file. */
  bytes: number;
  /** Rules that stop the run, and the rows that break them. */
  failed: ReadonlyMap<Rule, number>;
}

/** Writes what validation rejected, and why. */
export async function keepRejects(
  context: RunContext,
  compiled: CompiledStream,
  staged: StagedStream,
  { rejected }: Pick<StreamCounts, "rejected">,
): Promise<KeptRejects> {
  const { engine } = context;
  const parts = staged.parts.map(({ part }) => part);
  const file = new RowFile(rejectsPath(context, compiled.stream.name), parts, rejectColumns);
  const reasons = new ReasonTally(compiled.redacted);
  const leftOut = mayBeNamed(context.job, compiled.stream)
    ? new LeftOutRejects(context, compiled.stream.name)
    : undefined;
  const key = (qualifier: string) => (leftOut === undefined ? "NULL" : foldKey(compiled.key, qualifier));
  const rules = new Map(compiled.stream.rules.map((rule) => [rule.index, rule]));
  const failed = new Map<Rule, number>();
  const withRejects = rejected === 0 ? new Set<number>() : await findPartsWithRejects(engine, staged.view);
  const clashing = `SELECT DISTINCT _other_ AS _row_ FROM ${clashesTable} WHERE severity <> 'warn'`;
  const others = withRejects.size === 0 ? new Map<number, RowPlace>() : await locateRows(engine, staged, clashing);
  for (const { part, open, hasLines, broken } of staged.parts) {
    for (const { line, reason: message, cells } of broken) {
      const problem = { field: "", rule: "record", message };
      reasons.add(problem, showPlace(part.label, line), "foreign");
      await addReject(file, part, cells, [{ ...problem, field: unreadRecord }], line);
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
    const rows = `SELECT _position_ AS position, _line_ AS line, _source_ AS cells, _problems_ AS problems, ${key("")} AS key
        FROM ${rejectedTable} WHERE _part_ = ${part.ordinal}
      UNION ALL SELECT r.position, r.line, r.cells, coalesce(c.reasons, [l._reason_]), ${key("s.")} FROM source_rows r
        JOIN ${staged.view} s ON s._position_ = r.position AND s._part_ = ${part.ordinal} JOIN ${leftBehindTable} l ON l._row_ = s._row_
        LEFT JOIN (${clashReasons}) c ON c._row_ = s._row_
      ORDER BY position`;
    await addRows(context, { file, part, open, others }, rows, async (problems, line, row) => {
      for (const problem of problems) {
        reasons.add(problem, showPlace(part.label, line), "ours");
        const rule = problem.index === undefined ? undefined : rules.get(problem.index);
        if (rule?.severity === "fail") failed.set(rule, (failed.get(rule) ?? 0) + 1);
      }
      await leftOut?.add(row["key"], problems, line === 0 ? part.label : `${part.label} line ${line}`);
    });
  }
  await leftOut?.close();
  keepPlannedReasons(context.folder, compiled.stream.name, reasons.list());
  return { bytes: await file.close(), failed };
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
  const parts = ledger.parts(run.id, holderOfRows(context, stream).name);
  const file = new RowFile(rejectsPath(context, stream.name), parts, rejectColumns, record.rejectsBytes);
  const reasons = new ReasonTally(redactedFields(context.job, stream));
  await engine.run(`CREATE OR REPLACE TEMP TABLE refused_rows AS
    SELECT p.part, p.position, p.row, p.key, p.id, r.field, r.message
    FROM ${joinOutcomes(record.plan, resultFiles, refusedOutcomes)}`);
  await visitPlannedRows(context, stream, "refused_rows", async (part, open) => {
    const rows = `SELECT s.position, s.line, s.cells, [r.field || ${literal(problemStart("", ""))} || r.message] AS problems
      FROM source_rows s JOIN refused_rows r ON r.part = ${part.ordinal} AND r.position = s.position ORDER BY s.position`;
    await addRows(context, { file, part, open }, rows, async ([problem], line) => {
      const { field = "", message = "" } = problem ?? {};
      reasons.add({ field, rule: codeOf(message), message }, showPlace(part.label, line), "foreign");
    });
  });
  // A record that mirror was to delete, or a rollback to change, is no row of the source.
  const records = "SELECT key, id, field, message FROM refused_rows WHERE part IS NULL ORDER BY row, key";
  for await (const { key, id, field, message } of engine.stream(records)) {
    const told = String(message ?? "");
    const place = `${String(key)}${id === null ? "" : ` (${String(id)})`}`;
    reasons.add({ field: String(field ?? ""), rule: codeOf(told), message: told }, place, "foreign");
    await file.add({ columns: [], label: "" }, [], [visible(`${place}: ${told}`), String(field ?? ""), ""]);
  }
  keepRefusedReasons(context.folder, stream.name, reasons.list());
  await file.close();
}

/** Of what a target says: `INVALID_EMAIL_ADDRESS: …`. */
function codeOf(message: string): string {
  return /^[\w.-]+(?=:)/.exec(message)?.[0] ?? "target";
}

interface RejectsOfPart {
  file: RowFile;
  part: Part;
  open: OpenPart;
  /** Rows that others clash with. */
  others?: ReadonlyMap<number, RowPlace>;
}

async function addRows(
  { engine }: RunContext,
  { file, part, open, others }: RejectsOfPart,
  rows: string,
  tally: (problems: readonly Problem[], line: number, row: Record<string, unknown>) => Promise<void>,
): Promise<void> {
  const positions = new Set<number>();
  const unlined = `SELECT position FROM (${rows}) WHERE line IS NULL`;
  for await (const row of engine.stream(unlined)) positions.add(Number(row["position"]));
  const lines = await locateLines(open, positions);
  for await (const row of engine.stream(rows)) {
    const problems = (row["problems"] as string[]).map((text) => nameOther(readProblem(text), part.ordinal, others));
    const line = (row["line"] === null ? lines.get(Number(row["position"])) : Number(row["line"])) ?? 0;
    await tally(problems, line, row);
    await addReject(file, part, row["cells"] as string[], problems, line);
  }
}

function addReject(
  file: RowFile,
  part: Part,
  cells: readonly string[],
  problems: readonly Problem[],
  line: number,
): Promise<void> {
  const beyond = cells.slice(part.columns.length);
  const further = beyond.every((cell) => cell === "") ? "empty" : beyond.join(" | ");
  const message = beyond.length === 0 ? sayAll(problems) : `${sayAll(problems)}; further cells: ${further}`;
  const fields = [...new Set(problems.map(({ field }) => field))].filter((field) => field !== "");
  return file.add(part, cells, [message, fields.join("; "), String(line)]);
}

/** One problem as it is; of several each with its field. */
function sayAll(problems: readonly Problem[]): string {
  const said = problems.map(({ field, message }) => {
    const isAlone = problems.length === 1 || field === "";
    // What nobody would see in a value that the message quotes is named there; the row's own cells stay as they came.
    return visible(isAlone ? message : `${field}: ${message}`);
  });
  return said.join("; ");
}
