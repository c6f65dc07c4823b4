// What an error of the server or of the way to it means. In: what tedious throws. Out: a CallFault, or a Failure that says what
// to do. Must hold: an error that the server told is certainly without effect, for its transaction is undone; a connection that
// was lost may have had one.

import { Failure } from "../../core/errors.ts";
import { type ExitCode, exitCode } from "../../core/exit-code.ts";
import { redactAnswer } from "../../core/secret.ts";
import { CallFault } from "../../http/outcome.ts";
import { unavailable } from "../../http/retry.ts";
import type { DescribedTable, RowRefusal } from "../sql/dialect.ts";
import type { SqlserverConnection } from "./connection.ts";

/** As tedious throws what the server says. */
interface ServerError extends Error {
  number: number;
}

function isServerError(error: unknown): error is ServerError {
  return error instanceof Error && typeof (error as Partial<ServerError>).number === "number";
}

/**
 * What passes by itself: deadlocks, locks, conflicts of snapshots, memory, a full disk or log, and what Azure SQL says of a
 * server that moves (https://learn.microsoft.com/en-us/azure/azure-sql/database/troubleshoot-common-errors-issues).
 */
const passing = new Set([
  596, 615, 701, 802, 926, 1105, 1204, 1205, 1222, 3960, 3961, 4060, 4221, 8645, 8651, 9002, 10053, 10054, 10060, 10928,
  10929, 17197, 18401, 40143, 40197, 40501, 40540, 40613, 42108, 42109, 49918, 49919, 49920,
]);

/** What the server said of a statement. */
class StatementFault extends CallFault {
  readonly number: number;

  constructor(error: ServerError) {
    super(redactAnswer(error.message), {
      outcome: "refused",
      transient: passing.has(error.number),
      cause: error,
    });
    this.number = error.number;
  }
}

/** Codes of tedious for what is no error of the server's. */
const unreached: readonly string[] = ["ESOCKET", "ECONNCLOSED", "ETIMEOUT", "EINSTLOOKUP", "ENOTFOUND", "ECONNRESET"];

/** `connected`: a statement may have reached the server. */
export function faultOf(error: unknown, connected: boolean): unknown {
  if (error instanceof Failure || error instanceof CallFault || !(error instanceof Error)) return error;
  if (isServerError(error)) return new StatementFault(error);
  const { code = "", cause } = error as NodeJS.ErrnoException;
  // What neither the driver nor a socket threw is a mistake of ours.
  if (code === "") return error;
  const told = `${error.message} ${cause instanceof Error ? cause.message : ""}`;
  const isRefusedTls = code.startsWith("ERR_TLS") || /certificate|altnames|TLS|SSL/i.test(told);
  return new CallFault(redactAnswer(error.message || code), {
    outcome: connected ? "unknown" : "refused",
    transient: !isRefusedTls && (unreached.includes(code) || code.startsWith("E")) && code !== "ELOGIN",
    cause: error,
  });
}

/** The fault that ended something, as a person can act on it. */
export function explainFault(fault: CallFault, doing: string, { name, place }: SqlserverConnection): Failure {
  if (fault.transient) return unavailable(fault, name);
  const [code, next] = judge(fault);
  return new Failure(code, `${name}: ${doing} is refused`, { where: place, why: fault.message, next, cause: fault });
}

/** Rights: of an object, a column, a database, a statement. */
const rights = new Set([229, 230, 262, 297, 300, 916, 2557, 3906, 15247, 15562]);
/** The transaction can't go on: a trigger, or the server, has ended it or will have it ended. */
const doomed = new Set([3609, 3616, 3930, 3931, 3998, 628]);

function judge(fault: CallFault): [ExitCode, string] {
  const isLogin = (fault.cause as NodeJS.ErrnoException | undefined)?.code === "ELOGIN";
  if (!(fault instanceof StatementFault)) {
    return isLogin
      ? [exitCode.signIn, "check the auth of the connection, and the database at the end of its url"]
      : [
          exitCode.signIn,
          "the server must speak TLS with a certificate for its name: see ca_file in docs/connectors.md",
        ];
  }
  const { number } = fault;
  if (number === 18_456 || number === 18_452) return [exitCode.signIn, "check the auth of the connection"];
  if (rights.has(number))
    return [exitCode.signIn, "let an administrator grant the user what it lacks, then run it again"];
  if (doomed.has(number)) {
    return [
      exitCode.failed,
      "a trigger of the table ends the transaction of its rows: it must refuse a row by THROW, with XACT_ABORT OFF",
    ];
  }
  if (number < 500 || (number >= 4100 && number < 4200) || number === 8120 || number === 8155 || number === 8156) {
    return [exitCode.usage, "correct the table, query or where of the job"];
  }
  return [exitCode.failed, "look at what the server says, then loadline resume"];
}

/**
 * Values, constraints, and what triggers throw, are about a row; all else is about the statement
 * (https://learn.microsoft.com/en-us/sql/relational-databases/errors-events/database-engine-events-and-errors).
 */
const ofRows = new Set([220, 232, 241, 242, 245, 257, 515, 547, 2601, 2627, 2628, 8114, 8115, 8152, 8169]);

export interface NamedConstraints extends DescribedTable {
  columns: ReadonlyMap<string, unknown>;
  /** Columns by the constraint or index that an error names. */
  constraints: ReadonlyMap<string, readonly string[]>;
}

/** The value stands beside the message, and not in it. */
export function refusalOf(error: unknown, { constraints, columns }: NamedConstraints): RowRefusal | undefined {
  if (!isServerError(error)) return undefined;
  const { number } = error;
  if (!ofRows.has(number) && number < 50_000) return undefined;
  const message = error.message
    .replace(/ The duplicate key value is \(.*\)\.$/s, "")
    .replace(/ Truncated value: '.*'\.$/s, "")
    .replace(/(Conversion failed when converting the \w+ value) '.*' (to data type)/s, "$1 … $2");
  const [, constraint = ""] = /constraint ["']([^"']+)["']|unique index '([^']+)'/.exec(message)?.filter(Boolean) ?? [];
  const [, column = ""] = /column '([^']+)'/.exec(message) ?? [];
  return {
    code: String(number),
    message,
    fields: [...(constraints.get(constraint) ?? (columns.has(column) ? [column] : []))],
  };
}
