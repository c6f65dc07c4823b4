// A file that another delimiter separates shows as one column: that is one mistake, and not one of each name of the map.

import { diagnosticsFailure } from "../../job/diagnostics.ts";
import type { Stream } from "../../job/job.ts";
import { onOneLine } from "../../job/write-job.ts";
import type { SourceColumns } from "./bind-expression.ts";

const others = [";", ",", "\t", "|", "^", "~"];

/** Throws a Failure (2) where the one column that there is holds the names of several. */
export function refuseOtherDelimiter({ name, source, fields }: Stream, columns: SourceColumns | undefined): void {
  if (source.kind !== "files" || source.format.type !== "csv" || columns?.columns.size !== 1) return;
  const [header = ""] = columns.columns.keys();
  const { delimiter } = source.format;
  const meant = others
    .filter((other) => other !== delimiter && header.includes(other))
    .sort((left, right) => header.split(right).length - header.split(left).length)[0];
  // Some columns are called so.
  if (meant === undefined || fields.some(({ expression }) => expression.sql.includes(header))) return;
  const shown = onOneLine(meant);
  const message = `the files of stream ${name} have one column, "${header}": they are separated by ${shown}, the job reads ${onOneLine(delimiter)}`;
  throw diagnosticsFailure([
    { place: source.place, message, next: `write it in the source: format: { delimiter: ${JSON.stringify(meant)} }` },
  ]);
}
