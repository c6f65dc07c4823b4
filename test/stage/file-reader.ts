// What loadline makes of one file: the job that maps every column as it is, up to its staged rows.

import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openFolderStore } from "../../src/connectors/file/store.ts";
import { openFileTarget } from "../../src/connectors/kit/whole-file-target.ts";
import { Failure } from "../../src/core/errors.ts";
import { identifier } from "../../src/core/sql.ts";
import type { Job, Stream } from "../../src/job/job.ts";
import { readJob } from "../../src/job/read-job.ts";
import { compileStream } from "../../src/pipeline/compile/compile-stream.ts";
import { stageStream } from "../../src/pipeline/stage/stage-stream.ts";
import { locateLines } from "../../src/stage/locate-lines.ts";
import { writeParquet } from "../../src/stage/parquet.ts";
import type { Rig } from "./rig.ts";

export interface Reading {
  columns: string[];
  rows: [line: number, ...cells: (string | null)[]][];
  rejects: [line: number, reason: string][];
}

export class FileReader {
  readonly #rig: Rig;

  constructor(rig: Rig) {
    this.#rig = rig;
  }

  /** `format` as a job file has it. Only the first columns are mapped where there are very many. */
  async read(name: string, bytes: Uint8Array, format: object, mappedMax = 1000): Promise<Reading> {
    const { engine, folder } = this.#rig;
    const parts = await this.#rig.extract({ [name]: bytes }, this.#job({ x: "1" }, format).stream.source.format);
    const columns = parts[0]?.columns ?? [];
    const mapped = columns.slice(0, mappedMax);
    const map = Object.fromEntries(mapped.map((column, index) => [`c${index}`, identifier(column)]));
    const { job, stream } = this.#job(mapped.length === 0 ? { x: "1" } : map, format);
    const place = { file: job.file, line: 1, column: 1 };
    const compiled = await compileStream({
      engine,
      job,
      stream,
      target: openFileTarget(openFolderStore({ name: "out", path: folder, place })),
      columns: { columns: new Map(columns.map((column) => [column, "VARCHAR"])) },
      openTarget: () => Promise.reject(new Error("no other connection")),
    });
    const stageFolder = mkdtempSync(join(folder, "stage-"));
    const staged = await stageStream({
      engine,
      compiled,
      parts,
      folder: stageFolder,
      onPart: () => undefined,
    });
    const reading: Reading = { columns, rows: [], rejects: [] };
    const cells = mapped.map((_, index) => `CAST(c${index} AS VARCHAR)`).join(", ");
    for (const { part, open, broken } of staged.parts) {
      const rows =
        await engine.all(`SELECT _position_ AS position, _line_ AS line, [${cells}] AS cells FROM ${staged.view}
        WHERE _part_ = ${part.ordinal} ORDER BY _position_`);
      const lines = await locateLines(open, new Set(rows.map((row) => Number(row["position"]))));
      for (const { position, line, cells } of rows) {
        const known = line === null ? (lines.get(Number(position)) ?? 0) : Number(line);
        reading.rows.push([known, ...(cells as (string | null)[])]);
      }
      reading.rejects.push(...broken.map(({ line, reason }): [number, string] => [line, reason]));
    }
    return reading;
  }

  /** Line and message of the refusal; anything else that comes of it fails the test. */
  async refusalOf(name: string, bytes: Uint8Array, format: object): Promise<[number | null, string]> {
    try {
      const reading = await this.read(name, bytes, format);
      throw new Error(`not refused: ${JSON.stringify(reading)}`);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return [error.where?.line ?? null, error.message];
    }
  }

  async writeParquet(select: string): Promise<Buffer> {
    const path = join(mkdtempSync(join(this.#rig.folder, "parquet-")), "made.parquet");
    await writeParquet(this.#rig.engine, select, path);
    return readFileSync(path);
  }

  #job(map: object, format: object): { job: Job; stream: Stream } {
    const path = join(this.#rig.folder, "job.yaml");
    const source = { connection: "drop", files: "*", format };
    const records = { source, target: { connection: "out", files: "out.csv" }, map };
    writeFileSync(path, JSON.stringify({ version: 1, name: "reader", streams: { records } }));
    const job = readJob(path);
    const [stream] = job.streams;
    if (stream === undefined) throw new Error("the job has no stream");
    return { job, stream };
  }
}
