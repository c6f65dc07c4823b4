// What a file, or an object of a system, holds. In: paths, or a connection and an object. Out: figures of each column. Must
// hold: nothing is written but into a folder that is gone afterwards; a file that is not read to its end is a failure.

import { constants, copyFileSync, createReadStream, mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { openConnection } from "../../../connectors/registry.ts";
import { usageFailure } from "../../../core/errors.ts";
import type { Part } from "../../../core/model.ts";
import { readCsvHeader } from "../../../extract/csv-header.ts";
import { plainCsv } from "../../../formats/format.ts";
import { packingOf } from "../../../formats/packing.ts";
import { searchOf, searchReceived } from "../../../formats/received.ts";
import type { Connection, Environment, ObjectSource } from "../../../job/job.ts";
import { countOf } from "../../../report/numbers.ts";
import type { NamedProfile } from "../../../report/profile.ts";
import { scanCsv } from "../../../stage/csv-scan.ts";
import { Engine } from "../../../stage/engine.ts";
import { openPart, readCarefully } from "../../../stage/open-part.ts";
import { countRefusedRecords } from "../../../stage/stage.ts";
import { openListed, readPartColumns } from "../../extract/part-files.ts";
import { readSample } from "../guess-job.ts";
import { measureTable } from "./measure-columns.ts";

/** API calls that reading an object may take, beside signing in and describing it. */
const callsMax = 100;

export async function profileFile(path: string, signal: AbortSignal): Promise<NamedProfile> {
  const { format, doubts } = await readSample(path);
  return inFolder(signal, async (engine, folder) => {
    const copy = join(folder, basename(path));
    copyFileSync(path, copy, constants.COPYFILE_FICLONE);
    for await (const file of openListed(folder, { path: copy, label: basename(path) }, { format })) {
      const suspect = await searchReceived(createReadStream(file.path), file, searchOf(format, file.label));
      const part: Part = {
        ...file,
        ordinal: 1,
        locator: path,
        bytes: statSync(file.path).size,
        sha256: "",
        compressed: packingOf(file.label) === "gzip",
        suspect,
        rows: null,
        columns: await readPartColumns(engine, file, format),
      };
      await engine.prepareFor(part.bytes);
      const opened = await openPart(engine, part, format, join(folder, "text.csv"));
      const notes = doubts.map((doubt) => `in doubt: ${doubt}`);
      if ("text" in opened && !opened.text.part.suspect) {
        const scan = scanCsv(opened.text.part, opened.text.format);
        const measured = await measureTable(engine, scan, part.columns);
        if ((await countRefusedRecords(engine)) === 0) return { name: path, ...measured, notes };
      }
      const lined = "text" in opened ? await readCarefully(opened.text, join(folder, "clean.csv")) : opened.lined;
      if (lined.broken.length > 0)
        notes.push(`${countOf(lined.broken.length, "record")} can't be read, not among the rows`);
      return { name: path, ...(await measureTable(engine, lined.scan, part.columns)), notes };
    }
    throw usageFailure(`there is nothing in ${path}`);
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

async function inFolder<T>(signal: AbortSignal, use: (engine: Engine, folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "loadline-profile-"));
  try {
    using engine = await Engine.open({ folder, spillFolder: folder, signal });
    return await use(engine, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
