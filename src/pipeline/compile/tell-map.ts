// What a stream is made of, as an event: for those who are told of lineage. In: a compiled stream. Out: for each field of the
// target the columns of the source that its expression reads. Holds names and types, no values.

import type { RunEvent } from "../../report/events.ts";
import type { RunContext } from "../run/context.ts";
import type { CompiledStream } from "./compiled-stream.ts";

type Mapped = Extract<RunEvent, { type: "mapped" }>;

export function tellMap({ targets, emit }: RunContext, compiled: CompiledStream): void {
  const { stream, planned, fieldSchemas, columns, keepColumns } = compiled;
  const { source, target } = stream;
  emit({
    type: "mapped",
    stream: stream.name,
    source: {
      connection: source.connection,
      org: targets.get(source.connection)?.orgId ?? source.connection,
      name: source.kind === "files" ? source.files : source.object,
    },
    target: {
      connection: target.connection,
      org: targets.get(target.connection)?.orgId ?? target.connection,
      name: target.object,
    },
    columns: [...columns].map(([name, type]) => ({ name, type })),
    fields: planned.map(({ field, columns: from }): Mapped["fields"][number] => ({
      name: field.target,
      type: fieldSchemas.get(field.target)?.vendorType ?? "",
      from,
      isPlain: field.parent === undefined && field.lookup === undefined && isColumn(field.expression.sql, from),
    })),
    filteredBy: keepColumns,
  });
}

/** The expression is the column and nothing else. */
function isColumn(sql: string, from: readonly string[]): boolean {
  const [column, ...others] = from;
  const written = sql
    .trim()
    .replace(/^"(.*)"$/s, "$1")
    .replaceAll('""', '"');
  return column !== undefined && others.length === 0 && written.toLowerCase() === column.toLowerCase();
}
