// What others said of a run, without the values that the job redacts. In: texts in which a system may have repeated what
// it was sent; the plans. Out: the same texts with dots. What must hold: whatever redacted value was planned to be
// written, or was there before, is in none of them, in whatever case it was repeated.

import { identifier, literal } from "../../core/sql.ts";
import { dots } from "../../report/reject-reasons.ts";
import type { Engine, Row } from "../../stage/engine.ts";
import { readParquet } from "../../stage/parquet.ts";
import { type ChangesOf, planFile, redactionOf } from "./read-changes.ts";

/** Shorter ones are in every other word. */
const lengthMin = 3;

export type Scrub = (text: string) => string;

/** Texts that are scrubbed later must be among these. */
export async function findQuoted(
  engine: Engine,
  plans: readonly ChangesOf[],
  texts: readonly string[],
): Promise<Scrub> {
  const quoted: string[] = [];
  const all = texts.join("\n").toLowerCase();
  if (all === "") return (text) => text;
  for (const plan of plans) quoted.push(...(await quotedOf(engine, plan, all)));
  // The longest first: one value may be a part of another.
  quoted.sort((left, right) => right.length - left.length);
  return (text) => quoted.reduce(hideValue, text);
}

async function quotedOf(engine: Engine, plan: ChangesOf, all: string): Promise<string[]> {
  const isHidden = redactionOf(plan.job, plan.stream);
  const scan = readParquet(planFile(plan));
  const [first] = await engine.all(`SELECT before FROM ${scan} LIMIT 1`);
  const fields = Object.keys((first?.["before"] ?? {}) as Row).filter(isHidden);
  const sides = fields.flatMap((field) => ["before", "after"].map((side) => `${side}.${identifier(field)}`));
  if (sides.length === 0) return [];
  const found = await engine.all(`SELECT DISTINCT lower(value) AS value
    FROM (SELECT unnest([${sides.join(", ")}]) AS value FROM ${scan})
    WHERE length(value) >= ${lengthMin} AND contains(${literal(all)}, lower(value))`);
  return found.map(({ value }) => String(value));
}

function hideValue(text: string, value: string): string {
  let shown = "";
  let from = 0;
  const small = text.toLowerCase();
  // A few letters change their length with their case: then places are no longer the same.
  if (small.length !== text.length) return small.replaceAll(value, dots);
  for (let at = small.indexOf(value); at !== -1; at = small.indexOf(value, from)) {
    shown += text.slice(from, at) + dots;
    from = at + value.length;
  }
  return shown + text.slice(from);
}
