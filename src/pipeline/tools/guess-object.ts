// A first job between systems: from a table, or an object, of a connection, or into one. In: `crm:public.orders`, a file, what it
// is to go into. Out: the job, and what a person should look at. Must hold: every column of the source is in the map, or it is
// said why it is not.

import { existsSync, globSync } from "node:fs";
import { basename } from "node:path";
import { openConnection } from "../../connectors/registry.ts";
import { usageFailure } from "../../core/errors.ts";
import { escapeGlob } from "../../core/glob.ts";
import type { FieldSchema, ObjectSchema } from "../../core/model.ts";
import { quoteForShell } from "../../core/next-command.ts";
import { copiedCsv, plainCsv } from "../../formats/format.ts";
import type { Connection, Environment, ObjectSource } from "../../job/job.ts";
import { nameInSql } from "../../transform/quoted-names.ts";
import { describeSystem } from "./describe.ts";
import { describeFormat, type GuessedJob, placeOf, readSample, streamNameOf } from "./guess-job.ts";
import { type ColumnMap, columnsOfFile, mapColumns } from "./map-file.ts";
import type { KnownColumns } from "./match-columns.ts";

/** An object of a connection: crm:public.orders. */
export interface NamedObject {
  connection: Connection;
  object: string;
}

export interface ObjectGuess {
  /** A file's path, or an object. */
  from: string | NamedObject;
  into?: NamedObject;
  connections: ReadonlyMap<string, Connection>;
  environment: Environment;
  signal: AbortSignal;
}

/** Undefined where the text is none: the path of a file, say. Throws a Failure (2) for a connection to files. */
export function readNamedObject(text: string, connections: ReadonlyMap<string, Connection>): NamedObject | undefined {
  const [, name = "", object = ""] = /^([^:/\\]+):(.+)$/s.exec(text) ?? [];
  const connection = connections.get(name);
  if (connection === undefined) return undefined;
  if (connection.holds !== "files") return { connection, object };
  throw usageFailure(`connection ${name} has files, and no objects`, {
    where: connection.place,
    next: "loadline guess <path of the file>",
  });
}

/** What is known of where the rows come from. */
interface KnownSource {
  columns: KnownColumns;
  /** As a job has it. */
  written: object;
  stream: string;
  doubts: string[];
  /** Columns that can't be mapped, with why. */
  refused: string[];
}

export async function guessObjectJob(guess: ObjectGuess): Promise<GuessedJob> {
  const { from, into } = guess;
  const source = typeof from === "string" ? await readFileSource(from, guess) : await readObjectSource(from, guess);
  const { stream, doubts, refused } = source;
  const notMapped = refused.map((why) => `not mapped: ${why}`);
  if (into === undefined) {
    const drop = [...guess.connections.values()].find(({ holds }) => holds === "files")?.name ?? "drop";
    const map = new Map([...source.columns.samples.keys()].map((column) => [column, nameInSql(column)]));
    const target = { connection: drop, files: `${stream}.csv`, mode: "replace" };
    return { job: jobOf(stream, source.written, target, map), doubts: [...doubts, ...notMapped] };
  }
  const schema = await describeObject(into, guess);
  const mapped = mapColumns(source.columns, schema);
  const { key, mode } = mapped;
  const named = into.connection.holds === "tables" ? { table: schema.object } : { object: schema.object };
  const target = { connection: into.connection.name, ...named, key: key.length === 1 ? key[0] : key, mode };
  const map = new Map(mapped.map.map(({ target: field, sql }) => [field, sql]));
  return {
    job: jobOf(stream, source.written, target, map),
    doubts: [...doubts, ...doubtsOf(mapped), ...notMapped, ...unwritable(mapped, schema)],
  };
}

function doubtsOf({ keyDoubts, map, unmatched }: ColumnMap): string[] {
  return [
    ...keyDoubts,
    ...map.flatMap(({ target, doubts }) => doubts.map((doubt) => `${target}: ${doubt}`)),
    ...unmatched.map(({ column, why }) => `not mapped: ${column}${why === undefined ? "" : `; ${why}`}`),
  ];
}

