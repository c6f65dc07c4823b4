// Why a run ended as it did, for a channel that many read. In: what was thrown. Out: text in our own words. Must hold: what
// another system said, and what stands in quotes in a cause, may repeat a record: of the one only its code gets through.

import { explain, Failure, placeOf } from "../core/errors.ts";
import { withGivenFlags } from "../core/next-command.ts";
import { redactSecrets } from "../core/secret.ts";
import { CallFault } from "../http/outcome.ts";

export function reasonOf(error: unknown): string {
  return redactSecrets(error instanceof Failure ? reasonOfFailure(error) : reasonOfDefect(error));
}

function reasonOfFailure({ message, where, why, next, cause }: Failure): string {
  const place = where === undefined ? "" : `${placeOf(where)}: `;
  const told = why === undefined ? undefined : cause instanceof CallFault ? codeOf(why, cause) : withoutQuotes(why);
  const lines = [`${place}${message}`];
  if (told !== undefined) lines.push(`why: ${told}`);
  if (next !== undefined) lines.push(`next: ${withGivenFlags(next)}`);
  return lines.join("\n");
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

function codeOf(why: string, fault: CallFault): string {
  const code = vendorCode.exec(why)?.[0];
  const system = (fault.cause as NodeJS.ErrnoException | undefined)?.code;
  const answer =
    fault.status === undefined ? `no answer${system === undefined ? "" : ` (${system})`}` : `HTTP ${fault.status}`;
  return code === undefined ? answer : `${code}, ${answer}`;
}

function withoutQuotes(text: string): string {
  return text.replaceAll(/(?<!\w)(["'`])(?:(?!\1).)*\1/gs, "…");
}
