// A target that holds what test cases say, and nothing else. In: the system as it is described, records of cases. Out: the
// same target, whose present values are those records. Must hold: the very values, names and rules of the system; what
// a case names that its object does not have is told at its place.

import { join } from "node:path";
import type { SnapshotRequest } from "../../../contract/present.ts";
import type { Target } from "../../../contract/target.ts";
import { Failure } from "../../../core/errors.ts";
import { exitCode } from "../../../core/exit-code.ts";
import type { ObjectSchema } from "../../../core/model.ts";
import { writeRecordFile } from "../../../core/record-file.ts";
import { suggest } from "../../../core/suggest.ts";
import { type Diagnostic, diagnosticsFailure } from "../../../job/diagnostics.ts";
import type { Stream } from "../../../job/job.ts";
import { lookupsOf } from "../../../job/lookup.ts";
import type { GivenRow, TestCase } from "../../../job/test-case.ts";
import { isOfStream } from "./given-streams.ts";

/** A record of a case, by its object as the system calls it. */
export interface PlacedRecord {
  connection: string;
  object: string;
  id: string;
  given: GivenRow;
  of: TestCase;
}

/** Holds these records and no other. */
export function openGivenTarget(target: Target, records: readonly PlacedRecord[]): Target {
  // Its getters stay those of the system.
  return Object.assign(Object.create(target) as Target, {
    snapshot: async (request: SnapshotRequest) => {
      const rows = await selectRecords(target, records, request);
      const path = join(request.folder, `${request.name}-given.csv`);
      const { idColumn, versionColumn } = target.capabilities;
      const header = [idColumn, versionColumn, ...request.fields];
      await writeRecordFile(
        path,
        header,
        rows.map((record) => header.map((name) => cellOf(target, record, name))),
      );
      return { files: [path], rows: rows.length, how: "the records that the test gives" };
    },
  });
}

/** As a system answers: the records of an object that have one of the keys, or any where none is named. */
async function selectRecords(
  target: Target,
  records: readonly PlacedRecord[],
  { object, key: [key = target.capabilities.idColumn], keys }: SnapshotRequest,
): Promise<PlacedRecord[]> {
  const wanted = keys === undefined ? undefined : new Set<string>();
  for await (const value of keys?.read() ?? []) wanted?.add(value.toLowerCase());
  return records.filter((record) => {
    if (record.object.toLowerCase() !== object.toLowerCase()) return false;
    const value = cellOf(target, record, key);
    return value !== "" && (wanted === undefined || wanted.has(value.toLowerCase()));
  });
}

function cellOf({ capabilities }: Target, { given, id }: PlacedRecord, name: string): string {
  const found = [...given.cells].find(([column]) => column.toLowerCase() === name.toLowerCase());
  if (found !== undefined) return found[1] ?? "";
  return name === capabilities.idColumn ? id : "";
}

/** Throws one Failure (2) with every object and field that a case names and the system does not have. */
export async function placeRecords(
  targets: ReadonlyMap<string, Target>,
  stream: Stream,
  cases: readonly TestCase[],
): Promise<PlacedRecord[]> {
  const problems: Diagnostic[] = [];
  const placed: PlacedRecord[] = [];
  for (const of of cases) {
    for (const { object = stream.target.object, records, place } of of.givenTarget.filter(
      (given) => !isOfStream(stream, given),
    )) {
      const connection = holderOf(stream, object);
      const target = targets.get(connection);
      if (target === undefined) throw new Error(`${connection} is not open`);
      const schema = await describeOrTell(target, object, (message, meant) => {
        problems.push({ place, length: object.length, message, ...(meant === undefined ? {} : { suggestion: meant }) });
      });
      if (schema === undefined) continue;
      for (const given of records) {
        for (const [name, place] of given.places) {
          if (name.toLowerCase() === target.capabilities.idColumn.toLowerCase()) continue;
          if ((await target.resolveField(schema, name)) !== undefined) continue;
          const meant = suggest(name, schema.fields.keys());
          const message = `${schema.object} has no field "${name}"`;
          problems.push({ place, length: name.length, message, ...(meant === undefined ? {} : { suggestion: meant }) });
        }
        placed.push({ connection, object: schema.object, id: madeId(target, schema, placed.length + 1), given, of });
      }
    }
  }
  if (problems.length > 0) throw diagnosticsFailure(problems);
  return placed;
}

/** One that any system takes for an id of the object: fifteen characters, and a number where its ids begin with none. */
function madeId({ capabilities }: Target, { fields }: ObjectSchema, number: number): string {
  const [prefix = "900"] = fields.get(capabilities.idColumn)?.idPrefixes ?? [];
  return `${prefix}${String(number).padStart(12, "0")}`;
}

/** Records of an object that a lookup names are of its system, all others of the one that is loaded. */
function holderOf(stream: Stream, object: string): string {
  const lookup = lookupsOf(stream).find(
    (one) => one.in.kind === "object" && one.in.object.toLowerCase() === object.toLowerCase(),
  );
  return lookup?.in.kind === "object" ? lookup.in.connection : stream.target.connection;
}

async function describeOrTell(
  target: Target,
  object: string,
  tell: (message: string, meant: string | undefined) => void,
) {
  try {
    return await target.describe(object);
  } catch (error) {
    if (!(error instanceof Failure) || error.exitCode !== exitCode.usage) throw error;
    const names = (await target.listObjects()).map(({ name }) => name);
    tell(error.message, suggest(object, names));
    return undefined;
  }
}
