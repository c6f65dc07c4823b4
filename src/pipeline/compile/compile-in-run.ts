// A stream bound to the systems that a run has open. In: the stream, and what its source has. Out: a CompiledStream.

import type { PartRecord } from "../../checkpoint/ledger.ts";
import type { Stream } from "../../job/job.ts";
import { type RunContext, sourceOf, targetOf } from "../run/context.ts";
import type { SourceColumns } from "./bind-expression.ts";
import { compileStream } from "./compile-stream.ts";
import type { CompiledStream } from "./compiled-stream.ts";

export function compileInRun(
  context: RunContext,
  stream: Stream,
  columns: SourceColumns | undefined,
): Promise<CompiledStream> {
  const openTarget = async (connection: string) => targetOf(context, connection);
  const target = targetOf(context, stream.target.connection);
  const { engine, job } = context;
  return compileStream({ engine, job, stream, target, columns, openTarget });
}

/** By the columns that the plan's parts have, or the object's. */
export async function compileAgain(
  context: RunContext,
  stream: Stream,
  parts: readonly PartRecord[],
): Promise<CompiledStream> {
  const { records } = sourceOf(context, stream.source.connection);
  if (stream.source.kind === "files" || records === undefined)
    return compileInRun(context, stream, columnsOfParts(parts));
  return compileInRun(context, stream, await records.describe(stream.source));
}

/** Those of files, all text; undefined where no part names any. */
export function columnsOfParts(parts: readonly PartRecord[]): SourceColumns | undefined {
  const columns = new Map(parts.flatMap((part) => part.columns.map((column) => [column, "VARCHAR"] as const)));
  return columns.size === 0 ? undefined : { columns };
}
