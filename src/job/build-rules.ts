// The rules of a stream, from what is written.

import type { Diagnostics } from "./diagnostics.ts";
import type { Rule } from "./job.ts";
import type { StreamFile } from "./schema.ts";
import { buildExpression, placeAt, type StreamDraft } from "./stream-draft.ts";

export function buildRules(
  written: NonNullable<StreamFile["validate"]>,
  draft: StreamDraft,
  diagnostics: Diagnostics,
): Rule[] {
  return written.map((rule, index) => {
    const expression = buildExpression(["validate", index, "expr"], draft, diagnostics);
    return {
      ...(rule.field === undefined ? {} : { field: rule.field }),
      ...(rule.required === undefined ? {} : { required: rule.required }),
      ...(rule.max_length === undefined ? {} : { maxLength: rule.max_length }),
      ...(expression === undefined ? {} : { expression }),
      ...(rule.message === undefined ? {} : { message: rule.message }),
      severity: rule.severity ?? "error",
      place: placeAt(["validate", index], draft, diagnostics),
    };
  });
}
