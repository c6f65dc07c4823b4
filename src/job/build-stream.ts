// One stream, from its tree with the defaults merged in: what is missing, and which names do not exist.

import { ownColumn } from "../core/columns.ts";
import { suggest } from "../core/suggest.ts";
import { buildDedupe, wantNewest } from "./build-dedupe.ts";
import { buildFields } from "./build-fields.ts";
import { buildRules } from "./build-rules.ts";
import { buildSource } from "./build-source.ts";
import { buildTarget } from "./build-target.ts";
import type { Diagnostics } from "./diagnostics.ts";
import type { Stream } from "./job.ts";
import { refuseMakers } from "./made-records.ts";
import { type StreamFile, streamShape } from "./schema.ts";
import { checkShape } from "./schema-issues.ts";
import { buildExpression, type StreamDraft, spanAt } from "./stream-draft.ts";
import { buildTwoWay, matchField, refuseOneWay } from "./two-way.ts";
import { refusePartOfSource } from "./whole-source.ts";
import { keySpanAt, nodeAt, type TreePath } from "./yaml-tree.ts";

/** Undefined only where it left diagnostics. */
export function buildStream(draft: StreamDraft, diagnostics: Diagnostics): Stream | undefined {
  // Two maps that fit each by itself need not fit when merged, e.g. `from` with `lookup`.
  const written = checkShape(streamShape, draft.tree, diagnostics);
  if (written === undefined) return undefined;
  const source = buildSource(written.source ?? {}, draft, diagnostics);
  const target = buildTarget(written.target ?? {}, draft, diagnostics);
  const fields = buildFields(written, draft, diagnostics);
  if (source === undefined || target === undefined || fields === undefined) return undefined;
  const keep = buildExpression(["source", "keep"], draft, diagnostics);
  const stream: Stream = {
    name: draft.name,
    place: diagnostics.source.placeAt(draft.key.start),
    source,
    ...(keep === undefined ? {} : { keep }),
    target: { ...target, ...matchField(written) },
    fields,
    rules: [
      ...buildRules(written.validate ?? [], target.connection, draft, diagnostics),
      ...wantNewest(written, draft, diagnostics),
    ],
    ...buildDedupe(written, draft, diagnostics),
    ...buildSchemaPolicy(written),
    ...buildTwoWay(written, draft),
  };
  checkNames(written, stream, draft, diagnostics);
  return stream;
}

/** The default, where it is written, makes no other job. */
function buildSchemaPolicy({ schema_policy: policy }: StreamFile): Pick<Stream, "schemaPolicy"> {
  return policy === undefined || policy === "warn" ? {} : { schemaPolicy: policy };
}

function checkNames(written: StreamFile, stream: Stream, draft: StreamDraft, diagnostics: Diagnostics): void {
  const { target, fields, rules, dedupe } = stream;
  const mapped = fields.map((field) => field.target);
  const check = (name: string, names: readonly string[], path: TreePath, message: string) => {
    if (names.includes(name)) return;
    const suggestion = suggest(name, names);
    diagnostics.add(spanAt(path, draft), message, suggestion === undefined ? {} : { suggestion });
  };
  for (const name of mapped.filter((name) => ownColumn.test(name))) {
    diagnostics.add(keySpanAt(draft.tree, ["map", name]), `a field can't be called "${name}": columns of loadline are`);
  }
  const listed = nodeAt(draft.tree, ["target", "key"])?.kind === "list";
  for (const [index, name] of target.key.entries()) {
    const path = listed ? ["target", "key", index] : ["target", "key"];
    check(name, mapped, path, `the key "${name}" is not in the map`);
  }
  if (target.adoptBy !== undefined) {
    const path = ["target", "adopt_by"];
    check(target.adoptBy, mapped, path, `"${target.adoptBy}" is not in the map`);
    if (target.mode !== "upsert" && target.mode !== "mirror")
      diagnostics.add(keySpanAt(draft.tree, path), "adopt_by goes with modes upsert and mirror");
    if (target.key.length > 1) diagnostics.add(keySpanAt(draft.tree, path), "adopt_by goes with one key field");
    if (target.key.includes(target.adoptBy)) diagnostics.add(spanAt(path, draft), "adopt_by is the key itself");
  }
  refuseOneWay(written, stream, draft, diagnostics);
  refusePartOfSource(stream, draft, diagnostics);
  refuseMakers(stream, draft, diagnostics);
  if (target.scope !== undefined && target.mode !== "mirror") {
    diagnostics.add(keySpanAt(draft.tree, ["target", "scope"]), "scope goes with mode mirror");
  }
  if (target.hardDelete && target.mode !== "delete" && target.mode !== "mirror") {
    diagnostics.add(keySpanAt(draft.tree, ["target", "hard_delete"]), "hard_delete goes with modes delete and mirror");
  }
  if (target.assignmentRule !== undefined && target.mode === "delete") {
    diagnostics.add(
      keySpanAt(draft.tree, ["target", "assignment_rule"]),
      "assignment_rule does not go with mode delete",
    );
  }
  if (fields.every((field) => field.own === false)) {
    diagnostics.add(keySpanAt(draft.tree, ["map"]), "every field has own: false: no field would be written");
  }
  for (const { target: name } of fields.filter((field) => field.own === false && target.key.includes(field.target))) {
    if (target.mode === "update") continue;
    const message = `own: false goes with a key only in mode update: mode ${target.mode} writes or deletes by it`;
    diagnostics.add(keySpanAt(draft.tree, ["map", name]), message);
  }
  for (const { index, field, fields: together = [] } of rules) {
    if (field !== undefined) check(field, mapped, ["validate", index, "field"], `"${field}" is not in the map`);
    for (const [item, name] of together.entries())
      check(name, mapped, ["validate", index, "fields", item], `"${name}" is not in the map`);
  }
  for (const [index, name] of (dedupe?.by ?? []).entries()) {
    check(name, mapped, ["dedupe", "by", index], `"${name}" is not in the map`);
  }
  if (dedupe?.newest_by !== undefined)
    check(dedupe.newest_by, mapped, ["dedupe", "newest_by"], `"${dedupe.newest_by}" is not in the map`);
  for (const name of Object.keys(dedupe?.merge ?? {})) {
    check(name, mapped, ["dedupe", "merge", name], `"${name}" is not in the map`);
    if (dedupe?.by.includes(name) !== true && !target.key.includes(name)) continue;
    const message = `"${name}" tells records apart: the row that stays has its own`;
    diagnostics.add(keySpanAt(draft.tree, ["dedupe", "merge", name]), message);
  }
  for (const { target: field, parent } of fields) {
    if (parent === undefined) continue;
    check(parent.stream, draft.streamNames, ["map", field, "parent"], `there is no stream "${parent.stream}"`);
  }
}
