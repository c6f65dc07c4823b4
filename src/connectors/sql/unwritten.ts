// Tables and columns that nobody writes. Out: why, and what to do in place of that.

import { Failure, usageFailure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import type { FieldSchema } from "../../core/model.ts";
import type { CallFault } from "../../http/outcome.ts";
import type { TableRow } from "./dialect.ts";

/** Of a table without a key, whose rows can't be changed. */
export const unnamed = "it has no primary key, and no unique columns that are NOT NULL: nothing names its rows";

export function unnamedRows({ name }: Pick<TableRow, "name">): Error {
  return usageFailure(`${name} has no primary key: nothing names its rows`);
}

/** To follow a column's name. */
type ReadOnly = NonNullable<FieldSchema["readOnly"]>;

export const isMade: ReadOnly = { why: "is made of other columns", next: "leave it out of the map" };

/** `what`: "of type money". */
export function isUnsure(what: string): ReadOnly {
  return {
    why: `is ${what}, which has no text that is sure`,
    next: "map a column of text, from which a trigger or a generated column makes this one",
  };
}

/** The server undid what it could not keep. */
export function diskIsFull(fault: CallFault, connection: string): Failure {
  return new Failure(exitCode.tryLater, `the disk of ${connection} is full`, {
    why: fault.message,
    next: "make room there, then loadline resume",
    cause: fault,
  });
}
