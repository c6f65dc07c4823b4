// A message as lines of text, which chats, mail and the body of a ping share.

import type { NotifyEvent } from "../job/job.ts";
import { countOf, showCount, showDuration } from "../report/numbers.ts";
import { shownCounts } from "../report/summary-view.ts";
import { visible } from "../report/visible-text.ts";
import type { Message } from "./message.ts";

const ends: Record<NotifyEvent | "test", string> = {
  failure: "failed",
  guard: "stopped before anything was written",
  rejects: "rows did not arrive",
  drift: "source and target differ",
  recovered: "an earlier run was recovered",
  success: "loaded",
  test: "this is a test message of loadline",
};

/** One line: the job, and how it ended. */
export function titleOf({ events, job, status, exitCode, sandbox }: Message): string {
  const [first] = events;
  const isInDoubt = first === "failure" && status === "in-doubt";
  const stopped = first === "rejects" && status === "stopped" ? ends.guard : undefined;
  const end = isInDoubt ? "writes are in doubt" : (stopped ?? ends[first ?? "failure"]);
  const also = first !== "recovered" && events.includes("recovered") ? `, ${ends.recovered}` : "";
  const code = exitCode === 0 ? "" : ` (exit code ${exitCode})`;
  return `${job}: ${end}${also}${code}${sandbox ? ", in the sandbox" : ""}`;
}

/** What belongs to it, each with its name. */
export function factsOf({ run, orgs, seconds, apiCalls, host, folder }: Message): [string, string][] {
  const calls = Object.entries(apiCalls).map(([name, count]) => `${countOf(count, "API call")} to ${name}`);
  const facts: [string, string][] = [];
  if (run !== null) facts.push(["run", run]);
  for (const [connection, org] of Object.entries(orgs)) facts.push(["org", `${org} (${connection})`]);
  if (run !== null) facts.push(["took", [showDuration(seconds), ...calls].join(", ")]);
  facts.push(["on", `${host}, ${folder}`]);
  return facts.map(([name, value]) => [name, visible(value)]);
}

/** A line a stream, and below it one for each reason of its rejects. */
export function countLines({ streams }: Message): string[] {
  return Object.entries(streams).flatMap(([name, { rejectReasons, ...counts }]) => {
    const shown = shownCounts([{ name, counts }]);
    const reasons = rejectReasons.map(({ field, rule, count }) => {
      return `  ${countOf(count, "reject")}: ${[field, rule].filter((part) => part !== "").join(", ")}`;
    });
    return [
      `${name}: ${shown.map(({ count, title }) => `${showCount(counts[count])} ${title}`).join(", ")}`,
      ...reasons.map(visible),
    ];
  });
}

export function reasonLines({ error }: Message): string[] {
  return error === null ? [] : error.split("\n").map(visible);
}

/** All of it, as mail has it. */
export function textOf(message: Message): string {
  const facts = factsOf(message).map(([name, value]) => `${name}: ${value}`);
  const next = message.next === null ? [] : [`next: ${message.next}`];
  const blocks = [[titleOf(message)], reasonLines(message), countLines(message), facts, next];
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}

/** At most so many UTF-8 bytes, whole characters. What is cut off leaves an ellipsis. */
export function cutBytes(text: string, bytesMax: number): string {
  if (Buffer.byteLength(text) <= bytesMax) return text;
  let bytes = Buffer.byteLength("…");
  let kept = "";
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > bytesMax) break;
    kept += character;
  }
  return `${kept}…`;
}
