// The rules of a stream, from what is written.

import { identifier } from "../core/sql.ts";
import { buildLookup } from "./build-lookup.ts";
import type { Diagnostics } from "./diagnostics.ts";
import type { Rule, Written } from "./rule.ts";
import type { StreamFile } from "./schema.ts";
import { buildExpression, placeAt, type StreamDraft } from "./stream-draft.ts";
import { keySpanAt, nodeAt, type TreePath } from "./yaml-tree.ts";

type RuleEntry = NonNullable<StreamFile["validate"]>[number];

/** `connection`: the target's. */
export function buildRules(
  written: readonly RuleEntry[],
  connection: string,
  draft: StreamDraft,
  diagnostics: Diagnostics,
): Rule[] {
  return written.map((entry, index) => buildRule(entry, { index, connection }, draft, diagnostics));
}

function buildRule(
  entry: RuleEntry,
  { index, connection }: { index: number; connection: string },
  draft: StreamDraft,
  diagnostics: Diagnostics,
): Rule {
  const at = ["validate", index];
  const place = placeAt(at, draft, diagnostics);
  refuseEmptyRange(entry, at, draft, diagnostics);
  const expression = buildExpression([...at, "expr"], draft, diagnostics);
  const pattern = textAt([...at, "pattern"], draft, diagnostics);
  const min = textAt([...at, "min"], draft, diagnostics);
  const max = textAt([...at, "max"], draft, diagnostics);
  const oneOf = entry.one_of?.flatMap((_, item) => textAt([...at, "one_of", item], draft, diagnostics) ?? []);
  const from = entry.field === undefined ? {} : { from: { sql: identifier(entry.field), place } };
  const lookup = { written: entry.exists?.lookup, path: [...at, "exists", "lookup"], connection, ...from };
  const { written } = lookup;
  const exists = written && buildLookup({ ...lookup, written }, draft, diagnostics);
  const { severity = entry.over === undefined ? "reject" : "fail" } = entry;
  return {
    index,
    ...(entry.field === undefined ? {} : { field: entry.field }),
    ...(entry.fields === undefined ? {} : { fields: entry.fields }),
    ...(entry.required === undefined ? {} : { required: entry.required }),
    ...(entry.min_length === undefined ? {} : { minLength: entry.min_length }),
    ...(entry.max_length === undefined ? {} : { maxLength: entry.max_length }),
    ...(pattern === undefined ? {} : { pattern }),
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
    ...(oneOf === undefined ? {} : { oneOf }),
    ...(entry.unique === undefined ? {} : { unique: entry.unique }),
    ...(exists === undefined ? {} : { exists }),
    ...(expression === undefined ? {} : { expression }),
    ...(entry.over === undefined ? {} : { over: entry.over }),
    ...(entry.message === undefined ? {} : { message: entry.message }),
    severity: severity === "error" ? "reject" : severity,
    place,
  };
}

/** Numbers keep the digits that are typed. */
function textAt(path: TreePath, draft: StreamDraft, diagnostics: Diagnostics): Written | undefined {
  const node = nodeAt(draft.tree, path);
  if (node?.kind !== "scalar" || node.value === null) return undefined;
  return { text: node.text, place: diagnostics.source.placeAt(node.textStart) };
}

function refuseEmptyRange(
  { min_length: least, max_length: most }: RuleEntry,
  at: TreePath,
  draft: StreamDraft,
  diagnostics: Diagnostics,
): void {
  if (least === undefined || most === undefined || least <= most) return;
  diagnostics.add(
    keySpanAt(draft.tree, [...at, "min_length"]),
    `min_length is ${least} and max_length ${most}: no text has both`,
  );
}
