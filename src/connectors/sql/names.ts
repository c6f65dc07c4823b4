// Names of what a database has. In: a name as a job has it. Out: what has that name. Must hold: a name that is wrong is told
// with what was meant.

import { type Place, usageFailure } from "../../core/errors.ts";
import { suggest } from "../../core/suggest.ts";

/** Names of a record and of its version, in every part and every batch. */
export const idColumn = "loadline_id";
export const versionColumn = "loadline_version";
/** What a record holds by a foreign key: the name of that record. */
export const parentColumn = "loadline_parent";
/** Whether a record is there no more; where deletions are told by comparison. */
export const deletedColumn = "loadline_deleted";

/** Less the semicolon that may end it. */
export function bareQuery(query: string): string {
  return query.trim().replace(/;\s*$/, "");
}

/** A query as a table. The line break ends a comment that ends the query. */
export function asTable(query: string): string {
  return `(${bareQuery(query)}\n)`;
}

/** `full`: the written name with the schema that counts where it says none. */
export function tableUnknown(written: string, full: string, names: Iterable<string>, where?: Place): Error {
  const meant = suggest(full, names);
  return usageFailure(`there is no table ${written}, or this user can't see it`, {
    ...(where === undefined ? {} : { where }),
    next: meant === undefined ? "loadline describe lists the tables" : `did you mean ${meant}?`,
  });
}

/** `key`: the job's key that names the column. */
export function columnUnknown(key: string, name: string, names: readonly string[], where: Place): Error {
  const meant = suggest(name, names);
  return usageFailure(`${key}: there is no column ${name}`, {
    where,
    next: meant === undefined ? `columns there: ${names.join(", ")}` : `did you mean ${meant}?`,
  });
}
