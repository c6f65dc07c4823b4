// What an error of the server or of the way to it means. In: what the driver throws. Out: a CallFault, or a Failure that
// says what to do. Must hold: an error that the server told is certainly without effect, for it undid the transaction; a
// connection that was lost may have had one.

import { DatabaseError } from "pg";
import { Failure, type FailureDetails } from "../../core/errors.ts";
import { type ExitCode, exitCode } from "../../core/exit-code.ts";
import { redactAnswer } from "../../core/secret.ts";
import { CallFault } from "../../http/outcome.ts";
import { unavailable } from "../../http/retry.ts";
import type { TransactionKind } from "../sql/dialect.ts";
import { diskIsFull } from "../sql/unwritten.ts";
import type { PostgresConnection } from "./connection.ts";

/**
 * What passes by itself: lost connections, serialization and deadlocks, resources, locks, cancelled statements, and a
 * server that stops or starts (https://www.postgresql.org/docs/current/errcodes-appendix.html).
 */
const passing = /^(?:08|40|53|57)|^55P03$/;

const diskFull = "53100";

/** What the server said of a statement. */
class StatementFault extends CallFault {
  readonly code: string;
  readonly detail: string | undefined;
  readonly kind: TransactionKind;

  constructor(error: DatabaseError, kind: TransactionKind) {
    const { code = "", detail } = error;
    super(redactAnswer(error.message), { outcome: "refused", transient: passing.test(code), cause: error });
    this.code = code;
    this.detail = detail;
    this.kind = kind;
  }
}

/** Row security keeps rows from this role, and the session wants to be told. */
export function isHidden(error: unknown): boolean {
  return error instanceof StatementFault && error.code === "42501" && /row-level security/.test(error.message);
}

/** `connected`: a statement may have reached the server. */
export function faultOf(error: unknown, connected: boolean, kind: TransactionKind = "read"): unknown {
  if (error instanceof DatabaseError) return new StatementFault(error, kind);
  if (error instanceof Failure || error instanceof CallFault || !(error instanceof Error)) return error;
  const { code = "" } = error as NodeJS.ErrnoException;
  if (error instanceof TypeError || error instanceof RangeError) return error;
  const isRefusedTls = code.startsWith("ERR_TLS") || code.startsWith("CERT_") || /certificate|SSL/i.test(error.message);
  return new CallFault(redactAnswer(error.message || code), {
    outcome: connected ? "unknown" : "refused",
    transient: !isRefusedTls,
    cause: error,
  });
}

/** The fault that ended something, as a person can act on it. */
export function explainFault(fault: CallFault, doing: string, { name, place }: PostgresConnection): Failure {
  if (fault instanceof StatementFault && fault.code === diskFull) return diskIsFull(fault, name);
  if (fault.transient) return unavailable(fault, name);
  if (!(fault instanceof StatementFault)) {
    return new Failure(exitCode.signIn, `${name}: ${doing} is refused`, {
      where: place,
      why: fault.message,
      next: "the server must speak TLS with a certificate for its name: see ca_file in docs/connectors.md",
      cause: fault,
    });
  }
  const [code, next] = judge(fault);
  const details: FailureDetails = {
    where: place,
    why: [fault.message, fault.detail].filter((part) => part !== undefined).join("; "),
    next,
    cause: fault,
  };
  return new Failure(code, `${name}: ${doing} is refused`, details);
}

function judge({ code, message, kind }: StatementFault): [ExitCode, string] {
  if (code === "42501" && /row-level security/.test(message)) {
    const next = "a role with BYPASSRLS, for what is hidden is not deleted; or leave deletes: compare out";
    return [exitCode.signIn, next];
  }
  if (code.startsWith("28"))
    return [exitCode.signIn, "check the auth of the connection, and pg_hba.conf of the server"];
  if (code === "42501")
    return [exitCode.signIn, "let an administrator grant the role what it lacks, then run it again"];
  if (code === "3D000") return [exitCode.usage, "check the database at the end of the connection's url"];
  if (code.startsWith("42")) return [exitCode.usage, "correct the table, query or where of the job"];
  if (code === "25006" && kind !== "read") {
    const next = "name the primary in url, not a standby; or let default_transaction_read_only be off for this role";
    return [exitCode.signIn, next];
  }
  if (code === "25006") return [exitCode.usage, "a query only reads: give it a SELECT"];
  return [exitCode.failed, "look at what the server says, then loadline resume"];
}
