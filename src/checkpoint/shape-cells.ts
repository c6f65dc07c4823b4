// A kept shape as cells of SQLite and back.

import type { ShapeOwner, ShapeRecord } from "./facts.ts";
import { text } from "./records.ts";
import type { Cells } from "./table.ts";

export function shapeKey({ job, stream, sourceOrg, source, targetOrg, object, jobFile }: ShapeOwner): Cells {
  return { job, stream, source_org: sourceOrg, source, target_org: targetOrg, object, job_file: jobFile };
}

export function shapeCells(record: ShapeRecord): Cells {
  return { ...shapeKey(record), shape: record.shape, run: record.run, kept: record.kept };
}

export function shapeRecord(cells: Cells): ShapeRecord {
  return {
    job: text(cells["job"]),
    stream: text(cells["stream"]),
    sourceOrg: text(cells["source_org"]),
    source: text(cells["source"]),
    targetOrg: text(cells["target_org"]),
    object: text(cells["object"]),
    jobFile: text(cells["job_file"]),
    shape: text(cells["shape"]),
    run: text(cells["run"]),
    kept: text(cells["kept"]),
  };
}
