// One stream from files to its plan, with the product's own functions and a target that answers from rows of the test.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "csv-stringify/sync";
import type { RunRecord } from "../../src/checkpoint/ledger.ts";
import { openFileSource } from "../../src/connectors/file/source.ts";
import { renderField } from "../../src/connectors/salesforce/render.ts";
import type { Target } from "../../src/contract/target.ts";
import type { WayChoice } from "../../src/contract/ways.ts";
import type { FieldKind, FieldSchema, ObjectSchema, Part } from "../../src/core/model.ts";
import { type Wholeness, whole } from "../../src/core/wholeness.ts";
import { type FileFormat, plainCsv } from "../../src/formats/format.ts";
import type { FileSource } from "../../src/job/job.ts";
import { readJob } from "../../src/job/read-job.ts";
import { compileStream } from "../../src/pipeline/compile/compile-stream.ts";
import type { CompiledStream } from "../../src/pipeline/compile/compiled-stream.ts";
import { defineFunctionsIn } from "../../src/pipeline/compile/define-functions.ts";
import type { Selection } from "../../src/pipeline/diff/diff-input.ts";
import { diffStream, type StreamDiff } from "../../src/pipeline/diff/diff-stream.ts";
import { readPartColumns, unpackPart } from "../../src/pipeline/extract/part-files.ts";
import { resolveLookup } from "../../src/pipeline/lookups/resolve-lookup.ts";
import type { ResolveLookup } from "../../src/pipeline/stage/copied-parts.ts";
import { stageStream } from "../../src/pipeline/stage/stage-stream.ts";
import type { StagedStream } from "../../src/pipeline/stage/staged-stream.ts";
import { Engine, type Row } from "../../src/stage/engine.ts";

const bulk: WayChoice = { via: "bulk", how: "in bulk", batchRowsMax: 150_000, batchBytesMax: 100_000_000 };

export const csv = plainCsv;

/** When the runs of these tests start. */
const runStart = new Date("2026-05-05T23:30:00Z");

/** Present values of the target: field to text, as the target would write it. Id and SystemModstamp are made up. */
export type Present = Record<string, string | null>;

export interface Field extends Partial<FieldSchema> {
  kind: FieldKind;
}

export interface Files {
  [name: string]: string | Uint8Array;
}

export interface StageOptions {
  present?: Present[];
  /** The same records when they are read again by their ids; undefined for one that is gone. */
  presentAgain?: (Present | undefined)[];
  /** The SQL of `keep`. */
  keep?: string;
  /** Lookups of the stream are resolved as a run does. */
  looksUp?: true;
  /** Sees the keys that a lookup is asked for, and how many rows have each. */
  onLookup?(wanted: Row[]): void;
}

export interface Staged {
  compiled: CompiledStream;
  staged: StagedStream;
  target: Target;
  rows: Row[];
}

export class Rig implements Disposable {
  readonly folder: string;
  readonly engine: Engine;

  private constructor(folder: string, engine: Engine) {
    this.folder = folder;
    this.engine = engine;
  }

  static async open(timezone = "UTC"): Promise<Rig> {
    const folder = mkdtempSync(join(tmpdir(), "loadline-stage-"));
    const engine = await Engine.open({ folder, spillFolder: join(folder, "spill") });
    await defineFunctionsIn(engine, runStart, timezone);
    return new Rig(folder, engine);
  }

