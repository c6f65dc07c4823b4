// What guards say of a stream's plan beside its bare counts: values that would be lost, and what earlier runs teach. In: the
// rows in the engine, their plan and counts. Out: what stops the run, examples of the records that are meant, and what
// later runs go by. What must hold: it is judged once, with the plan: whoever resumes or applies it meets the same.

import type { StreamMeasure } from "../../checkpoint/ledger.ts";
import type { StreamCounts } from "../../core/model.ts";
import { checkHistory } from "../../diff/history-guards.ts";
import { keysTable } from "../../diff/keys.ts";
import { readParquet } from "../../stage/parquet.ts";
import type { CompiledStream } from "../compile/compiled-stream.ts";
import { isKeyHidden } from "../diff/diff-input.ts";
import type { RunContext } from "../run/context.ts";
import { judgeLostValues, type Objection } from "./lost-values.ts";
import { earlierRuns, measureStream } from "./measure.ts";
import { judgeNewKeys } from "./new-keys.ts";

export interface PlanVerdict {
  stops: string[];
  notes: string[];
  measured: StreamMeasure | null;
}

interface JudgedPlan {
  counts: StreamCounts;
  /** The plan's file. */
  plan: string;
  stage: string;
}

export async function judgePlan(
  context: RunContext,
  compiled: CompiledStream,
  { counts, plan, stage }: JudgedPlan,
): Promise<PlanVerdict> {
  const { engine, job } = context;
  const { stream } = compiled;
  const { guards } = job;
  const measured = measureStream(context, stream, counts.extracted);
  const earlier = measured === undefined ? [] : earlierRuns(context, stream, measured);
  const told =
    measured === undefined
      ? []
      : checkHistory({ stream: stream.name, mode: stream.target.mode, guards, counts, extent: measured, earlier });
  const byHistory = told.map(ofHistory);
  const objections = [
    ...byHistory,
    ...(byHistory.length > 0 ? [] : await judgeNewKeys(context, compiled, { counts, plan }, earlier)),
    ...(await judgeLostValues({ engine, compiled, plan, stage, counts, guards })),
  ];
  const notes: string[] = [];
  for (const objection of objections) notes.push(...(await nameExamples(context, compiled, plan, objection)));
  return { stops: objections.map(({ sentence }) => sentence), notes, measured: measured ?? null };
}

/** Of what earlier runs teach, the records that a sentence is about. */
function ofHistory(sentence: string): Objection {
  if (sentence.endsWith("(guards.creates)")) return { sentence, rows: "action = 'create'", what: "to be created" };
  if (sentence.endsWith("(guards.changed)")) return { sentence, rows: "true", what: "to be changed" };
  return { sentence };
}

const examplesMax = 2;

/** Not in what stops the run: that is kept, and sent to others. */
async function nameExamples(
  { engine }: RunContext,
  compiled: CompiledStream,
  plan: string,
  { rows, what }: Objection,
): Promise<string[]> {
  if (rows === undefined || isKeyHidden(compiled)) return [];
  const meant = `SELECT row FROM ${readParquet(plan)} WHERE row IS NOT NULL AND ${rows} ORDER BY row LIMIT ${examplesMax}`;
  const keys = await engine.all(
    `SELECT _shown_ AS key FROM ${keysTable} WHERE _row_ IN (${meant}) AND _shown_ IS NOT NULL ORDER BY _row_`,
  );
  return keys.length === 0 ? [] : [`${what}, e.g.: ${keys.map(({ key }) => `"${String(key)}"`).join(", ")}`];
}
