// What an error of the server or of the way to it means. In: what the driver throws. Out: a CallFault, or a Failure that
// says what to do. Must hold: an error that the server told is certainly without effect, for its transaction is undone; a
// connection that was lost may have had one.

import { Failure } from "../../core/errors.ts";
import { type ExitCode, exitCode } from "../../core/exit-code.ts";
import { redactAnswer } from "../../core/secret.ts";
import { CallFault } from "../../http/outcome.ts";
import { unavailable } from "../../http/retry.ts";
import type { MysqlConnection } from "./connection.ts";

/** As mysql2 throws what the server says. */
export interface ServerError extends Error {
  errno: number;
  sqlState: string;
}

export function isServerError(error: unknown): error is ServerError {
  return error instanceof Error && "sqlState" in error && typeof (error as ServerError).errno === "number";
}

/**
 * What passes by itself: too many connections, a server that stops, network errors, locks and deadlocks, statements that
 * were killed or took too long, a full disk, MariaDB's "record has changed"
 * (https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html, https://mariadb.com/kb/en/mariadb-error-codes/).
 */
const passing = new Set([
  1020, 1021, 1040, 1053, 1114, 1152, 1158, 1159, 1160, 1161, 1180, 1184, 1203, 1205, 1213, 1317, 1614, 1637, 1927,
  1969, 3024, 3168, 4031,
]);

/** What the server said of a statement. */
class StatementFault extends CallFault {
  readonly errno: number;
  readonly sqlState: string;

  constructor(error: ServerError) {
    const { errno, sqlState, message } = error;
    super(redactAnswer(message), { outcome: "refused", transient: passing.has(errno), cause: error });
    this.errno = errno;
    this.sqlState = sqlState;
  }
}

/** A value that the server would have changed, and only warns of. */
export class ChangedValue extends CallFault {
  readonly errno: number;

  constructor(errno: number, message: string) {
    super(redactAnswer(message), { outcome: "refused", transient: false });
    this.errno = errno;
  }
}

/** `connected`: a statement may have reached the server. */
export function faultOf(error: unknown, connected: boolean): unknown {
  if (error instanceof Failure || error instanceof CallFault || !(error instanceof Error)) return error;
  if (isServerError(error)) return new StatementFault(error);
  const { code = "", fatal } = error as NodeJS.ErrnoException & { fatal?: boolean };
  // What neither the driver nor a socket threw is a mistake of ours.
  if (code === "" && fatal !== true) return error;
  const isRefusedTls =
    code.startsWith("ERR_TLS") || code.startsWith("CERT_") || /certificate|SSL|secure connection/i.test(error.message);
  return new CallFault(redactAnswer(error.message || code), {
    outcome: connected ? "unknown" : "refused",
    transient: !isRefusedTls && code !== "AUTH_SWITCH_PLUGIN_ERROR",
    cause: error,
  });
}

/** The fault that ended something, as a person can act on it. */
export function explainFault(fault: CallFault, doing: string, { name, place }: MysqlConnection): Failure {
  if (fault.transient) return unavailable(fault, name);
  const [code, next] = judge(fault);
  return new Failure(code, `${name}: ${doing} is refused`, { where: place, why: fault.message, next, cause: fault });
}

/** Rights: of a user, a host, a database, a table, a column, a command, a routine; and passwords that ran out. */
const rights = new Set([
  1044, 1045, 1095, 1130, 1142, 1143, 1227, 1251, 1370, 1396, 1698, 1820, 1862, 3118, 3159, 4151,
]);

function judge(fault: CallFault): [ExitCode, string] {
  if (fault instanceof ChangedValue) {
    return [exitCode.usage, "correct the query or where of the job, so that the server changes no value to answer it"];
  }
  return fault instanceof StatementFault
    ? judgeStatement(fault)
    : [exitCode.signIn, "the server must speak TLS with a certificate for its name: see ca_file in docs/connectors.md"];
}

function judgeStatement({ errno, sqlState }: StatementFault): [ExitCode, string] {
  if (errno === 1045 || errno === 1130 || errno === 1698) {
    return [exitCode.signIn, "check the auth of the connection, and from which hosts the server lets the user come"];
  }
  if (rights.has(errno)) {
    return [exitCode.signIn, "let an administrator grant the user what it lacks, then run it again"];
  }
  if (errno === 1049) return [exitCode.usage, "check the database at the end of the connection's url"];
  if (errno === 1290 || errno === 1836) {
    return [exitCode.signIn, "name the primary in url, not a replica; or let the server be written (read_only)"];
  }
  if (errno === 1792 || sqlState === "25006") return [exitCode.usage, "a query only reads: give it a SELECT"];
  if (sqlState.startsWith("42") || errno === 1109 || errno === 1247 || errno === 1248 || errno === 1267) {
    return [exitCode.usage, "correct the table, query or where of the job"];
  }
  return [exitCode.failed, "look at what the server says, then loadline resume"];
}
