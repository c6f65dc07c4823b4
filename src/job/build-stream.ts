// One stream, from its tree with the defaults merged in: what is missing, and which names do not exist.

import { ownColumn } from "../core/columns.ts";
import { leadsOut } from "../core/glob.ts";
import { identifier } from "../core/sql.ts";
import { suggest } from "../core/suggest.ts";
import { buildFormat, buildTargetFormat } from "./build-format.ts";
import { buildDecryption, buildEncryption } from "./build-keys.ts";
import type { Diagnostics } from "./diagnostics.ts";
import { buildTaking } from "./file-taking.ts";
import { type MappedField, type Rule, type Stream, type StreamSource, type StreamTarget, writesFile } from "./job.ts";
import { buildObjectSource } from "./object-source.ts";
import { type StreamFile, streamShape } from "./schema.ts";
import { checkShape } from "./schema-issues.ts";
import { buildExpression, namesAt, placeAt, required, type StreamDraft, spanAt } from "./stream-draft.ts";
import { parseBytes } from "./units.ts";
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
): StreamSource | undefined {
  const connection = required(written.connection, ["source", "connection"], draft, diagnostics);
  if (written.object !== undefined) {
    const object = buildObjectSource(written, draft, diagnostics);
    return connection === undefined || object === undefined ? undefined : { ...object, connection };
  }
  const files = required(written.files, ["source", "files"], draft, diagnostics);
  const format = buildFormat(written.format, draft, diagnostics);
  if (connection === undefined || files === undefined || format === undefined) return undefined;
  refuseLeadingOut(written, draft, diagnostics);
  for (const name of ["fields", "where", "incremental", "deletes"] as const) {
    if (written[name] === undefined) continue;
    diagnostics.add(keySpanAt(draft.tree, ["source", name]), `${name} goes with \`object\`, not with \`files\``);
  }
  return {
    kind: "files",
    connection,
    files,
    format,
    ...buildDecryption(written.format?.pgp, draft, diagnostics),
    optional: written.optional ?? [],
    ...buildTaking(written),
    place: placeAt(["source", "files"], draft, diagnostics),
  };
}

/** The folder of a connection is a fence. */
function refuseLeadingOut(
  { files = "", after }: NonNullable<StreamFile["source"]>,
  draft: StreamDraft,
  diagnostics: Diagnostics,
): void {
  const message = "it leads out of the connection's folder; files are read and moved inside it only";
  if (leadsOut(files)) diagnostics.add(spanAt(["source", "files"], draft), message);
  if (typeof after === "object" && "move" in after && leadsOut(after.move)) {
    diagnostics.add(spanAt(["source", "after", "move"], draft), message);
  }
}

function buildTarget(
  written: NonNullable<StreamFile["target"]>,
  draft: StreamDraft,
  diagnostics: Diagnostics,
): StreamTarget | undefined {
  const connection = required(written.connection, ["target", "connection"], draft, diagnostics);
  if (written.files !== undefined) return buildFileTarget(written, connection, draft, diagnostics);
  for (const name of ["done_file", "manifest"] as const) {
    if (written[name] === undefined) continue;
    diagnostics.add(keySpanAt(draft.tree, ["target", name]), `${name} goes with \`files\`, not with an object`);
  }
  const object = required(written.object, ["target", "object"], draft, diagnostics);
  const key = required(written.key, ["target", "key"], draft, diagnostics);
  const mode = required(written.mode, ["target", "mode"], draft, diagnostics);
  if (connection === undefined || object === undefined || key === undefined || mode === undefined) return undefined;
  if (writesFile(mode)) {
    diagnostics.add(spanAt(["target", "mode"], draft), `mode ${mode} goes with \`files\`, not with \`object\``);
    return undefined;
  }
  if (written.format !== undefined) {
    diagnostics.add(keySpanAt(draft.tree, ["target", "format"]), "format goes with `files`, not with `object`");
  }
  const { rows, bytes } = written.batch ?? {};
  return {
    connection,
    object,
    key: typeof key === "string" ? [key] : key,
    mode,
    batch: { ...(rows === undefined ? {} : { rows }), ...(bytes === undefined ? {} : { bytes: parseBytes(bytes) }) },
    ...(written.via === undefined ? {} : { via: written.via }),
    ...(written.adopt_by === undefined ? {} : { adoptBy: written.adopt_by }),
    ...(written.scope === undefined ? {} : { scope: written.scope }),
    hardDelete: written.hard_delete === true,
    ...(written.assignment_rule === undefined ? {} : { assignmentRule: written.assignment_rule }),
    place: placeAt(["target", "object"], draft, diagnostics),
  };
}

