// What an error of the server or of the way to it means. In: what oracledb throws. Out: a CallFault, or a Failure that says what
// to do. Must hold: an error that the server told is certainly without effect, for its transaction is undone; a connection that
// was lost may have had one.

import { Failure } from "../../core/errors.ts";
import { type ExitCode, exitCode } from "../../core/exit-code.ts";
import { redactAnswer } from "../../core/secret.ts";
import { CallFault } from "../../http/outcome.ts";
import { unavailable } from "../../http/retry.ts";
import type { DescribedTable, RowRefusal } from "../sql/dialect.ts";
import type { OracleConnection } from "./connection.ts";

/** As oracledb throws what the server says: ORA- errors have a number, its own (NJS-) a code. */
interface DriverError extends Error {
  errorNum?: number;
  code?: string;
}

function numberOf(error: unknown): number | undefined {
  const { errorNum, code = "" } = error as DriverError;
  return error instanceof Error && typeof errorNum === "number" && errorNum > 0 && !code.startsWith("NJS")
    ? errorNum
    : undefined;
}

/**
 * What passes by itself: locks and deadlocks, snapshots that are too old, sessions and servers that end, listeners that are not
 * ready, full disks (https://docs.oracle.com/en/error-help/db/ora-index.html).
 */
const passing = new Set([
  18, 20, 51, 54, 60, 257, 1013, 1033, 1034, 1089, 1090, 1092, 1555, 1652, 1653, 1654, 1688, 1691, 2049, 3113, 3114,
  3135, 8176, 8177, 12_514, 12_516, 12_518, 12_520, 12_528, 12_537, 12_541, 12_570, 12_571, 12_805, 25_402, 25_408,
  30_006,
]);

/** The server itself is lost: what it had done by then it does not say. */
const lost = new Set([1092, 3113, 3114, 3135, 12_537, 12_570, 12_571, 25_402, 25_408]);

class StatementFault extends CallFault {
  readonly number: number;

  constructor(error: Error, number: number) {
    super(redactAnswer(messageOf(error)), {
      outcome: lost.has(number) ? "unknown" : "refused",
      transient: passing.has(number),
      cause: error,
    });
    this.number = number;
  }
}

/** Without the link to a page of help. */
function messageOf({ message }: Error): string {
  return message.replace(/\nHelp: .*$/s, "");
}

/** `connected`: a statement may have reached the server. */
export function faultOf(error: unknown, connected: boolean): unknown {
  if (error instanceof Failure || error instanceof CallFault || !(error instanceof Error)) return error;
  const number = numberOf(error);
  if (number !== undefined) return new StatementFault(error, number);
  const { code = "" } = error as DriverError;
  // What neither the driver nor a socket threw is a mistake of ours.
  if (code === "") return error;
  const isRefusedTls = /certificate|TLS|SSL|altnames|NJS-50[57]/i.test(`${code} ${messageOf(error)}`);
  return new CallFault(redactAnswer(messageOf(error)), {
    outcome: connected ? "unknown" : "refused",
    transient: !isRefusedTls,
    cause: error,
  });
}

/** The fault that ended something, as a person can act on it. */
export function explainFault(fault: CallFault, doing: string, { name, place }: OracleConnection): Failure {
  if (fault.transient) return unavailable(fault, name);
  const [code, next] = judge(fault);
  return new Failure(code, `${name}: ${doing} is refused`, { where: place, why: fault.message, next, cause: fault });
}

/** Rights: of an object, a session, a tablespace; accounts that are locked, passwords that ran out. */
const rights = new Set([1017, 1031, 1045, 1950, 28_000, 28_001, 28_002, 41_900]);

function judge(fault: CallFault): [ExitCode, string] {
  if (!(fault instanceof StatementFault)) {
    return fault.cause === undefined
      ? [exitCode.usage, "correct the table, query or where of the job"]
      : [
          exitCode.signIn,
          "the server must speak TLS with a certificate for its name: see oracle: connection in docs/connectors.md",
        ];
  }
  const { number } = fault;
  if (number === 1017) return [exitCode.signIn, "check the auth of the connection"];
  if (rights.has(number))
    return [exitCode.signIn, "let an administrator grant the user what it lacks, then run it again"];
  if (number === 1456) return [exitCode.usage, "a query only reads: give it a SELECT"];
  if (number >= 900 && number < 1000) return [exitCode.usage, "correct the table, query or where of the job"];
  return [exitCode.failed, "look at what the server says, then loadline resume"];
}

/** Values, constraints, and what triggers raise, are about a row. */
const ofRows = new Set([
  1, 1400, 1401, 1407, 1426, 1438, 1458, 1461, 1722, 1841, 1843, 1847, 1861, 2290, 2291, 2292, 2359, 2360, 12_899,
  12_983, 14_400, 32_795,
]);

export interface NamedConstraints extends DescribedTable {
  columns: ReadonlyMap<string, unknown>;
  /** Columns by the constraint that an error names. */
  constraints: ReadonlyMap<string, readonly string[]>;
}

/** The value stands beside the message, and not in it. */
export function refusalOf(error: unknown, { constraints, columns }: NamedConstraints): RowRefusal | undefined {
  const number = numberOf(error);
  if (number === undefined || !(ofRows.has(number) || (number >= 20_000 && number < 21_000))) return undefined;
  const message = messageOf(error as Error);
  const [, constraint = ""] = /\((?:[^().]+\.)?([^().]+)\) violated/.exec(message) ?? [];
  const [, column = ""] = /"\."([^".]+)"(?:\)| \()/.exec(message) ?? [];
  const named = columns.has(column) ? [column] : [];
  return {
    code: `ORA-${String(number).padStart(5, "0")}`,
    message,
    fields: [...(constraints.get(constraint) ?? named)],
  };
}