  [Symbol.dispose](): void {
    this.engine[Symbol.dispose]();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Extracts the files, in the order of their names. */
  async extract(files: Files, format: FileFormat = csv): Promise<Part[]> {
    const inbox = mkdtempSync(join(this.folder, "inbox-"));
    const folder = mkdtempSync(join(this.folder, "extract-"));
    for (const [name, content] of Object.entries(files)) writeFileSync(join(inbox, name), content);
    const place = { file: "job.yaml", line: 1, column: 1 };
    const source = openFileSource({ name: "drop", path: inbox, place });
    const parts: Part[] = [];
    const request: FileSource = {
      ...{ kind: "files", connection: "drop", files: "*", format, optional: [], place },
      ...{ order: "name", once: false, after: { kind: "leave" } },
    };
    const { files: listed } = (await source.files?.list(request)) ?? { files: [] };
    const chosen = listed.map((file, index) => ({ ...file, ordinal: index + 1, rows: null, sha256: null }));
    const extracted = source.extract({
      source: request,
      files: chosen,
      columns: [],
      known: [],
      handle: null,
      keepHandle: () => undefined,
      folder,
      signal: new AbortController().signal,
      onProgress: () => undefined,
    });
    for await (const received of extracted) {
      for await (const part of unpackPart(received, parts.length + 1, {
        format,
        keys: undefined,
        clearFolder: folder,
      })) {
        parts.push({ ...part, columns: await readPartColumns(this.engine, part, format) });
      }
    }
    return parts;
  }

  /** Stages files by a stream's YAML (what stands below its name, without source and connection). */
  async stage(
    stream: string,
    fields: Record<string, Field>,
    files: Files,
    options: StageOptions = {},
  ): Promise<Staged> {
    const path = join(this.folder, "job.yaml");
    const body = stream.trim().replaceAll(/^/gm, "    ");
    writeFileSync(path, `version: 1\nname: test\ntimezone: Europe/Berlin\nstreams:\n  things:\n${body}\n`);
    const job = readJob(path);
    const [read] = job.streams;
    if (read === undefined) throw new Error("the job has no stream");
    const { present = [], presentAgain, keep } = options;
    const first = keep === undefined ? read : { ...read, keep: { sql: keep, place: read.place } };
    const parts = await this.extract(files, first.source.format);
    const target = makeTarget(
      fields,
      { present, ...(presentAgain === undefined ? {} : { presentAgain }) },
      join(this.folder, "snapshot.csv"),
    );
    const columns = new Map(parts.flatMap((part) => part.columns.map((column) => [column, "VARCHAR"] as const)));
    const compiled = await compileStream({
      engine: this.engine,
      job,
      stream: first,
      target,
      columns: { columns },
      openTarget: async () => target,
    });
    const folder = mkdtempSync(join(this.folder, "stage-"));
    const staged = await stageStream({
      engine: this.engine,
      compiled,
      parts,
      folder,
      onPart: () => undefined,
      ...(options.looksUp === true ? { resolveLookup: this.#resolve(compiled, folder, options) } : {}),
    });
    const rows = await this.engine.all(`SELECT * FROM ${staged.view} ORDER BY _row_`);
    return { compiled, staged, target, rows };
  }

  #resolve(compiled: CompiledStream, folder: string, { onLookup }: StageOptions): ResolveLookup {
    const { signal } = new AbortController();
    const run = { id: "test", options: {} } as RunRecord;
    const context = { engine: this.engine, run, signal };
    return async (lookup, wanted, again) => {
      onLookup?.(await this.engine.all(`SELECT key, rows FROM ${wanted} ORDER BY key`));
      return (await resolveLookup({ context, compiled, lookup, wanted, folder, again })).table;
    };
  }

  async diff({ compiled, staged, target }: Staged, selection: Selection = {}, taken: Wholeness = whole): Promise<Diff> {
    const snapshotFolder = join(this.folder, "snapshot");
    mkdirSync(snapshotFolder, { recursive: true });
    const planPath = join(this.folder, "plan.parquet");
    const diff = await diffStream({
      engine: this.engine,
      target,
      compiled,
      staged,
      selection,
      timezone: "UTC",
      taken,
      snapshotFolder,
      planPath,
      refuseRows: () => Promise.resolve(),
      signal: new AbortController().signal,
      onSnapshot: () => undefined,
    });
    const plan = await this.engine.all(`SELECT * FROM read_parquet('${planPath}') ORDER BY action, row, id`);
    return { ...diff, planPath, plan: plan as unknown as PlannedRow[] };
  }

  /** Stages and compares in one go. */
  async plan(stream: string, fields: Record<string, Field>, files: Files, present: Present[] = []): Promise<Diff> {
    return this.diff(await this.stage(stream, fields, files, { present }));
  }
}

export interface Diff extends StreamDiff {
  planPath: string;
  plan: PlannedRow[];
}

interface PlannedRow {
  action: string;
  key: string | null;
  id: string | null;
  before: Present;
  after: Present;
  changed: string[];
  row: number | null;
}

/** A target of one object that renders as Salesforce does and answers a snapshot with `present`. */
function makeTarget(
  fields: Record<string, Field>,
  { present, presentAgain = present }: Pick<StageOptions, "presentAgain"> & { present: Present[] },
  path: string,
): Target {
  const schema: ObjectSchema = {
    object: "Thing",
    label: "",
    createable: true,
    updateable: true,
    deletable: true,
    fields: new Map(Object.entries(fields).map(([name, field]) => [name, makeField(name, field)])),
  };
  return {
    capabilities: {
      batchesInFlight: 1,
      clearCell: "#N/A",
      idColumn: "Id",
      versionColumn: "SystemModstamp",
      results: { id: "sf__Id", created: "sf__Created", error: "sf__Error" },
      modes: ["insert", "update", "upsert", "delete", "mirror"],
      namedKeysMax: 5000,
    },
    orgId: "00Dtest",
    apiCalls: 0,
    warnings: [],
    allowance: undefined,
    readAllowance: () => Promise.resolve(undefined),
    forecastCalls: () => 0,
    forecastReads: () => 0,
    waitedMs: 0,
    refuseDemands: async () => undefined,
    chooseWay: () => bulk,
    listObjects: () => Promise.resolve([]),
    describe: () => Promise.resolve(schema),
    resolveField: (object, name) => Promise.resolve(object.fields.get(name)),
    explainName: async () => undefined,
    render: renderField,
    clearedValue: ({ kind }) => (kind === "boolean" ? "'false'" : "CAST(NULL AS VARCHAR)"),
    snapshot: ({ fields: names, key, scope }) => {
      const isAgain = key[0] === "Id";
      const records = (isAgain ? presentAgain : present).flatMap((record, index) =>
        record === undefined || (scope !== undefined && record["Scope"] !== scope)
          ? []
          : [
              [
                record["Id"] ?? idOf(index),
                record["SystemModstamp"] ?? `v${index}`,
                ...names.map((name) => record[name] ?? ""),
              ],
            ],
      );
      const file = `${path}${isAgain ? ".again" : ""}${scope === undefined ? "" : ".scope"}`;
      writeFileSync(file, stringify([["Id", "SystemModstamp", ...names], ...records], { quoted: true }));
      return Promise.resolve({ files: [file], rows: records.length, how: "one scan" });
    },
    writes: {},
    readError: (message) => ({ code: "", message, fields: [] }),
    explain: (_doing, act) => act(),
    close: () => undefined,
  };
}

/** The id of the n-th present record. */
export function idOf(index: number): string {
  return `001${String(index).padStart(15, "0")}`;
}

function makeField(name: string, field: Field): FieldSchema {
  return {
    name,
    label: name,
    vendorType: field.kind,
    createable: true,
    updateable: true,
    nillable: true,
    defaultedOnCreate: false,
    externalId: name === "Key__c",
    unique: name === "Key__c",
    caseSensitive: false,
    referenceTo: [],
    ...field,
  };
}
