// What two jobs that are twins last agreed on, of each pair of records: the base. In: a stream and its twin's. Out: whose
// base it is, and a scan of it as the stream sees it. What must hold: both jobs read and write one file, by one name; one
// that is not what was written is never taken for none, for then nothing would be agreed on.

import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { TwinKey, TwinRecord } from "../../checkpoint/twin-record.ts";
import { Failure, pathInCommand } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { hashFile } from "../../core/files.ts";
import { identifier, literal } from "../../core/sql.ts";
import type { Stream } from "../../job/job.ts";
import type { Engine } from "../../stage/engine.ts";
import { type RunContext, sourceOf, subfolder, targetOf } from "./context.ts";
import { fetchKept, keptFolder } from "./kept-file.ts";
import { placeOfJob } from "./memory-owner.ts";

/** The base of a stream, and on which side of it the stream's source is. */
export interface TwinBase {
  key: TwinKey;
  sourceSide: Side;
  targetSide: Side;
}

export type Side = "1" | "2";

/** In the base: what one side holds in a field, '' for no value and NULL for what is not known; its id by the name of none. */
export function baseColumn(side: Side, name: string): string {
  return `${side}:${name.toLowerCase()}`;
}

/** In the base: '1' where a person has decided that the record goes as its other one did. */
export const goesColumn = "goes";

/** Undefined for a stream that goes one way. */
export function findBase(context: RunContext, stream: Stream): TwinBase | undefined {
  const { job, run, twin } = context;
  const pair = twin?.streams.get(stream.name);
  if (twin === undefined || pair === undefined || stream.source.kind !== "object") return undefined;
  const own = {
    job: job.name,
    file: placeOfJob(context, run.jobFile),
    org: sourceOf(context, stream.source.connection).orgId,
    object: stream.source.object.toLowerCase(),
  };
  const other = {
    job: twin.job.name,
    file: placeOfJob(context, join(dirname(resolve(run.jobFile)), twin.job.file.split("/").at(-1) ?? "")),
    org: targetOf(context, stream.target.connection).orgId,
    object: stream.target.object.toLowerCase(),
  };
  const [first, second] = own.job < other.job ? [own, other] : [other, own];
  return {
    key: {
      first: first.job,
      second: second.job,
      firstFile: first.file,
      secondFile: second.file,
      firstOrg: first.org,
      firstObject: first.object,
      secondOrg: second.org,
      secondObject: second.object,
    },
    sourceSide: first === own ? "1" : "2",
    targetSide: first === own ? "2" : "1",
  };
}

/** Where the files of a base lie; what it holds is named by the ledger. */
export function baseFolder(context: Pick<RunContext, "folder">): string {
  return keptFolder(context, "twins");
}

export interface FetchedBase {
  record: TwinRecord;
  /** A table function. */
  scan: string;
  columns: ReadonlySet<string>;
}

/** The base as it was settled last; undefined before the first time. Throws a Failure where it is not what was written. */
export async function fetchBase(
  context: RunContext,
  { key }: TwinBase,
  name: string,
): Promise<FetchedBase | undefined> {
  const record = context.ledger.twins.get(key);
  if (record === undefined || record.file === "") return undefined;
  const path = join(subfolder(context, "twin"), `base-${name}.parquet`);
  const kept = join(baseFolder(context), record.file);
  const isHere = existsSync(path) && (await hashFile(path)) === record.sha256;
  const lost = isHere ? undefined : await fetchKept(context.engine, { path: kept, sha256: record.sha256 }, path);
  if (lost !== undefined && context.run.options.adopt === true) {
    context.emit({ type: "warning", message: `${kept} is ${lost}: what agrees is taken as agreed on` });
    return undefined;
  }
  if (lost !== undefined) {
    throw new Failure(
      exitCode.failed,
      `${kept} is ${lost}: what ${key.first} and ${key.second} last agreed on is not known`,
      {
        why: "without it any difference could be either side's change",
        next: `put the file back; or loadline run ${pathInCommand(context.run.jobFile)} --adopt takes what agrees now as agreed on, and lists what does not`,
      },
    );
  }
  return { record, scan: `read_parquet(${literal(path)})`, columns: await columnsOf(context.engine, path) };
}

async function columnsOf(engine: Engine, path: string): Promise<Set<string>> {
  const found = await engine.all(
    `SELECT column_name AS name FROM (DESCRIBE SELECT * FROM read_parquet(${literal(path)}))`,
  );
  return new Set(found.map(({ name }) => String(name)));
}

/** SQL of a column of a base; NULL where nothing of it is known. */
export function cellOfBase({ columns }: Pick<FetchedBase, "columns">, column: string): string {
  return columns.has(column) ? identifier(column) : "CAST(NULL AS VARCHAR)";
}
