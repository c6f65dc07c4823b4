// Rules over the run, held against the rows that go on, once it is known which those are. In: the rows in the engine, what
// earlier runs kept. Out: what stops the run, warnings, and what later runs are compared with. What must hold: the values that
// a rule was judged by are told with it, but none that is never shown; what can't be computed breaks the rule.

import type { KeptAggregate, StreamRecord } from "../../checkpoint/ledger.ts";
import { placeOf } from "../../core/errors.ts";
import { withNestedCalls } from "../../core/nested-rows.ts";
import { literal } from "../../core/sql.ts";
import { keysTable } from "../../diff/keys.ts";
import { countOf } from "../../report/numbers.ts";
import type { RejectReason } from "../../report/reject-reasons.ts";
import { type Engine, orWhereDataFails } from "../../stage/engine.ts";
import type { CompiledRunRule, RunRuleValue } from "../../validate/run-rule.ts";
import type { CompiledStream } from "../compile/compiled-stream.ts";
import { selectStored } from "../compile/stored-fields.ts";
import type { RunContext } from "../run/context.ts";
import { isPartial } from "../run/context.ts";
import { memoryOwner, placeOfJob } from "../run/memory-owner.ts";
import type { StagedStream } from "../stage/staged-stream.ts";

export interface RunVerdict {
  stops: string[];
  warnings: RejectReason[];
  notes: string[];
  aggregates: KeptAggregate[];
}

export async function judgeRun(
  context: RunContext,
  compiled: CompiledStream,
  { view }: StagedStream,
): Promise<RunVerdict> {
  const { stream, runRules } = compiled;
  const verdict: RunVerdict = { stops: [], warnings: [], notes: [], aggregates: [] };
  if (runRules.length === 0) return verdict;
  const chosen = nameChoice(context);
  if (chosen !== undefined) {
    verdict.notes.push(`rules over the run are not judged: ${chosen} takes some of the rows only`);
    return verdict;
  }
  const rows = `(SELECT * FROM ${view} SEMI JOIN ${keysTable} USING (_row_))`;
  const measured = await measure(context.engine, runRules, rows);
  const history = readHistory(context, compiled);
  for (const rule of runRules) {
    const judged = await judge(context.engine, rule, measured, history);
    const place = `${placeOf(rule.rule.place)}, validate`;
    const { message, expression } = rule.rule;
    const asked = message ?? expression?.sql ?? "";
    if (judged.passes === "unknown") verdict.notes.push(`${asked} passes: ${judged.said} (${place})`);
    if (judged.passes !== false) continue;
    const { count } = measured;
    if (rule.rule.severity === "warn") {
      verdict.warnings.push({ field: "", rule: "over", count: 1, example: `${asked}: ${judged.said}` });
      continue;
    }
    const verb = count === 1 ? "breaks" : "break";
    verdict.stops.push(
      `${stream.name}: ${countOf(count, "row")} ${verb} a rule over the run, ${asked}: ${judged.said} (${place})`,
    );
  }
  if (!isPartial(context) && context.run.options.sandbox !== true) verdict.aggregates = keep(runRules, measured);
  return verdict;
}

/** What a person has chosen rows by: they are not what a run has. */
function nameChoice({ run }: RunContext): string | undefined {
  const { limit, keys, retry, from, to } = run.options;
  const chosen = { "--limit": limit, "--keys": keys, "a retry": retry, "--from": from, "--to": to };
  return Object.entries(chosen).find(([, value]) => value !== undefined)?.[0];
}

/** A value as the engine writes it; undefined where it can't be computed. */
type Measured = string | null | undefined;

interface Measurement {
  /** Rows that go on. */
  count: number;
  /** By `keyOf`. */
  values: ReadonlyMap<string, Measured>;
}

function keyOf({ sql, type }: Pick<RunRuleValue, "sql" | "type">): string {
  return `${type} ${sql}`;
}

/** All aggregates in one pass; one by one where one of them fails. */
async function measure(engine: Engine, rules: readonly CompiledRunRule[], rows: string): Promise<Measurement> {
  const fields = [
    ...new Map(rules.flatMap((rule) => rule.fields.map((field) => [field.name, field] as const))).values(),
  ];
  const wanted = [...new Map(rules.flatMap(({ values }) => values.map((value) => [keyOf(value), value]))).entries()];
  const scan = `(${selectStored(rows, fields, "_row_")})`;
  const ask = async (asked: readonly (readonly [string, RunRuleValue])[]) => {
    const computed = asked.map(([, value]) => value.computed);
    const list = computed.map(({ sql }, place) => `CAST(${sql} AS VARCHAR) AS _${place}_`);
    const select = ["count(*) AS count", ...list].join(", ");
    const found = await engine.one(`SELECT ${select} FROM ${withNestedCalls(scan, computed, false)}`);
    const values = asked.map(([key], place): [string, Measured] => {
      const value = found[`_${place}_`];
      return [key, value === null || value === undefined ? null : String(value)];
    });
    return { count: Number(found["count"]), values };
  };
  const all = await unlessDataFails(() => ask(wanted));
  if (all !== undefined) return { count: all.count, values: new Map(all.values) };
  const values = new Map<string, Measured>();
  for (const one of wanted) values.set(one[0], (await unlessDataFails(() => ask([one])))?.values[0]?.[1]);
  const { count } = await engine.one(`SELECT count(*) AS count FROM ${rows}`);
  return { count: Number(count), values };
}