function buildFileTarget(
  written: NonNullable<StreamFile["target"]>,
  connection: string | undefined,
  draft: StreamDraft,
  diagnostics: Diagnostics,
): StreamTarget | undefined {
  const { files = "", mode = "replace" } = written;
  const key = mode === "delta" ? required(written.key, ["target", "key"], draft, diagnostics) : (written.key ?? []);
  const place = placeAt(["target", "files"], draft, diagnostics);
  const { done_file: doneFile, manifest } = written;
  for (const name of ["object", "adopt_by", "via", "batch", "scope", "hard_delete", "assignment_rule"] as const) {
    if (written[name] === undefined) continue;
    diagnostics.add(keySpanAt(draft.tree, ["target", name]), `${name} goes with an object, not with \`files\``);
  }
  if (!writesFile(mode)) {
    const message = `mode ${mode} goes with an object; files take \`replace\` or \`delta\``;
    diagnostics.add(spanAt(["target", "mode"], draft), message);
  } else if (!/^[^/\\*?]+$/.test(files) || files.startsWith(".")) {
    diagnostics.add(spanAt(["target", "files"], draft), "expected the name of one file in the connection's folder");
  } else if (connection !== undefined && key !== undefined) {
    return {
      connection,
      object: files,
      key: typeof key === "string" ? [key] : key,
      mode,
      batch: {},
      format: buildTargetFormat(written.format, draft, diagnostics),
      ...buildEncryption(written.format?.pgp, draft, diagnostics),
      hardDelete: false,
      ...(doneFile === undefined && manifest === undefined
        ? {}
        : {
            beside: {
              ...(doneFile === undefined ? {} : { doneFile }),
              ...(manifest === undefined ? {} : { manifest }),
            },
          }),
      place,
    };
  }
  return undefined;
}

function buildFields(written: StreamFile, draft: StreamDraft, diagnostics: Diagnostics): MappedField[] | undefined {
  if (written.map === undefined && written.target?.mode === "delete") return keyColumns(written, draft, diagnostics);
  const map = required(written.map, ["map"], draft, diagnostics);
  if (map === undefined) return undefined;
  if (Object.keys(map).length === 0) {
    diagnostics.add(spanAt(["map"], draft), "the map is empty: no field would be written");
    return undefined;
  }
  return namesAt(["map"], draft).flatMap((target) => {
    const entry = map[target];
    const options = typeof entry === "object" && entry !== null ? entry : undefined;
    const path = options === undefined ? ["map", target] : ["map", target, "from"];
    const expression = buildExpression(path, draft, diagnostics);
    // A blank cell of a file says nothing to a CRM; an API's null says that there is no value, and so does what is
    // written down in a file itself.
    const blank = written.source?.object === undefined && written.target?.files === undefined ? "skip" : "clear";
    const { on_null = blank, policy = "overwrite", round, parent } = options ?? {};
    if (expression === undefined || policy === "newest") return [];
    return {
      target,
      expression,
      onNull: on_null,
      ...(options?.on_null === undefined
        ? {}
        : { onNullPlace: diagnostics.source.placeAt(keySpanAt(draft.tree, ["map", target, "on_null"]).start) }),
      policy,
      ...(round === undefined ? {} : { round }),
      ...(parent === undefined ? {} : { parent: { stream: parent, miss: "reject" as const, field: target } }),
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
  refusePartOfSource(stream, draft, diagnostics);
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
