// Casts of a job's own expressions that lose something of a value without a word. What is wanted is the job's to say, so
// they are told and not refused, with the function that takes the value exactly.

import type { Expression } from "../../job/job.ts";
import { deserialize, serialize } from "../../stage/bind.ts";
import type { Engine } from "../../stage/engine.ts";
import { parseStatement } from "../../transform/expressions.ts";
import { findCasts, tellLoss } from "../../transform/lossy-casts.ts";
import { bindPart } from "./bind-expression.ts";
import type { CompiledStream } from "./compiled-stream.ts";

/** A sentence for each expression with such a cast. */
export async function tellLossyCasts(engine: Engine, { stream, columns }: CompiledStream): Promise<string[]> {
  const told: string[] = [];
  const tell = async (what: string, { sql }: Expression) => {
    // Most have none, and asking costs a statement.
    if (!/cast|::/i.test(sql)) return;
    for (const cast of findCasts(await serialize(engine, parseStatement(sql)))) {
      const operand = await deserialize(engine, cast.operand);
      const bound = await bindPart(engine, cast.operand, columns, {
        noun: "column",
        nested: stream.source.kind === "object",
      });
      // What can't be bound by itself, in a lambda say, may be anything.
      const loss = tellLoss(cast, "type" in bound ? bound.type : "VARCHAR");
      if (loss === undefined) continue;
      told.push(`${what}: a cast of ${operand} to ${cast.to} ${loss} without a word; ${remedyOf(cast.to)}`);
    }
  };
  for (const { target, expression } of stream.fields) await tell(target, expression);
  if (stream.keep !== undefined) await tell("source.keep", stream.keep);
  return told;
}

function remedyOf(to: string): string {
  if (to === "DATE") return "parse_date(…, '%Y-%m-%d') takes a day and nothing else";
  if (to === "TIME") return "without the cast the field takes a time and nothing else";
  if (to === "DOUBLE" || to === "FLOAT") return "parse_decimal(…, 'en') keeps them all";
  return "parse_decimal(…, 'en') takes it as it is, and round(…) within the cast says that rounding is meant";
}
