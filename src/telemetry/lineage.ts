// A run as events of OpenLineage (https://openlineage.io/docs/spec/object-model): where records came from, where they
// went, which columns each field is made of. In: the run's events, its summary. Out: START, and COMPLETE, ABORT or FAIL.
// Must hold: events are of the published schemas (test/telemetry/openlineage/); no value of a record is in them.

import { createHash } from "node:crypto";
import { isAbsolute, join, posix } from "node:path";
import { now } from "../core/clock.ts";
import type { StreamCounts } from "../core/model.ts";
import { redactSecrets } from "../core/secret.ts";
import type { DatasetName, RunEvent } from "../report/events.ts";
import type { RunSummary } from "../report/summary.ts";
import { version } from "../version.ts";

const producer = `https://www.npmjs.com/package/loadline/v/${version}`;
const spec = "https://openlineage.io/spec";
const eventSchema = `${spec}/2-0-2/OpenLineage.json#/$defs/RunEvent`;

type Mapped = Extract<RunEvent, { type: "mapped" }>;

export interface LineageOf {
  /** `OPENLINEAGE_NAMESPACE`, as its clients read it. */
  namespace: string;
  job: string;
  /** By connection: what kind of system it is. */
  types: ReadonlyMap<string, string>;
}

export class Lineage {
  readonly #of: LineageOf;
  #runId = "";
  #run = "";
  readonly #mapped = new Map<string, Mapped>();
  readonly #read = new Map<string, { size: number; fileCount: number }>();
  readonly #planned = new Map<string, StreamCounts>();

  constructor(of: LineageOf) {
    this.#of = of;
  }

  /** The START event, once the run has begun. */
  consume(event: RunEvent): object | undefined {
    switch (event.type) {
      case "run-started":
        this.#run = event.run;
        this.#runId = uuidOf(event.run);
        return this.#event("START", {}, [], []);
      case "mapped":
        this.#mapped.set(event.stream, event);
        return undefined;
      case "part-extracted": {
        const { size, fileCount } = this.#read.get(event.stream) ?? { size: 0, fileCount: 0 };
        this.#read.set(event.stream, { size: size + event.bytes, fileCount: fileCount + 1 });
        return undefined;
      }
      case "planned":
        this.#planned.set(event.stream, event.counts);
        return undefined;
      default:
        return undefined;
    }
  }

