// What a file, or an object of a system, holds. In: paths, or a connection and an object. Out: figures of each column. Must
// hold: nothing is written but into a folder that is gone afterwards; a file that is not read to its end is a failure.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { openConnection } from "../../../connectors/registry.ts";
import { usageFailure } from "../../../core/errors.ts";
import { readCsvHeader } from "../../../extract/csv-header.ts";
import { plainCsv } from "../../../formats/format.ts";
import type { Connection, Environment, ObjectSource } from "../../../job/job.ts";
import { countOf } from "../../../report/numbers.ts";
import type { NamedProfile } from "../../../report/profile.ts";
import { scanCsv } from "../../../stage/csv-scan.ts";
import { measureTable } from "./measure-columns.ts";
import { askFile, inFolder } from "./read-file.ts";

/** API calls that reading an object may take, beside signing in and describing it. */
const callsMax = 100;

export async function profileFile(path: string, signal: AbortSignal): Promise<NamedProfile> {
  return inFolder(signal, async (engine, folder) => {
    const ask = (scan: string, columns: readonly string[]) => measureTable(engine, scan, columns);
    const { answer, notes } = await askFile({ engine, folder, path, ask });
    return { name: path, ...answer, notes };
  });
}

export interface ObjectRequest {
  connection: Connection;
  object: string;
  environment: Environment;
  signal: AbortSignal;
}

/** By the connector's own reading of records; it ends after so many calls, which is said. */
export async function profileObject(request: ObjectRequest): Promise<NamedProfile> {
  const { connection, object, environment, signal } = request;
  const { source, target } = await openConnection(connection, { environment, onRetry: () => undefined, signal });
  try {
    const { records } = source;
    if (records === undefined)
      throw usageFailure(`${connection.name} holds files: name them, loadline profile <file>`, {
        where: connection.place,
      });
    const { place } = connection;
    const given: ObjectSource = {
      kind: "object",
      connection: connection.name,
      object,
      fields: [],
      deletes: "ignore",
      format: plainCsv,
      optional: [],
      place,
    };
    const { columns } = await records.describe(given);
    return await inFolder(signal, async (engine, folder) => {
      const parts = join(folder, "parts");
      mkdirSync(parts);
      const scans: string[] = [];
      let names: string[] = [];
      const before = target.apiCalls;
      let isWhole = true;
      const extracted = source.extract({
        source: given,
        files: [],
        columns: [...columns.keys()],
        known: [],
        handle: null,
        keepHandle: () => undefined,
        folder: parts,
        signal,
        onProgress: () => undefined,
      });
      for await (const part of extracted) {
        names = await readCsvHeader(part, plainCsv);
        scans.push(`SELECT * FROM ${scanCsv({ ...part, columns: names }, plainCsv)}`);
        isWhole = target.apiCalls - before < callsMax;
        if (!isWhole) break;
      }
      const name = `${connection.name} ${object}`;
      if (scans.length === 0) return { name, rows: 0, sampled: 0, columns: [], notes: [] };
      const measured = await measureTable(engine, `(${scans.join(" UNION ALL ")})`, names);
      const calls = countOf(target.apiCalls - before, "API call");
      const notes = isWhole
        ? [`read by ${calls}`]
        : [`not all records: reading ended after ${calls}, the most that a profile takes`];
      return { name, ...measured, notes };
    });
  } finally {
    target.close();
  }
}
