// One stream of a run that is taken back: from what that run wrote to a plan that undoes it. In: a stream, and the run. Out: its
// record, plan and batches, as of any plan. Must hold: only what the run wrote is touched, and only where it is still there
// as the run left it; a row that is left alone is named in a file, with why.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { assertPlanAddsUp } from "../../checkpoint/accounts.ts";
import type { StreamRecord } from "../../checkpoint/ledger.ts";
import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { failpoint } from "../../core/failpoint.ts";
import { hashFile, syncFile } from "../../core/files.ts";
import { type Action, noCounts, type StreamCounts } from "../../core/model.ts";
import { type MappedField, redactedFields, type Stream } from "../../job/job.ts";
import { countOf } from "../../report/numbers.ts";
import { readParquet, writeParquet } from "../../stage/parquet.ts";
import { chooseWays, describeWays } from "../batches/ways.ts";
import { writeBatches } from "../batches/write-batches.ts";
import type { WrittenStream } from "../compile/compiled-stream.ts";
import { describeWritten } from "../compile/written-stream.ts";
import { selectNamed, tellMissing } from "../diff/named-keys.ts";
import { keepLeftRows } from "../rows/left-rows.ts";
import { type RunContext, subfolder, targetOf } from "../run/context.ts";
import { newStreamRecord } from "../run/stream-record.ts";
import { type Shape, shapeOfTarget } from "../shape/shape.ts";
import { leaveUnfit } from "./altered-fields.ts";
import { tellLostParents } from "./brought-back.ts";
import { compareUndone, leftTable, type Undoing, undoneTable } from "./compare-now.ts";
import { findLanded, landedTable, takeFile, undoneRun } from "./landed-rows.ts";

/** Throws a Failure where the run's files are not what it left, or the target is another org. */
export async function rollbackStream(context: RunContext, stream: Stream): Promise<StreamRecord> {
  const { engine, ledger, run, emit } = context;
  const target = targetOf(context, stream.target.connection);
  const undone = undoneRun(context);
  const of = ledger.streams(undone.id).find(({ name }) => name === stream.name);
  const record = newStreamRecord(context, stream);
  ledger.saveStream(record);
  if (of === undefined || of.plan === null) return planNothing(context, record);
  refuseOtherOrg(context, of, target.orgId);
  emit({ type: "step-started", stream: stream.name, step: "diff" });
  const left = await takeFile(context, undone, {
    what: `the plan of stream ${stream.name}`,
    path: join(undone.folder, "plan", `${stream.name}.parquet`),
    sha256: of.planSha256,
  });
  const undoing = await chooseFields(context, stream, left);
  await findLanded(context, undoing.written, undone, left);
  const missing = await keepNamed(context, undoing);
  await compareUndone(context, undoing);
  await leaveUnfit(context, undoing, of.shape);
  const plan = join(subfolder(context, "plan"), `${stream.name}.parquet`);
  await writeParquet(engine, planRows, plan);
  const counts = await countPlan(context);
  await keepLeftRows(
    context,
    stream.name,
    `SELECT replace(l.key, chr(31), ', ') AS key, coalesce(l.id, '') AS ids, string_agg(DISTINCT o.message, '; ' ORDER BY o.message) AS reason
    FROM ${leftTable} o JOIN ${landedTable} l USING (n) GROUP BY l.n, l.key, l.id ORDER BY l.n`,
  );
  const ways = chooseWays(target, undoing.written, counts, context.budget.callsLeft(stream.target.connection));
  context.ways.set(stream.name, ways);
  const batches = await writeBatches(context, undoing.written, plan, ways);
  syncFile(plan);
  assertPlanAddsUp(stream.name, counts, run.command === "plan" ? undefined : batches);
  const how = `what run ${undone.id} wrote, and what is there now`;
  const notes = [
    ...(missing === undefined ? [] : [missing]),
    ...tellUnderway(undoing, counts),
    ...(counts.undeletes > 0 ? await tellLostParents(context, undoing.written.stream, undoneTable) : []),
  ];
  for (const note of notes) emit({ type: "warning", message: `${stream.name}: ${note}` });
  const writes = describeWays(ways, stream.target);
  const planned: StreamRecord = {
    ...record,
    state: "planned",
    plan,
    planSha256: await hashFile(plan),
    counts,
    how,
    notes,
    writes,
    shape: JSON.stringify(shapeOf(undoing.written)),
  };
  failpoint("diffed");
  ledger.savePlan({ stream: planned, batches });
  failpoint("planned");
  rmSync(join(context.folder, "snapshot"), { recursive: true, force: true });
  emit({ type: "planned", stream: stream.name, counts, how, warnings: 0, batches: batches.length });
  return planned;
}

/** What is to come back was judged by these fields. */
function shapeOf({ stream, schema, fieldSchemas }: WrittenStream): Shape {
  return { source: null, target: shapeOfTarget(stream, schema, fieldSchemas) };
}

function planNothing({ ledger, emit }: RunContext, record: StreamRecord): StreamRecord {
  const how = "the run has written nothing";
  const planned: StreamRecord = { ...record, state: "planned", counts: noCounts(), how };
  ledger.savePlan({ stream: planned, batches: [] });
  emit({ type: "planned", stream: record.name, counts: noCounts(), how, warnings: 0, batches: 0 });
  return planned;
}

function refuseOtherOrg({ run }: RunContext, { connection, org }: StreamRecord, now: string): void {
  if (org === now) return;
  const undone = run.options.rollback?.run ?? "";
  throw new Failure(exitCode.failed, `run ${undone} wrote into org ${org}, ${connection} is now ${now}`, {
    next: `point ${connection} back at that org, then loadline rollback ${undone}`,
  });
}

