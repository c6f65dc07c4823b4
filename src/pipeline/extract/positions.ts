// Windows by a count of changes that a system keeps, in place of its clock (contract/records.ts). Must hold: where nothing can
// go on from the window before, all is taken again, and it is told why.

import type { Watermark, WindowRecord } from "../../checkpoint/ledger.ts";
import type { RecordCatalog } from "../../contract/records.ts";
import { usageFailure } from "../../core/errors.ts";
import type { Incremental, ObjectSource, Stream } from "../../job/job.ts";
import type { RunContext } from "../run/context.ts";

/** Whether windows go by the system's own counter. */
export function isCounted({ cursor }: Incremental, { positions }: RecordCatalog): boolean {
  return positions !== undefined && positions.cursor === cursor;
}

export async function readCount(
  context: RunContext,
  { name }: Stream,
  source: ObjectSource,
  { positions }: RecordCatalog,
  mark: Watermark | undefined,
): Promise<Pick<WindowRecord, "from" | "to">> {
  if (positions === undefined) throw new Error("the source counts nothing");
  refuseTimes(name, source);
  const { to, lost } = await positions.read(source, mark?.to);
  if (mark === undefined) return { from: null, to };
  if (lost === undefined) return { from: mark.to, to };
  context.emit({ type: "warning", message: `${name}: takes all again, for ${lost}` });
  return { from: null, to };
}

/** A window of changes begins and ends with one, and not at a time. */
function refuseTimes(stream: string, { incremental, place }: ObjectSource): void {
  const { overlapMs, since, refreshMs } = incremental ?? {};
  if (overlapMs === undefined && since === undefined && refreshMs === undefined) return;
  throw usageFailure(
    `stream ${stream} goes by ${incremental?.cursor}: overlap, since and refresh are times, and it knows none`,
    {
      where: incremental?.place ?? place,
      next: "leave them out: no change is missed without them",
    },
  );
}

export function refuseChosenCount({ name }: Stream, { incremental, place }: ObjectSource): never {
  throw usageFailure(`stream ${name} goes by ${incremental?.cursor}: --from and --to are times, and it knows none`, {
    where: incremental?.place ?? place,
    next: "leave them out",
  });
}
