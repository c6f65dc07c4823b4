// The rules of a stream, from what is written.

import { identifier } from "../core/sql.ts";
import { buildLookup } from "./build-lookup.ts";
import type { Diagnostics } from "./diagnostics.ts";
import type { Rule } from "./job.ts";
import type { StreamFile } from "./schema.ts";
import { buildExpression, placeAt, type StreamDraft } from "./stream-draft.ts";

export function buildRules(
  written: NonNullable<StreamFile["validate"]>,
  connection: string,
  draft: StreamDraft,
  diagnostics: Diagnostics,
): Rule[] {
  return written.map((rule, index) => {
    const expression = buildExpression(["validate", index, "expr"], draft, diagnostics);
    const at = placeAt(["validate", index], draft, diagnostics);
    const path = ["validate", index, "exists", "lookup"];
    const of = rule.exists?.lookup;
    const field = rule.field === undefined ? {} : { from: { sql: identifier(rule.field), place: at } };
    const exists = of && buildLookup({ written: of, path, connection, ...field }, draft, diagnostics);
    return {
      ...(rule.field === undefined ? {} : { field: rule.field }),
      ...(rule.required === undefined ? {} : { required: rule.required }),
      ...(rule.max_length === undefined ? {} : { maxLength: rule.max_length }),
      ...(expression === undefined ? {} : { expression }),
      ...(exists === undefined ? {} : { exists }),
      ...(rule.message === undefined ? {} : { message: rule.message }),
      severity: rule.severity ?? "error",
      place: at,
    };
  });
}
