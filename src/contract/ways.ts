// Which kind of write an operation goes by, for so many rows. What must hold: of the ways that are safe, the one of fewest
// calls.

import type { FieldSchema, ObjectSchema, Operation, Way } from "../core/model.ts";

/** Rows of one operation that are to be written. */
export interface WayRequest {
  schema: ObjectSchema;
  operation: Operation;
  externalId?: string;
  assignmentRule?: string;
  rows: number;
  /** Of all operations of the stream. */
  streamRows: number;
  /** What is mapped. */
  fields: readonly FieldSchema[];
  /** Calls that the job's limits and the day leave. */
  callsLeft: number;
  /** The job wants the bulk endpoint. */
  via?: "bulk";
  /** Rows of one batch at most, where the job says so. */
  batchRows?: number;
}

export interface BatchSize {
  via: Way;
  rows: number;
  operation: Operation;
  /** Mapped fields that name another record. */
  parents: number;
  /** Of these: those that take the place of others. */
  replaced: number;
}

export interface WayChoice {
  via: Way;
  /** For people: "in bulk", "by collections". */
  how: string;
  /** Rows and bytes of one batch at most. */
  batchRowsMax: number;
  batchBytesMax: number;
}

export interface Ways {
  /** The way of fewest calls that is safe for an operation. */
  chooseWay(request: WayRequest): WayChoice;
  /** API calls that a batch takes, waiting included, by estimate. */
  forecastCalls(batch: BatchSize): number;
}
