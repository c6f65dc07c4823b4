// Places of files in the ledger. In: a path of the machine. Out: what is written down. Must hold: a file below the state
// folder, and a job below the project's, is written down as seen from there, so that a ledger which is carried to another
// machine or folder still finds it; any other path stays as it is.

import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import type { BatchRecord, PartRecord, RunRecord, StreamRecord } from "./facts.ts";
import type { TableName } from "./ledger-schema.ts";

/** The columns that hold a place, and the folder that it is seen from. */
export const placeColumns: readonly { table: TableName; column: string; from: (stateFolder: string) => string }[] = [
  { table: "runs", column: "job_file", from: dirname },
  { table: "streams", column: "plan", from: (stateFolder) => stateFolder },
  { table: "parts", column: "path", from: (stateFolder) => stateFolder },
  { table: "batches", column: "path", from: (stateFolder) => stateFolder },
];

/** How such a place begins: what is written down of no other path does. */
const below = "./";

/** What is written down of a path. */
export function placeIn(folder: string, path: string): string {
  const inside = relative(resolve(folder), path);
  const isInside = isAbsolute(path) && inside !== "" && !isAbsolute(inside) && inside.split(sep)[0] !== "..";
  return isInside ? `${below}${inside.replaceAll("\\", "/")}` : path;
}

function pathFrom(folder: string, place: string): string {
  return place.startsWith(below) ? join(resolve(folder), place.slice(below.length)) : place;
}

/** Records with the paths of their files as places, and back. */
export class Places {
  readonly #state: string;
  readonly #project: string;

  constructor(stateFolder: string) {
    this.#state = stateFolder;
    this.#project = dirname(resolve(stateFolder));
  }

  toRun = (run: RunRecord): RunRecord => ({ ...run, jobFile: placeIn(this.#project, run.jobFile) });
  fromRun = (run: RunRecord): RunRecord => ({ ...run, jobFile: pathFrom(this.#project, run.jobFile) });

  toStream = (stream: StreamRecord): StreamRecord => ({
    ...stream,
    plan: stream.plan === null ? null : placeIn(this.#state, stream.plan),
  });
  fromStream = (stream: StreamRecord): StreamRecord => ({
    ...stream,
    plan: stream.plan === null ? null : pathFrom(this.#state, stream.plan),
  });

  to = <Record extends PartRecord | BatchRecord>(record: Record): Record => ({
    ...record,
    path: placeIn(this.#state, record.path),
  });
  from = <Record extends PartRecord | BatchRecord>(record: Record): Record => ({
    ...record,
    path: pathFrom(this.#state, record.path),
  });
}
