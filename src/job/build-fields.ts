// The map of a stream, from what is written.

import { identifier } from "../core/sql.ts";
import { buildLookup, readFrom } from "./build-lookup.ts";
import type { Diagnostics } from "./diagnostics.ts";
import type { MappedField } from "./job.ts";
import type { Lookup } from "./lookup.ts";
import { makerName, refuseMaking } from "./made-records.ts";
import { takesRecords } from "./object-source.ts";
import type { StreamFile } from "./schema.ts";
import { buildExpression, namesAt, placeAt, required, type StreamDraft, spanAt } from "./stream-draft.ts";
import { keySpanAt } from "./yaml-tree.ts";

export function buildFields(
  written: StreamFile,
  draft: StreamDraft,
  diagnostics: Diagnostics,
): MappedField[] | undefined {
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
    const lookup = findLookup(written, target, options, draft, diagnostics);
    const from = Array.isArray(options?.from) ? readFrom(["map", target], draft, diagnostics) : undefined;
    const expression = lookup?.from[0] ?? from?.[0] ?? buildExpression(path, draft, diagnostics);
    if (from !== undefined && expression !== undefined) draft.froms.set(expression, from);
    // A blank cell of a file says nothing to a CRM; an API's null says that there is no value, and so does what is
    // written down in a file itself.
    const blank = !takesRecords(written.source) && written.target?.files === undefined ? "skip" : "clear";
    const {
      on_null = lookup?.miss === "skip" ? "skip" : blank,
      policy = "overwrite",
      round,
      parent,
      miss = "reject",
    } = options ?? {};
    const newestBy = buildExpression(["map", target, "newest_by"], draft, diagnostics);
    if (policy === "newest" && newestBy === undefined) refuseUntimed(target, written, draft, diagnostics);
    if (expression === undefined) return [];
    return {
      target,
      expression,
      onNull: on_null,
      ...(options?.on_null === undefined
        ? {}
        : { onNullPlace: diagnostics.source.placeAt(keySpanAt(draft.tree, ["map", target, "on_null"]).start) }),
      policy,
      ...(newestBy === undefined ? {} : { newestBy }),
      ...(options?.own === false ? { own: false as const } : {}),
      ...(round === undefined ? {} : { round }),
      ...(options?.mode === "replace"
        ? { replaces: diagnostics.source.placeAt(keySpanAt(draft.tree, ["map", target, "mode"]).start) }
        : {}),
      ...(lookup === undefined ? {} : { lookup }),
      ...(parent === undefined ? {} : { parent: { stream: parent, miss, field: target } }),
      targetPlace: diagnostics.source.placeAt(keySpanAt(draft.tree, ["map", target]).start),
    };
  });
}

/** A row of a file has no time, unless the job says which column tells it; nor has a row of the file that is written. */
function refuseUntimed(field: string, { source, target }: StreamFile, draft: StreamDraft, diagnostics: Diagnostics) {
  const refuse = (message: string) => diagnostics.add(spanAt(["map", field, "policy"], draft), message);
  if (target?.files !== undefined) refuse("policy newest goes with records: a file tells no time to compare with");
  else if (!takesRecords(source)) {
    refuse(
      "policy newest wants the time that a row's value is from, which a file does not tell: name a column by newest_by",
    );
  }
}

type Options = Extract<NonNullable<StreamFile["map"]>[string], { from?: unknown }>;

function findLookup(
  { target, map }: StreamFile,
  field: string,
  options: Options | undefined,
  draft: StreamDraft,
  diagnostics: Diagnostics,
): Lookup | undefined {
  const path = ["map", field, "lookup"];
  const written = options?.lookup;
  if (written === undefined || map === undefined) return undefined;
  const wrong = (name: string, message: string) => diagnostics.add(spanAt([...path, name], draft), message);
  if (written.value === undefined && written.object === undefined) {
    wrong("key", "`value` is missing: the column or field that is taken");
    return undefined;
  }
  const key = target?.key ?? [];
  if (written.miss === "skip" && (typeof key === "string" ? [key] : key).includes(field))
    wrong("miss", "a key can't be left alone: its row would be nobody's");
  if (written.miss === "skip" && options?.on_null !== undefined && options.on_null !== "skip") {
    const message =
      "miss: skip leaves the field alone, also where there is nothing to look up: on_null can only be skip";
    diagnostics.add(spanAt(["map", field, "on_null"], draft), message);
  }
  const connection = target?.connection ?? "";
  const keys = typeof key === "string" ? [key] : key;
  if (written.miss === "create") refuseMaking(written, { field, key: keys, path, connection }, draft, diagnostics);
  return buildLookup({ written, path, connection, maker: makerName(draft.name, field) }, draft, diagnostics);
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
