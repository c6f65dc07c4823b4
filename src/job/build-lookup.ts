// A lookup, from what is written.

import { createHash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { z } from "zod";
import { suggest } from "../core/suggest.ts";
import type { Diagnostics } from "./diagnostics.ts";
import type { Expression } from "./job.ts";
import type { Lookup, LookupName, LookupTable } from "./lookup.ts";
import type { existing, lookup } from "./lookup-schema.ts";
import { buildExpression, placeAt, type StreamDraft, spanAt } from "./stream-draft.ts";
import { nodeAt, type TreePath } from "./yaml-tree.ts";

export interface LookupDraft {
  written: z.infer<typeof existing> & Partial<Pick<z.infer<typeof lookup>, "value" | "miss" | "default">>;
  /** The stream that makes what is not found. */
  maker?: string;
  /** Of `lookup`. */
  path: TreePath;
  /** Of the stream's target: whose objects are meant. */
  connection: string;
  /** What is looked up where `from` does not say it. */
  from?: Expression;
}

/** Undefined where something is wrong with it, which is a diagnostic. */
export function buildLookup(
  { written, maker, path, connection, from }: LookupDraft,
  draft: StreamDraft,
  diagnostics: Diagnostics,
): Lookup | undefined {
  const at = (name: string, index?: number) =>
    placeAt([...path, name, ...(index === undefined ? [] : [index])], draft, diagnostics);
  const keys = typeof written.key === "string" ? [written.key] : written.key;
  const key = keys.map(
    (name, index): LookupName => ({ name, place: at("key", typeof written.key === "string" ? undefined : index) }),
  );
  const looked = readFrom(path, draft, diagnostics) ?? (from === undefined ? [] : [from]);
  const table = buildTable(written, { path, connection }, draft, diagnostics);
  const { value, miss = "reject" } = written;
  const wrong = (name: string, message: string) => diagnostics.add(spanAt([...path, name], draft), message);
  if (looked.length === 0) wrong("key", "`from` is missing: what is looked up");
  else if (looked.length !== key.length)
    wrong("from", `\`key\` has ${key.length} and \`from\` ${looked.length}: each key wants one`);
  if (table === undefined) return undefined;
  const where = buildExpression([...path, "where"], draft, diagnostics);
  const text = nodeAt(draft.tree, [...path, "default"]);
  return {
    in: table,
    key,
    ...(value === undefined ? {} : { value: { name: value, place: at("value") } }),
    from: looked,
    ...(where === undefined ? {} : { where }),
    miss,
    ...(miss === "create" && maker !== undefined ? { maker } : {}),
    ...(text?.kind === "scalar" && written.default !== undefined
      ? { default: { text: text.text, place: at("default") } }
      : {}),
    place: placeAt(path, draft, diagnostics),
  };
}

/** Of `from`, one or a list. Undefined where nothing is written. */
export function readFrom(path: TreePath, draft: StreamDraft, diagnostics: Diagnostics): Expression[] | undefined {
  const node = nodeAt(draft.tree, [...path, "from"]);
  if (node === undefined) return undefined;
  const paths = node.kind === "list" ? node.items.map((_, index) => [...path, "from", index]) : [[...path, "from"]];
  return paths.flatMap((one) => buildExpression(one, draft, diagnostics) ?? []);
}

function buildTable(
  { file, object, stream, connection }: LookupDraft["written"],
  target: Pick<LookupDraft, "path" | "connection">,
  draft: StreamDraft,
  diagnostics: Diagnostics,
): LookupTable | undefined {
  const { path } = target;
  if (object !== undefined) {
    return {
      kind: "object",
      connection: connection ?? target.connection,
      object,
      place: placeAt([...path, "object"], draft, diagnostics),
    };
  }
  if (stream !== undefined) {
    if (draft.streamNames.includes(stream)) return { kind: "stream", stream };
    const suggestion = suggest(stream, draft.streamNames);
    const message = `there is no stream "${stream}"`;
    diagnostics.add(spanAt([...path, "stream"], draft), message, suggestion === undefined ? {} : { suggestion });
    return undefined;
  }
  const name = file ?? "";
  const filePath = resolve(draft.folder, name);
  try {
    return { kind: "file", name, sha256: hashNow(filePath), filePath };
  } catch (error) {
    // A run's own copy of its job is read for what it did: its values are found, whatever became of the file since.
    if (dirname(diagnostics.source.file) !== draft.folder) return { kind: "file", name, sha256: "", filePath };
    const { code } = error as NodeJS.ErrnoException;
    const why = code === "ENOENT" ? "is not there" : code === "EISDIR" ? "is a folder" : `can't be read (${code})`;
    diagnostics.add(spanAt([...path, "file"], draft), `${name} ${why}`, { next: `it is looked for as ${filePath}` });
    return undefined;
  }
}

const chunkBytes = 1 << 20;

/** What is in the file is a part of the job: a run that is resumed wants the same. */
function hashNow(path: string): string {
  const hash = createHash("sha256");
  const chunk = Buffer.alloc(chunkBytes);
  const descriptor = openSync(path, "r");
  try {
    for (let bytes = readSync(descriptor, chunk); bytes > 0; bytes = readSync(descriptor, chunk)) {
      hash.update(chunk.subarray(0, bytes));
    }
  } finally {
    closeSync(descriptor);
  }
  return hash.digest("hex");
}