  end(summary: RunSummary): object {
    const failed = summary.error === undefined ? {} : { errorMessage: errorMessageOf(summary.error) };
    const streams = [...this.#mapped.values()];
    const inputs = groupBy(streams, ({ source }) => this.#nameOf(source)).map(([name, group]) =>
      this.#inputOf(name, group),
    );
    const outputs = groupBy(streams, ({ target }) => this.#nameOf(target)).map(([name, group]) =>
      this.#outputOf(name, group, summary),
    );
    return this.#event(eventTypeOf(summary.status), failed, inputs, outputs);
  }

  #event(eventType: string, runFacets: object, inputs: readonly object[], outputs: readonly object[]): object {
    const { namespace, job } = this.#of;
    const facets = {
      processing_engine: { ...facet("1-1-1/ProcessingEngineRunFacet"), name: "loadline", version },
      tags: {
        ...facet("1-0-0/TagsRunFacet"),
        tags: [{ key: "loadline_run", value: this.#run, source: "LOADLINE" }],
      },
      ...runFacets,
    };
    const jobType = { processingType: "BATCH", integration: "LOADLINE", jobType: "JOB" };
    return {
      eventTime: now().toISOString(),
      eventType,
      run: { runId: this.#runId, facets },
      job: { namespace, name: job, facets: { jobType: { ...facet("2-0-4/JobTypeJobFacet"), ...jobType } } },
      inputs,
      outputs,
      producer,
      schemaURL: eventSchema,
    };
  }

  #inputOf(name: Named, streams: readonly Mapped[]): object {
    const read = streams.flatMap(({ stream }) => this.#read.get(stream) ?? []);
    const rows = streams.flatMap(({ stream }) => this.#planned.get(stream)?.extracted ?? []);
    const statistics = {
      ...(rows.length === 0 ? {} : { rowCount: sum(rows) }),
      ...(read.length === 0
        ? {}
        : { size: sum(read.map(({ size }) => size)), fileCount: sum(read.map(({ fileCount }) => fileCount)) }),
    };
    return {
      ...name,
      facets: { schema: schemaOf(streams.flatMap(({ columns }) => columns)) },
      inputFacets: { inputStatistics: { ...facet("1-0-0/InputStatisticsInputDatasetFacet"), ...statistics } },
    };
  }

  #outputOf(name: Named, streams: readonly Mapped[], summary: RunSummary): object {
    const fields = new Map<string, object[]>();
    const dataset: object[] = [];
    for (const mapped of streams) {
      const input = this.#nameOf(mapped.source);
      const from = (field: string, transformation: object) => ({ ...input, field, transformations: [transformation] });
      for (const { name: field, from: used, isPlain } of mapped.fields) {
        const direct = { type: "DIRECT", subtype: isPlain ? "IDENTITY" : "TRANSFORMATION" };
        fields.set(field, [...(fields.get(field) ?? []), ...used.map((column) => from(column, direct))]);
      }
      dataset.push(...mapped.filteredBy.map((column) => from(column, { type: "INDIRECT", subtype: "FILTER" })));
    }
    const lineage = [...fields].map(([field, inputFields]) => [field, { inputFields }] as const);
    const rowCount = sum(streams.map(({ stream }) => summary.streams[stream]?.loaded ?? 0));
    return {
      ...name,
      facets: {
        schema: schemaOf(streams.flatMap((mapped) => mapped.fields)),
        columnLineage: {
          ...facet("1-2-0/ColumnLineageDatasetFacet"),
          fields: Object.fromEntries(lineage),
          ...(dataset.length === 0 ? {} : { dataset }),
        },
      },
      outputFacets: { outputStatistics: { ...facet("1-0-2/OutputStatisticsOutputDatasetFacet"), rowCount } },
    };
  }

  /** https://openlineage.io/docs/spec/naming: a file by its path, what has a URL by its host, others by kind and org. */
  #nameOf({ connection, org, name }: DatasetName): Named {
    if (isAbsolute(org)) return { namespace: "file", name: join(org, name) };
    if (!URL.canParse(org)) return { namespace: `${this.#of.types.get(connection) ?? connection}://${org}`, name };
    const { protocol, host, pathname } = new URL(org);
    return { namespace: `${protocol}//${host}`, name: posix.join(pathname, name) };
  }
}

/** A dataset. */
interface Named {
  namespace: string;
  name: string;
}

function groupBy<T>(items: readonly T[], nameOf: (item: T) => Named): [Named, T[]][] {
  const groups = new Map<string, [Named, T[]]>();
  for (const item of items) {
    const name = nameOf(item);
    const key = JSON.stringify(name);
    const group = groups.get(key) ?? [name, []];
    groups.set(key, group);
    group[1].push(item);
  }
  return [...groups.values()];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

/** What the job reads or writes, each once: there may be more in the dataset. */
function schemaOf(columns: readonly { name: string; type: string }[]): object {
  const fields = new Map(columns.map(({ name, type }) => [name, { name, type }]));
  return { ...facet("1-2-0/SchemaDatasetFacet"), fields: [...fields.values()] };
}

/** Without its cause, which may be in a system's own words and repeat a record. */
function errorMessageOf(error: string): object {
  const [message = ""] = error.split("\n");
  return { ...facet("1-0-1/ErrorMessageRunFacet"), message: redactSecrets(message), programmingLanguage: "TypeScript" };
}

function facet(path: string): { _producer: string; _schemaURL: string } {
  const name = path.slice(path.indexOf("/") + 1);
  return { _producer: producer, _schemaURL: `${spec}/facets/${path}.json#/$defs/${name}` };
}

function eventTypeOf(status: RunSummary["status"]): "COMPLETE" | "ABORT" | "FAIL" {
  if (status === "loaded" || status === "partial") return "COMPLETE";
  return status === "stopped" ? "ABORT" : "FAIL";
}

/** The same for a run that goes on: a UUID of version 8 (RFC 9562) made of the run's id. */
function uuidOf(run: string): string {
  const hash = createHash("sha256").update(`loadline ${run}`).digest("hex");
  const variant = "89ab"[Number.parseInt(hash[16] ?? "0", 16) & 3];
  return [
    hash.slice(0, 8),
    hash.slice(8, 12),
    `8${hash.slice(13, 16)}`,
    `${variant}${hash.slice(17, 20)}`,
    hash.slice(20, 32),
  ].join("-");
}
