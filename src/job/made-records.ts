// Records that are made because rows name them, and a lookup with `miss: create` does not find them: they hold the key that
// they are named by and no more. In: the streams of a job file. Out: the same, each after the streams that make such records
// for it. What must hold: a record is made once for all rows that name it, and only for rows that are loaded; so these
// streams have no rows of their own: they are planned with the stream that names their records.

import type { Diagnostics } from "./diagnostics.ts";
import type { Expression } from "./expression.ts";
import { type MappedField, type Stream, writesFile } from "./job.ts";
import type { Lookup } from "./lookup.ts";
import { type StreamDraft, spanAt } from "./stream-draft.ts";
import { keySpanAt, type TreePath } from "./yaml-tree.ts";

/** Of the stream that makes what `field` does not find. A stream's own name has no dot. */
export function makerName(stream: string, field: string): string {
  return `${stream}.${field.replaceAll(/[^\w.-]/g, "_")}`;
}

/** Whether a stream of this name makes records for another. */
export function isMakerName(stream: string): boolean {
  return stream.includes(".");
}

/** Each stream after those that make records for it. `redact`: fields that are never shown. */
export function withMakers(streams: readonly Stream[], redact: readonly string[]): Stream[] {
  return streams.flatMap((stream) => [
    ...stream.fields.flatMap((field) => {
      const { target, lookup } = field;
      if (lookup?.miss !== "create") return [];
      return buildMaker(stream, target, lookup, isHidden(stream, target, lookup, redact));
    }),
    stream,
  ]);
}

/** Whether what names the records goes into a field that is never shown, or names that field itself. */
function isHidden({ fields }: Stream, field: string, { from }: Lookup, redact: readonly string[]): boolean {
  if (redact.includes(field)) return true;
  const words = new Set(from.flatMap(wordsOf));
  return fields.some(
    ({ target, expression, lookup }) =>
      redact.includes(target) && [expression, ...(lookup?.from ?? [])].flatMap(wordsOf).some((word) => words.has(word)),
  );
}

/** What may be the name of a column. */
function wordsOf({ sql }: Expression): string[] {
  const names = sql.replaceAll(/'[^']*'/g, "").matchAll(/"([^"]+)"|\b([a-z_]\w*)\b(?!\s*\()/gi);
  return [...names].map(([, quoted, plain]) => (quoted ?? plain ?? "").toLowerCase());
}

function buildMaker(stream: Stream, field: string, lookup: Lookup, hidden: boolean): Stream[] {
  const { in: table, key, from, place } = lookup;
  if (table.kind !== "object") return [];
  const { connection, object } = table;
  const maker: Stream = {
    name: makerName(stream.name, field),
    madeFor: { stream: stream.name, field, isHidden: hidden },
    place,
    source: stream.source,
    target: {
      connection,
      object,
      key: key.map(({ name }) => name),
      mode: "upsert",
      batch: {},
      hardDelete: false,
      place,
    },
    fields: key.map(
      ({ name, place: targetPlace }, index): MappedField => ({
        target: name,
        expression: from[index] ?? { sql: "NULL", place },
        onNull: "skip",
        policy: "create_only",
        targetPlace,
      }),
    ),
    rules: [],
  };
  return [maker];
}

/** What `miss: create` can't be meant for. `path`: of the lookup; `connection`: of the stream's target. */
export function refuseMaking(
  written: { object?: unknown; connection?: string | undefined; value?: unknown; where?: unknown },
  { field, key, path, connection }: { field: string; key: readonly string[]; path: TreePath; connection: string },
  draft: StreamDraft,
  diagnostics: Diagnostics,
): void {
  const at = (name: string) => spanAt([...path, name], draft);
  const refuse = (name: string, message: string, next?: string) =>
    diagnostics.add(at(name), message, next === undefined ? {} : { next });
  if (written.object === undefined) {
    refuse("miss", "miss: create makes records of an `object`: what is in a file or a stream is made there");
    return;
  }
  if (written.connection !== undefined && written.connection !== connection)
    refuse("connection", "miss: create makes records in the system that the stream loads into, no other");
  if (written.value !== undefined)
    refuse("value", "miss: create gives the new record's id: it has no other value yet", "leave `value` out");
  if (written.where !== undefined) {
    const message = "`where` does not go with miss: create: a record outside of it would be made a second time";
    refuse("where", message, "leave `where` out, or take miss: reject");
  }
  if (key.includes(field)) {
    const message = `miss: create does not go with a part of the key: ${field} would have no value before its record is made`;
    refuse("miss", message, "load the records that it names by a stream of their own");
  }
}

/** The same, once the stream is built. */
export function refuseMakers({ fields, target }: Stream, draft: StreamDraft, diagnostics: Diagnostics): void {
  const names = new Set<string>();
  for (const { target: field, lookup, own } of fields) {
    if (lookup?.miss !== "create") continue;
    const path = ["map", field, "lookup", "miss"];
    const refuse = (message: string) => diagnostics.add(spanAt(path, draft), message);
    if (writesFile(target.mode)) refuse("miss: create goes with streams that load records, not with files");
    else if (target.mode === "delete") refuse("miss: create does not go with mode delete, which writes no field");
    else if (own === false) refuse("miss: create does not go with own: false: nothing would name the new record");
    const name = makerName("", field).toLowerCase();
    if (names.has(name)) {
      const message = `"${field}" and another field with miss: create make streams of one name`;
      diagnostics.add(keySpanAt(draft.tree, ["map", field]), message);
    }
    names.add(name);
  }
}
