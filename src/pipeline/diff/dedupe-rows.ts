// Which rows are one record, and what of them is kept. In: `dedupe` of a stream. Out: how its rows are ranked, and the
// values that the one that is kept gets of the others.

import { identifier } from "../../core/sql.ts";
import type { DedupeKeys } from "../../diff/keys.ts";
import { type MergedField, mergeRows } from "../../diff/merge.ts";
import type { Engine } from "../../stage/engine.ts";
import { decimalOf } from "../../values/number.ts";
import type { CompiledStream } from "../compile/compiled-stream.ts";
import { fieldByName } from "./diff-input.ts";

export function dedupeKeys(compiled: CompiledStream): { dedupe?: DedupeKeys } {
  const { dedupe } = compiled.stream;
  if (dedupe === undefined) return {};
  const rank = rankOf(compiled);
  return {
    dedupe: {
      by: dedupe.by.map((name) => fieldByName(compiled, name)),
      keep: dedupe.keep,
      ...(rank === undefined ? {} : { rank }),
    },
  };
}

function rankOf(compiled: CompiledStream): string | undefined {
  const { dedupe } = compiled.stream;
  if (dedupe?.newest_by !== undefined) return orderOf(compiled, dedupe.newest_by)(identifier(dedupe.newest_by));
  if (dedupe?.keep !== "most_complete") return undefined;
  const filled = compiled.fields.map(
    ({ field }) => `CASE WHEN coalesce(${identifier(field.target)}, '') = '' THEN 0 ELSE 1 END`,
  );
  return filled.join(" + ");
}

/** Days and times are stored so that the later one is the greater text. */
function orderOf({ fieldSchemas }: CompiledStream, name: string): (text: string) => string {
  const kind = fieldSchemas.get(name)?.kind;
  return kind === "number" || kind === "integer" ? decimalOf : (text) => text;
}

/** Whether rows of the stage get values of others. */
export function mergesRows({ stream }: CompiledStream): boolean {
  return Object.keys(stream.dedupe?.merge ?? {}).length > 0;
}

/** Puts values of the rows that are left to another one into that one. */
export async function mergeDuplicates(engine: Engine, compiled: CompiledStream, stage: string): Promise<void> {
  if (!mergesRows(compiled)) return;
  const merge = Object.entries(compiled.stream.dedupe?.merge ?? {});
  const fields = merge.map(([name, rule]): MergedField => ({ name, rule, order: orderOf(compiled, name) }));
  await engine.runAll(mergeRows(stage, fields));
}
