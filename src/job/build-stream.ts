// One stream, from its tree with the defaults merged in: what is missing, and which names do not exist.

import { identifier } from "../core/sql.ts";
import { suggest } from "../core/suggest.ts";
import type { Diagnostics, Span } from "./diagnostics.ts";
import type { Expression, FileSource, MappedField, Rule, Stream, StreamTarget } from "./job.ts";
import { type StreamFile, streamShape } from "./schema.ts";
import { checkShape } from "./schema-issues.ts";
import { parseBytes } from "./units.ts";
import { keySpanAt, nodeAt, type TreeNode, type TreePath } from "./yaml-tree.ts";

export interface StreamDraft {
  name: string;
  /** Where its name is written. */
  key: Span;
  /** What is written. */
  written: TreeNode;
  /** The same, merged over the defaults. */
  tree: TreeNode;
  /** All streams of the job. */
  streamNames: readonly string[];
}

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
    target,
    fields,
    rules: buildRules(written.validate ?? [], draft, diagnostics),
    ...(written.dedupe === undefined ? {} : { dedupe: written.dedupe }),
  };
  checkNames(stream, draft, diagnostics);
  return stream;
}

function buildSource(
  written: NonNullable<StreamFile["source"]>,
  draft: StreamDraft,
  diagnostics: Diagnostics,
): FileSource | undefined {
  const connection = required(written.connection, ["source", "connection"], draft, diagnostics);
  const files = required(written.files, ["source", "files"], draft, diagnostics);
  if (connection === undefined || files === undefined) return undefined;
  const { delimiter = ",", quote = '"' } = written.format ?? {};
  return {
    connection,
    files,
    format: { type: "csv", delimiter, quote, encoding: "utf-8" },
    optional: written.optional ?? [],
    place: placeAt(["source", "files"], draft, diagnostics),
  };
}

function buildTarget(
  written: NonNullable<StreamFile["target"]>,
  draft: StreamDraft,
  diagnostics: Diagnostics,
): StreamTarget | undefined {
  const connection = required(written.connection, ["target", "connection"], draft, diagnostics);
  const object = required(written.object, ["target", "object"], draft, diagnostics);
  const key = required(written.key, ["target", "key"], draft, diagnostics);
  const mode = required(written.mode, ["target", "mode"], draft, diagnostics);
  if (connection === undefined || object === undefined || key === undefined || mode === undefined) return undefined;
  // Modes of file targets were refused before.
  if (mode === "replace" || mode === "delta") return undefined;
  const { rows, bytes } = written.batch ?? {};
  return {
    connection,
    object,
    key: typeof key === "string" ? [key] : key,
    mode,
    batch: { ...(rows === undefined ? {} : { rows }), ...(bytes === undefined ? {} : { bytes: parseBytes(bytes) }) },
    ...(written.scope === undefined ? {} : { scope: written.scope }),
    hardDelete: written.hard_delete === true,
    ...(written.assignment_rule === undefined ? {} : { assignmentRule: written.assignment_rule }),
    place: placeAt(["target", "object"], draft, diagnostics),
  };
}

function buildFields(written: StreamFile, draft: StreamDraft, diagnostics: Diagnostics): MappedField[] | undefined {
  if (written.map === undefined && written.target?.mode === "delete") return keyColumns(written, draft, diagnostics);
  const map = required(written.map, ["map"], draft, diagnostics);
  if (map === undefined) return undefined;
  return Object.entries(map).flatMap(([target, entry]) => {
    const options = typeof entry === "object" && entry !== null ? entry : undefined;
    const path = options === undefined ? ["map", target] : ["map", target, "from"];
    const expression = buildExpression(path, draft, diagnostics);
    const { on_null = "skip", policy = "overwrite", parent } = options ?? {};
    if (expression === undefined || policy === "newest") return [];
    return {
      target,
      expression,
      onNull: on_null,
      policy,
      ...(parent === undefined ? {} : { parent: { stream: parent, miss: "reject" as const } }),
      targetPlace: diagnostics.source.placeAt(keySpanAt(draft.tree, ["map", target]).start),
    };
  });
}

/** A delete needs no more than its key: without a map it is read from the columns of the same names. */
function keyColumns(written: StreamFile, draft: StreamDraft, diagnostics: Diagnostics): MappedField[] {
  const key = written.target?.key ?? [];
  const place = placeAt(["target", "key"], draft, diagnostics);
  return (typeof key === "string" ? [key] : key).map((target) => ({
    target,
    expression: { sql: identifier(target), place },
    onNull: "skip",
    policy: "overwrite",
    targetPlace: place,
  }));
}

function buildRules(
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

function checkNames(stream: Stream, draft: StreamDraft, diagnostics: Diagnostics): void {
  const { target, fields, rules, dedupe } = stream;
  const mapped = fields.map((field) => field.target);
  const check = (name: string, names: readonly string[], path: TreePath, message: string) => {
    if (names.includes(name)) return;
    const suggestion = suggest(name, names);
    diagnostics.add(spanAt(path, draft), message, suggestion === undefined ? {} : { suggestion });
  };
  const listed = nodeAt(draft.tree, ["target", "key"])?.kind === "list";
  for (const [index, name] of target.key.entries()) {
    const path = listed ? ["target", "key", index] : ["target", "key"];
    check(name, mapped, path, `the key "${name}" is not in the map`);
  }
  if (target.key.length > 1 && target.mode !== "insert") {
    diagnostics.add(
      spanAt(["target", "key"], draft),
      `mode ${target.mode} takes one key field; several go with insert`,
    );
  }
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
  for (const [index, { field }] of rules.entries()) {
    if (field !== undefined) check(field, mapped, ["validate", index, "field"], `"${field}" is not in the map`);
  }
  for (const [index, name] of (dedupe?.by ?? []).entries()) {
    check(name, mapped, ["dedupe", "by", index], `"${name}" is not in the map`);
  }
  for (const { target: field, parent } of fields) {
    if (parent === undefined) continue;
    check(parent.stream, draft.streamNames, ["map", field, "parent"], `there is no stream "${parent.stream}"`);
  }
}

/** The expression at a path as it is typed; undefined if there is none, or it is empty, which is a diagnostic. */
function buildExpression(path: TreePath, draft: StreamDraft, diagnostics: Diagnostics): Expression | undefined {
  const node = nodeAt(draft.tree, path);
  if (node?.kind !== "scalar") return undefined;
  const sql = node.text.trim();
  if (sql !== "") return { sql, place: diagnostics.source.placeAt(node.textStart) };
  diagnostics.add(keySpanAt(draft.tree, path), "the expression is empty");
  return undefined;
}

function required<T>(
  value: T | undefined,
  path: TreePath,
  draft: StreamDraft,
  diagnostics: Diagnostics,
): T | undefined {
  if (value === undefined) diagnostics.add(spanAt(path, draft), `stream "${draft.name}" has no ${path.join(".")}`);
  return value;
}

function placeAt(path: TreePath, draft: StreamDraft, diagnostics: Diagnostics) {
  return diagnostics.source.placeAt(spanAt(path, draft).start);
}

/** Of the value at a path, or, where it is missing, of the nearest key of the stream itself. */
function spanAt(path: TreePath, draft: StreamDraft): Span {
  const node = nodeAt(draft.tree, path);
  if (node !== undefined) return node.span;
  return nodeAt(draft.written, path.slice(0, 1)) === undefined ? draft.key : keySpanAt(draft.written, path);
}
