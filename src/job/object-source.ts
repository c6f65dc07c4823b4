// The source of a stream that takes records of an object.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { copiedCsv, plainCsv } from "../formats/format.ts";
import type { Diagnostics } from "./diagnostics.ts";
import type { Incremental, ObjectSource, SqlSource } from "./job.ts";
import type { StreamFile } from "./schema.ts";
import { placeAt, type StreamDraft, spanAt } from "./stream-draft.ts";
import { parseDuration } from "./units.ts";
import { keySpanAt } from "./yaml-tree.ts";

type SourceFile = NonNullable<StreamFile["source"]>;

const fileKeys = ["files", "format", "order", "ready", "once", "after", "on_reject", "max_age", "optional"] as const;

export function buildObjectSource(
  written: SourceFile,
  draft: StreamDraft,
  diagnostics: Diagnostics,
): Omit<ObjectSource, "connection"> | undefined {
  const misplaced = fileKeys.filter((name) => written[name] !== undefined);
  for (const name of misplaced) {
    diagnostics.add(keySpanAt(draft.tree, ["source", name]), `${name} goes with \`files\`, not with \`object\``);
  }
  const incremental = buildIncremental(written.incremental, draft, diagnostics);
  const sql = buildSql(written, draft, diagnostics);
  if (sql !== undefined && incremental?.cursor === xminCursor) refuseTimes(written, draft, diagnostics);
  if (written.deletes === "compare") refuseCompare(written, sql, draft, diagnostics);
  const [called = "object"] = sqlNames.filter((name) => written[name] !== undefined);
  return {
    kind: "object",
    object: written.object ?? written.table ?? written.query_file ?? "the query",
    ...(sql === undefined ? {} : { sql }),
    fields: written.fields ?? [],
    ...(written.where === undefined ? {} : { where: written.where }),
    ...(incremental === undefined ? {} : { incremental }),
    deletes: written.deletes ?? "ignore",
    format: sql === undefined ? plainCsv : copiedCsv,
    optional: [],
    place: placeAt(["source", called], draft, diagnostics),
  };
}

/** What a source of a database is named by. */
const sqlNames = ["table", "query", "query_file"] as const;

/** Whether what is written is a source of records, and not of files. */
export function takesRecords(written: SourceFile | undefined): boolean {
  return (["object", ...sqlNames] as const).some((name) => written?.[name] !== undefined);
}

function buildSql(written: SourceFile, draft: StreamDraft, diagnostics: Diagnostics): SqlSource | undefined {
  const [first, second] = (["object", ...sqlNames] as const).filter((name) => written[name] !== undefined);
  if (second !== undefined) {
    diagnostics.add(keySpanAt(draft.tree, ["source", second]), `${second} stands in place of ${first}: one of them`);
  }
  const { key = [] } = written;
  if (first === "object") {
    if (written.key !== undefined) {
      diagnostics.add(keySpanAt(draft.tree, ["source", "key"]), "key goes with `table`, `query` or `query_file`");
    }
    return undefined;
  }
  const query = written.query ?? readQuery(written.query_file, draft, diagnostics);
  return { ...(query === undefined ? {} : { query }), key: typeof key === "string" ? [key] : key };
}

function readQuery(file: string | undefined, draft: StreamDraft, diagnostics: Diagnostics): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(resolve(draft.folder, file), "utf8");
  } catch (error) {
    diagnostics.add(spanAt(["source", "query_file"], draft), `${file} can't be read: ${(error as Error).message}`);
    return "";
  }
}

function buildIncremental(
  written: SourceFile["incremental"],
  draft: StreamDraft,
  diagnostics: Diagnostics,
): Incremental | undefined {
  if (written === undefined) return undefined;
  const { cursor, overlap, since, refresh } = written;
  const start = since === undefined ? undefined : readInstant(since);
  if (since !== undefined && start === undefined) {
    const message = `"${since}" is no date or time`;
    diagnostics.add(spanAt(["source", "incremental", "since"], draft), message, { next: "e.g. 2026-01-31T00:00:00Z" });
  }
  return {
    ...(cursor === undefined ? {} : { cursor }),
    ...(overlap === undefined ? {} : { overlapMs: parseDuration(overlap) }),
    ...(start === undefined ? {} : { since: start }),
    ...(refresh === undefined ? {} : { refreshMs: parseDuration(refresh) }),
    place: placeAt(["source", "incremental"], draft, diagnostics),
  };
}

/** PostgreSQL's number of the transaction that wrote a row, which no column has as its name. */
const xminCursor = "xmin";

/** A window of transactions begins and ends with one, and not at a time. */
function refuseTimes(written: SourceFile, draft: StreamDraft, diagnostics: Diagnostics): void {
  for (const name of ["overlap", "since", "refresh"] as const) {
    if (written.incremental?.[name] === undefined) continue;
    const message = `${name} does not go with cursor: ${xminCursor}: it counts transactions, and knows no time`;
    const next = "leave it out: no change is missed without it";
    diagnostics.add(keySpanAt(draft.tree, ["source", "incremental", name]), message, { next });
  }
}

function refuseCompare(
  written: SourceFile,
  sql: SqlSource | undefined,
  draft: StreamDraft,
  diagnostics: Diagnostics,
): void {
  const span = spanAt(["source", "deletes"], draft);
  if (sql === undefined) {
    diagnostics.add(span, "deletes: compare goes with `table`, `query` or `query_file`: other systems tell deletions", {
      next: "deletes: emit",
    });
  } else if (written.incremental === undefined) {
    diagnostics.add(span, "deletes: compare goes with incremental: it remembers what was taken", {
      next: "add incremental; or leave deletes out, and mode mirror deletes what the source no longer has",
    });
  }
}

/** ISO 8601 as the instant it means, in UTC; a date is its midnight. Undefined for anything else. */
export function readInstant(text: string): string | undefined {
  if (!/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:?\d{2}))?$/.test(text)) return undefined;
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}
