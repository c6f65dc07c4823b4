// Why a run ended as it did, for a channel that many read. In: what was thrown. Out: text in our own words. Must hold: what
// another system said, and what stands in quotes in a cause, may repeat a record: of the one only its code gets through.

import { explain, Failure, placeOf } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import { withGivenFlags } from "../core/next-command.ts";
import { redactSecrets } from "../core/secret.ts";
import { CallFault } from "../http/outcome.ts";

export function reasonOf(error: unknown): string {
  return redactSecrets(error instanceof Failure ? reasonOfFailure(error) : reasonOfDefect(error));
}

function reasonOfFailure(failure: Failure): string {
  const { message, where, next } = failure;
  const place = where === undefined ? "" : `${placeOf(where)}: `;
  const why = causeOf(failure);
  const lines = [`${place}${message}`];
  if (why !== undefined) lines.push(`why: ${why}`);
  if (next !== undefined) lines.push(`next: ${withGivenFlags(next)}`);
  return lines.join("\n");
}

function causeOf({ why, cause, exitCode: code }: Failure): string | undefined {
  // Of writes in doubt it is what became of a call, in the words of whoever answered.
  if (why === undefined || code === exitCode.inDoubt) return undefined;
  const vendors = vendorCode.exec(why)?.[0];
  if (!(cause instanceof CallFault)) return vendors ?? withoutQuotes(why);
  const answer = answerOf(cause);
  return vendors === undefined ? answer : `${vendors}, ${answer}`;
}

/** What the machine reports (a full disk) is told without its own words; so is a defect of ours. */
function reasonOfDefect(error: unknown): string {
  const [what = "", ...more] = explain(error).split("\n");
  const next = more.filter((line) => line.startsWith("  next: ")).map((line) => line.trim());
  if (what.startsWith("internal error")) return "internal error of loadline: what was printed tells more";
  return [what, ...next].join("\n");
}

/** `INVALID_LOGIN`, `invalid_grant`: what a vendor's error begins with. */
const vendorCode = /^(?:[A-Za-z]+(?:_[A-Za-z]+)+|[A-Z]{4,})(?=:)/;

function answerOf({ status, cause }: CallFault): string {
  if (status !== undefined) return `HTTP ${status}`;
  const system = (cause as NodeJS.ErrnoException | undefined)?.code;
  return `no answer${system === undefined ? "" : ` (${system})`}`;
}

function withoutQuotes(text: string): string {
  return text.replaceAll(/(?<!\w)(["'`])(?:(?!\1).)*\1/gs, "…");
}
