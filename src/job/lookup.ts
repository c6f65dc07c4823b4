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
  miss: "reject" | "skip" | "default";
  /** As it is written. */
  default?: { text: string; place: Place };
  place: Place;
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

/** Streams whose rows a stream looks into. */
export function streamsLookedUp(stream: LookingUp): string[] {
  return lookupsOf(stream).flatMap((lookup) => (lookup.in.kind === "stream" ? lookup.in.stream : []));
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