function unlessDataFails<T>(act: () => Promise<T>): Promise<T | undefined> {
  return orWhereDataFails(act, () => undefined);
}

/** What settled runs of the same job and file kept, the newest first. */
function readHistory(context: RunContext, { stream, runRules }: CompiledStream): readonly StreamRecord[] {
  if (runRules.every(({ values }) => values.every(({ earlier }) => earlier === undefined))) return [];
  const { job, stream: name, targetOrg: org, jobFile } = memoryOwner(context, stream);
  const { object } = stream.target;
  return context.ledger.settledStreams(job, { name, org, object }).filter(({ run }) => {
    const record = context.ledger.run(run);
    return record !== undefined && placeOfJob(context, record.jobFile) === jobFile;
  });
}

/** The values of an aggregate in earlier runs, the newest first. */
function valuesBefore({ sql, type }: RunRuleValue, history: readonly StreamRecord[]): (string | null)[] {
  return history.flatMap(({ aggregates }) => {
    const kept = aggregates.find((one) => one.sql === sql && one.type === type);
    return kept === undefined ? [] : [kept.value];
  });
}

interface Judgement {
  passes: boolean | "unknown";
  said: string;
}

async function judge(
  engine: Engine,
  { condition, values }: CompiledRunRule,
  measured: Measurement,
  history: readonly StreamRecord[],
): Promise<Judgement> {
  const failed = values.filter((value) => measured.values.get(keyOf(value)) === undefined);
  if (failed.length > 0) {
    return { passes: false, said: `${failed.map(show).join(", ")} can't be computed` };
  }
  const columns = values.map((value) => `${select(value, measured, history)} AS ${value.column}`);
  const shown = values.map(({ column }) => `CAST(${column} AS VARCHAR) AS s${column}`);
  const found = await unlessDataFails(() =>
    engine.one(`SELECT (${condition}) AS holds, ${shown.join(", ")} FROM (SELECT ${columns.join(", ")})`),
  );
  const told = new Map(values.map((value) => [show(value), tell(value, found?.[`s${value.column}`])]));
  const said = [...told].map(([name, value]) => `${name} = ${value}`).join(", ");
  if (found === undefined) return { passes: false, said: `can't be computed with ${said}` };
  if (found["holds"] !== null) return { passes: found["holds"] === true, said };
  const isFirst = values.some(({ column, earlier }) => earlier !== undefined && found[`s${column}`] === null);
  return { passes: "unknown", said: isFirst ? "no earlier run to compare with" : `it is NULL with ${said}` };
}

function select(value: RunRuleValue, measured: Measurement, history: readonly StreamRecord[]): string {
  const { type, earlier } = value;
  const cast = (text: string | null | undefined) =>
    `CAST(${text === null || text === undefined ? "NULL" : literal(text)} AS ${type})`;
  if (earlier === undefined) return cast(measured.values.get(keyOf(value)));
  const before = valuesBefore(value, history);
  if (earlier.median === undefined) return cast(before[0]);
  const numbers = before.slice(0, earlier.median).map((text) => `CAST(${cast(text)} AS DOUBLE)`);
  return `list_aggregate(CAST([${numbers.join(", ")}] AS DOUBLE[]), 'median')`;
}

/** As a job writes it. */
function show({ sql, earlier }: RunRuleValue): string {
  const aggregate = sql.replace(/^count_star\(\)/, "count(*)");
  if (earlier === undefined) return aggregate;
  if (earlier.median === undefined) return `previous(${aggregate})`;
  return `previous_median(${aggregate}${earlier.median === 10 ? "" : `, ${earlier.median}`})`;
}

function tell({ isHidden, type }: RunRuleValue, value: unknown): string {
  if (isHidden === true) return "(hidden)";
  if (value === null || value === undefined) return "NULL";
  // The ledger keeps what is said, and is to have no text of a row.
  return type === "VARCHAR" ? "(a text)" : String(value);
}

function keep(rules: readonly CompiledRunRule[], measured: Measurement): KeptAggregate[] {
  const asked = rules.flatMap(({ values }) => values.filter(({ earlier }) => earlier !== undefined));
  const kept = new Map<string, KeptAggregate>();
  for (const { sql, type } of asked) {
    const value = measured.values.get(keyOf({ sql, type }));
    if (value !== undefined) kept.set(keyOf({ sql, type }), { sql, type, value });
  }
  return [...kept.values()];
}