/** A table, or an object, with nothing that this user may write gets no map by itself. */
function unwritable({ map }: ColumnMap, { object, unable, createable }: ObjectSchema): string[] {
  if (unable !== undefined) return [`${object} can't be loaded: ${unable}`];
  return map.length > 0 || createable ? [] : [`this user may make no records of ${object}`];
}

function jobOf(stream: string, source: object, target: object, map: ReadonlyMap<string, string>): object {
  return { version: 1, name: stream, streams: { [stream]: { source, target, map } } };
}

async function readFileSource(path: string, { connections }: ObjectGuess): Promise<KnownSource> {
  const first = existsSync(path) ? path : globSync(path).sort()[0];
  const sample = await readSample(first ?? path);
  const stream = streamNameOf(path);
  const place = placeOf(path, connections) ?? { connection: "drop", files: basename(path) };
  const files = path === first ? escapeGlob(place.files) : place.files;
  return {
    columns: columnsOfFile(sample),
    written: { connection: place.connection, files, format: describeFormat(sample.format) },
    stream,
    doubts: [...sample.doubts],
    refused: [],
  };
}

async function readObjectSource(named: NamedObject, guess: ObjectGuess): Promise<KnownSource> {
  const { connection, object } = named;
  const isTable = connection.holds === "tables";
  const { environment, signal } = guess;
  const { source, target } = await openConnection(connection, { environment, onRetry: () => undefined, signal });
  try {
    const { fields, object: canonical } = await target.describe(object);
    const asked: ObjectSource = {
      kind: "object",
      connection: connection.name,
      object: canonical,
      ...(isTable ? { sql: { key: [] } } : {}),
      ...{ fields: [], deletes: "ignore", optional: [], place: connection.place },
      format: isTable ? copiedCsv : plainCsv,
    };
    const schema = await source.records?.describe(asked);
    if (schema === undefined) throw usageFailure(`${connection.name} gives no records`, { where: connection.place });
    const own = [...schema.columns].filter(([name]) => !name.startsWith("loadline_"));
    return {
      columns: {
        samples: new Map(own.map(([name]) => [name, []])),
        types: new Map(own),
        isUnique: (column) => fields.get(column)?.unique === true || column === schema.idColumn,
      },
      written: { connection: connection.name, [isTable ? "table" : "object"]: canonical },
      stream: streamNameOf(canonical.split(".").at(-1)?.replaceAll('"', "") ?? canonical),
      doubts: isTable ? [...cursorDoubts(schema.columns, fields)] : [],
      refused: [...schema.refused.values()].map(({ message, next }) => `${message}; ${next}`),
    };
  } finally {
    target.close();
  }
}

/** A column may tell when its row changed: nobody but a person knows whether it does so for every change. */
function cursorDoubts(columns: ReadonlyMap<string, string>, fields: ReadonlyMap<string, FieldSchema>): string[] {
  const cursor = [...columns].find(
    ([name, type]) =>
      type === "TIMESTAMP WITH TIME ZONE" && fields.has(name) && /updat|modif|chang|geaendert|geändert/i.test(name),
  )?.[0];
  if (cursor === undefined) return [];
  return [
    `each run takes the whole table: with incremental: { cursor: ${cursor} } in the source only what changed, if ${cursor} tells every change`,
  ];
}

async function describeObject({ connection, object }: NamedObject, guess: ObjectGuess): Promise<ObjectSchema> {
  const { environment, signal } = guess;
  const nextFor = (meant: string) => `--into ${connection.name}:${meant}`;
  const { found } = await describeSystem({ connection, object, environment, signal, nextFor });
  if ("object" in found) return found.object;
  throw usageFailure(`${object} names several objects`, {
    next: `loadline describe ${connection.name} ${quoteForShell(object)}`,
  });
}
