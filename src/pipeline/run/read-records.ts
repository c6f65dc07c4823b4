// Records of a target that a query names, as a table function: asked for by name where they are few enough, else all of
// them. In: what to read, and a SELECT of the names. Out: id, version and the fields. Must hold: a record that is found
// under another of its names is in it too; where nothing is named, nothing is asked.

import type { SnapshotRequest } from "../../contract/present.ts";
import type { Target } from "../../contract/target.ts";
import { scanCsvFiles } from "../../stage/csv-scan.ts";
import type { Engine } from "../../stage/engine.ts";

type Read = "object" | "versions" | "fields" | "whole" | "scope" | "deleted" | "folder" | "name" | "signal";

export interface NamedRecords extends Pick<SnapshotRequest, Read> {
  /** The field whose values name them. */
  by: string;
  /** SELECT of these values as `name`, each once; all records where it is not given. */
  names: string | undefined;
  /** The key fields, where they are others than `by`. */
  key?: string[];
}

export async function readRecords(
  { engine, target }: { engine: Engine; target: Target },
  { by, names, key = [by], ...request }: NamedRecords,
): Promise<string> {
  const { idColumn, versionColumn, namedKeysMax } = target.capabilities;
  const columns = [idColumn, versionColumn, ...request.fields];
  const counted = names === undefined ? undefined : await engine.one(`SELECT count(*) AS count FROM (${names})`);
  const count = counted === undefined ? undefined : Number(counted["count"]);
  if (count === 0) return scanCsvFiles([], columns);
  const read = () => engine.texts(`${names} ORDER BY 1`, "name");
  const { files, aliases = [] } = await target.snapshot({
    ...request,
    key,
    ...(count !== undefined && count <= namedKeysMax ? { keys: { count, read } } : {}),
    onProgress: () => undefined,
  });
  return scanCsvFiles([...files, ...aliases], columns);
}
