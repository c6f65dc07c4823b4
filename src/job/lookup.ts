// What a job says of a lookup: where a value is found by keys that a row has.

import type { Place } from "../core/errors.ts";
import type { Expression } from "./expression.ts";

export interface Lookup {
  in: LookupTable;
  key: LookupName[];
  /** Undefined of an object's: the id. */
  value?: LookupName;
  /** One for each of `key`. Of a mapped field over the source's columns, of a rule over mapped fields. */
  from: Expression[];
  /** Of an object in the vendor's language, else SQL. */
  where?: Expression;
  /** `parent`: of a parent by several key fields, which the stream `maker` may make. */
  miss: "reject" | "skip" | "default" | "create" | "parent";
  /** As it is written. */
  default?: { text: string; place: Place };
  /** The stream of this job that makes the records which are not found: rows name them, and get their ids once they are there. */
  maker?: string;
  place: Place;
}

/** What stands for the id of a record that this run makes, before the key that it is named by: no id begins so. */
export function newRecordMark({ in: table }: Lookup): string {
  return `new ${table.kind === "object" ? table.object : "record"}: `;
}

export type LookupTable =
  | { kind: "file"; name: string; sha256: string; filePath: string }
  | { kind: "object"; connection: string; object: string; place: Place }
  | { kind: "stream"; stream: string };

export interface LookupName {
  name: string;
  place: Place;
}

interface LookingUp {
  fields: readonly { lookup?: Lookup }[];
  rules: readonly { exists?: Lookup }[];
}

export function lookupsOf({ fields, rules }: LookingUp): Lookup[] {
  return [...fields.flatMap(({ lookup }) => lookup ?? []), ...rules.flatMap(({ exists }) => exists ?? [])];
}

/** Streams that come before, for a stream looks into their rows, or names records that they make. */
export function streamsLookedUp(stream: LookingUp): string[] {
  return lookupsOf(stream).flatMap((lookup) => [
    ...(lookup.in.kind === "stream" ? [lookup.in.stream] : []),
    ...(lookup.maker === undefined ? [] : [lookup.maker]),
  ]);
}

interface Connected extends LookingUp {
  source: { connection: string };
  target: { connection: string };
}

/** All connections that the streams of a job need, each once. */
export function connectionsOf(streams: readonly Connected[]): Set<string> {
  return new Set(
    streams.flatMap((stream) => [
      stream.source.connection,
      stream.target.connection,
      ...lookupsOf(stream).flatMap((lookup) => (lookup.in.kind === "object" ? lookup.in.connection : [])),
    ]),
  );
}
