// What SQLite says, as a fault. In: what it throws. Out: a CallFault, or a Failure that says what to do. Must hold: what failed
// at the disk may have come to its end; all else is undone.

import { Failure } from "../../core/errors.ts";
import { type ExitCode, exitCode } from "../../core/exit-code.ts";
import { CallFault } from "../../http/outcome.ts";
import { unavailable } from "../../http/retry.ts";
import type { RowRefusal } from "../sql/dialect.ts";
import type { SqliteConnection } from "./connection.ts";

/** Primary result codes (https://www.sqlite.org/rescode.html). */
const codes = {
  ...{ busy: 5, locked: 6, readOnly: 8, io: 10, corrupt: 11, full: 13, cantOpen: 14, tooBig: 18 },
  ...{ constraint: 19, mismatch: 20, noDatabase: 26 },
} as const;

const passing: readonly number[] = [codes.busy, codes.locked, codes.io, codes.full];

export class SqliteFault extends CallFault {
  readonly code: number;

  constructor(error: Error, code: number) {
    super(error.message, {
      outcome: code === codes.io ? "unknown" : "refused",
      transient: passing.includes(code),
      cause: error,
    });
    this.code = code;
  }
}

export function faultOf(error: unknown): unknown {
  const { errcode } = error as { errcode?: number };
  return error instanceof Error && errcode !== undefined ? new SqliteFault(error, errcode & 0xff) : error;
}

/** `UNIQUE constraint failed: contacts.code, contacts.region`. */
const namedColumns = /^(?:UNIQUE|NOT NULL) constraint failed: (.+)$/;
/** Of a table that is strict: `cannot store TEXT value in INTEGER column contacts.age`. */
const typedColumn = /^cannot store \w+ value in \w+ column (.+)$/;

/** Values, constraints and what triggers raise are about a row. */
export function refusalOf(error: unknown, columns: Iterable<string>): RowRefusal | undefined {
  const { errcode, message } = error as { errcode?: number; message: string };
  const about: readonly (number | undefined)[] = [codes.constraint, codes.mismatch, codes.tooBig];
  if (errcode === undefined || !about.includes(errcode & 0xff)) return undefined;
  const named = (namedColumns.exec(message) ?? typedColumn.exec(message))?.[1]?.split(", ") ?? [];
  const fields = named.map((name) => name.slice(name.indexOf(".") + 1));
  const check = /^CHECK constraint failed: (.+)$/s.exec(message)?.[1];
  return {
    code: `SQLITE_${errcode}`,
    message,
    fields: check === undefined ? fields : [...columns].filter((name) => mentions(check, name)),
  };
}

/** What a check says of a row is its name, or where it has none its expression. */
function mentions(check: string, column: string): boolean {
  const word = column.replaceAll(/[^\w]/g, (character) => `\\${character}`);
  return new RegExp(`(?<![\\w$])${word}(?![\\w$])`, "iu").test(check);
}

/** The fault that ended something, as a person can act on it. */
export function explainFault(fault: CallFault, doing: string, { name, place }: SqliteConnection): Failure {
  if (!(fault instanceof SqliteFault)) return unavailable(fault, name);
  if (fault.code === codes.busy || fault.code === codes.locked) {
    return new Failure(exitCode.tryLater, `${name}: another process is writing to the database`, {
      where: place,
      why: fault.message,
      next: "loadline resume, when it has ended",
      cause: fault,
    });
  }
  if (fault.transient) return unavailable(fault, name);
  const [code, next] = judge(fault);
  return new Failure(code, `${name}: ${doing} is refused`, { where: place, why: fault.message, next, cause: fault });
}

function judge({ code, message }: SqliteFault): [ExitCode, string] {
  switch (code) {
    case codes.readOnly:
      return [exitCode.signIn, "let this user write the file and its folder"];
    case codes.cantOpen:
      return [exitCode.signIn, "let this user read the file and its folder"];
    case codes.corrupt:
      return [exitCode.failed, "the file is damaged: sqlite3 <file> '.recover' saves what can be read"];
    case codes.noDatabase:
      return [
        exitCode.usage,
        "check the path: the file is no database of SQLite, is encrypted, or was written by a newer SQLite",
      ];
    default:
      return message.includes("unsupported file format")
        ? [
            exitCode.usage,
            "a newer SQLite has written the file: VACUUM INTO of that version may write one that is read",
          ]
        : [exitCode.usage, "correct the table, query or where of the job"];
  }
}
