// Whether a plan takes too many values from a field: blanked ones, and those that give way to one value. In: the rows in the
// engine, their plan. Out: what stops the run. What must hold: a plan without updates costs nothing; of a usual one only
// its own file is read; no value is told.

import type { StreamCounts } from "../../core/model.ts";
import { isAll, isWithin } from "../../diff/guards.ts";
import {
  becomesBlank,
  countBlanked,
  countDifferent,
  countPresent,
  findCommonest,
  givesWay,
  surveyWritten,
} from "../../diff/lost-values.ts";
import { type Guards, type Threshold, writesFile } from "../../job/job.ts";
import { countOf, showCount } from "../../report/numbers.ts";
import type { Engine } from "../../stage/engine.ts";
import { readParquet } from "../../stage/parquet.ts";
import type { CompiledStream } from "../compile/compiled-stream.ts";

/** What a guard objects to. */
export interface Objection {
  sentence: string;
  /** The records that are meant, as SQL over the plan, and what becomes of them. */
  rows?: string;
  what?: string;
}

export interface LostValuesInput {
  engine: Engine;
  compiled: CompiledStream;
  plan: string;
  stage: string;
  counts: StreamCounts;
  guards: Guards;
}

const limitByDefault: Threshold = { percent: 20 };
/** Where the job is silent: of a few records most may lose a value, and nothing is wrong. */
const valuesFrom = 5;
/** One value that takes the place of fewer is a spelling that was put right. */
const differentFrom = 5;

interface Loss {
  field: string;
  lost: number;
  /** What takes the place of the values; without it, they become blank. */
  value?: string;
}

export async function judgeLostValues(input: LostValuesInput): Promise<Objection[]> {
  const { engine, compiled, counts, guards } = input;
  const limit = guards.blanked ?? limitByDefault;
  const from = guards.blanked === undefined ? valuesFrom : 1;
  if (isAll(limit) || counts.updates < from || writesFile(compiled.stream.target.mode)) return [];
  const plan = readParquet(input.plan);
  const names = compiled.planned.map(({ field }) => field.target);
  const survey = await engine.one(surveyWritten(plan, names));
  const losses = [
    ...(Number(survey["blanks"]) < from ? [] : await findBlanked(input, plan)),
    ...(await findOverwritten(input, plan, survey)),
  ].filter(({ lost }) => lost >= from);
  if (losses.length === 0) return [];
  const fields = [...new Set(losses.map(({ field }) => field))];
  const present = await engine.one(countPresent(input.stage, fields));
  return losses.flatMap((loss) => {
    const of = Number(present[`present_${fields.indexOf(loss.field)}`]);
    return isWithin(loss.lost, limit, of) ? [] : [objectTo(compiled, loss, { limit, of })];
  });
}

async function findBlanked({ engine, compiled }: LostValuesInput, plan: string): Promise<Loss[]> {
  const fields = compiled.planned.flatMap(({ field }) => (field.onNull === "clear" ? [field.target] : []));
  if (fields.length === 0) return [];
  const blanked = await engine.one(countBlanked(plan, fields));
  return fields.map((field, index) => ({ field, lost: Number(blanked[`blanked_${index}`]) }));
}

async function findOverwritten(
  { engine, compiled }: LostValuesInput,
  plan: string,
  survey: Record<string, unknown>,
): Promise<Loss[]> {
  const losses: Loss[] = [];
  for (const [index, { field, columns }] of compiled.planned.entries()) {
    const { target: name } = field;
    // What the job itself says of every record is no slip of the source.
    if (columns.length === 0 || compiled.fieldSchemas.get(name)?.several === true) continue;
    const written = Number(survey[`written_${index}`]);
    // A value of a fifth of the rows leaves room for four fifths of different ones; the estimate is off by some percent.
    if (written < differentFrom || Number(survey[`different_${index}`]) > written * 0.9) continue;
    const [commonest] = await engine.all(findCommonest(plan, name));
    if (commonest === undefined || Number(commonest["lost"]) < differentFrom) continue;
    const value = String(commonest["value"]);
    const { different } = await engine.one(countDifferent(plan, name, value));
    if (Number(different) >= differentFrom) losses.push({ field: name, lost: Number(commonest["lost"]), value });
  }
  return losses;
}

function objectTo(
  { stream }: CompiledStream,
  { field, lost, value }: Loss,
  { limit, of }: { limit: Threshold; of: number },
): Objection {
  const share = of === 0 ? "" : ` (${Math.round((lost * 1000) / of) / 10} %)`;
  const becomes = value === undefined ? "would become blank" : "would give way to one and the same value";
  const most = "count" in limit ? showCount(limit.count) : `${limit.percent} %`;
  return {
    sentence: `${stream.name}: ${showCount(lost)} of the ${countOf(of, "value")} of ${field} ${becomes}${share}, at most ${most} (guards.blanked)`,
    rows: value === undefined ? becomesBlank(field) : givesWay(field, value),
    what: value === undefined ? `${field} becomes blank` : `${field} gets that one value`,
  };
}