/** Fields of the plan that are written back: those that were asked for, and can be set to a value that they had. */
async function chooseFields(context: RunContext, stream: Stream, plan: string): Promise<Undoing> {
  const { engine, run } = context;
  const { run: id = "", fields: wanted } = run.options.rollback ?? {};
  const isWanted = (name: string) => wanted === undefined || wanted.includes(name);
  // What is not asked for may be gone by now.
  const isNeeded = ({ target }: MappedField) => isWanted(target) || stream.target.key.includes(target);
  const written = await describeWritten(context, { ...stream, fields: stream.fields.filter(isNeeded) });
  const described = await engine.all(
    `SELECT column_name AS name FROM (DESCRIBE SELECT unnest(after) FROM ${readParquet(plan)})`,
  );
  const names = new Set(described.map(({ name }) => String(name)));
  const schemas = written.planned.flatMap(({ field }) => written.fieldSchemas.get(field.target) ?? []);
  const fields = schemas.filter(({ name }) => names.has(name) && isWanted(name));
  // What was added is named to the target as what is to be taken away.
  const own = new Set(fields.map(({ name }) => name));
  const isSeveral = (name: string) => written.fieldSchemas.get(name)?.several === true;
  const mapped = written.stream.fields.map((field) =>
    own.has(field.target) && isSeveral(field.target) ? { ...field, replaces: field.targetPlace } : field,
  );
  const undone = {
    ...written,
    stream: { ...written.stream, fields: mapped },
    planned: mapped.filter(({ target }) => own.has(target)).map((field) => ({ field })),
  };
  return { written: undone, fields, run: id, isFieldsOnly: wanted !== undefined };
}

/** `--keys`: only these rows. Says which of them the run has not written. */
async function keepNamed(
  context: RunContext,
  { written: { stream, fieldSchemas } }: Undoing,
): Promise<string | undefined> {
  const { engine, job, run } = context;
  const { keys: named } = run.options;
  if (named === undefined) return undefined;
  const target = targetOf(context, stream.target.connection);
  const key = stream.target.key.flatMap((name) => fieldSchemas.get(name) ?? []);
  const { object } = stream.target;
  const isNamed = await selectNamed({ engine, target, object, key, timezone: job.timezone, named });
  const redacted = redactedFields(job, stream);
  const isHidden = key.some(({ name }) => redacted.has(name.toLowerCase()));
  const missing = await tellMissing({ engine, key, named, taken: `SELECT key FROM ${landedTable}`, isHidden });
  await engine.run(
    `DELETE FROM ${landedTable} WHERE NOT coalesce((SELECT ${isNamed} FROM (SELECT key AS _key_)), false)`,
  );
  return missing;
}

/** As every plan has its rows. They are of no row of a source; `row` orders them. */
const planRows = `SELECT action, key, id, version, before, after, changed, CAST(n AS BIGINT) AS row, CAST(NULL AS USMALLINT) AS part,
    CAST(NULL AS BIGINT) AS position, CAST(NULL AS VARCHAR) AS _refused_, CAST(NULL AS VARCHAR) AS _remarked_
  FROM ${undoneTable} WHERE NOT is_done AND n NOT IN (SELECT n FROM ${leftTable}) ORDER BY n`;

async function countPlan({ engine }: RunContext): Promise<StreamCounts> {
  const rows = `SELECT u.action, coalesce(u.is_done, true) AS is_done, l.n IN (SELECT n FROM ${leftTable}) AS is_left
    FROM ${landedTable} l LEFT JOIN ${undoneTable} u ON u.n = l.n`;
  const open = (action: Action) => `count(*) FILTER (NOT is_left AND NOT is_done AND action = '${action}')`;
  const counted = await engine.one(`SELECT count(*) AS extracted, count(*) FILTER (is_left) AS conflicts,
      count(*) FILTER (NOT is_left AND is_done) AS unchanged, ${open("create")} + ${open("undelete")} AS creates,
      ${open("undelete")} AS undeletes, ${open("update")} AS updates,
      ${open("delete")} AS deletes FROM (${rows})`);
  const count = (name: string) => Number(counted[name]);
  return {
    ...noCounts(),
    extracted: count("extracted"),
    conflicts: count("conflicts"),
    unchanged: count("unchanged"),
    creates: count("creates"),
    undeletes: count("undeletes"),
    updates: count("updates"),
    deletes: count("deletes"),
  };
}

/** What a person should know before it is written. */
function tellUnderway({ written, fields, isFieldsOnly }: Undoing, counts: StreamCounts): string[] {
  const notes: string[] = [];
  const { creates, undeletes, updates, deletes } = counts;
  if (undeletes > 0) {
    const [come, their] = undeletes === 1 ? ["comes", "its id"] : ["come", "their ids"];
    notes.push(
      `${countOf(undeletes, "deleted record")} ${come} back out of the recycle bin, with ${their} and all that was in it when it was deleted; what the target refuses to bring back, a second rollback makes anew`,
    );
  }
  const anew = creates - undeletes;
  if (anew > 0) {
    const are = anew === 1 ? "is" : "are";
    const withId = written.stream.target.isTable === true ? "" : "another id and ";
    const names = countOf(written.planned.length, "mapped field");
    notes.push(
      `${countOf(anew, "deleted record")} can't be brought back, and ${are} made anew, with ${withId}the ${names} only`,
    );
  }
  for (const { name } of fields.filter(({ one }) => one === true))
    notes.push(
      `${name}: the record that it named before is named again; what the run had named stays associated, without the label`,
    );
  if (isFieldsOnly) notes.push("records that the run made or deleted stay as they are, for --fields names fields");
  if (creates + updates + deletes > 0)
    notes.push("what the changes set off in the target (automation, mails, merged records) is not taken back");
  return notes;
}
