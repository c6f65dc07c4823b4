// What the doctor has found, a line each, with what to do below it.

import { type Line, type Look, renderLines, type Tone } from "./lines.ts";
import { countOf } from "./numbers.ts";

interface ToldFinding {
  check: string;
  state: "ok" | "warning" | "wrong";
  what: string;
  next?: string;
}

const marks: Record<ToldFinding["state"], { text: string; tone: Tone }> = {
  ok: { text: "✓ ok     ", tone: "good" },
  warning: { text: "! warning", tone: "caution" },
  wrong: { text: "✗ wrong  ", tone: "alarm" },
};

export function findingLines(findings: readonly ToldFinding[], look: Look): string {
  const lines = findings.flatMap(({ check, state, what, next }): Line[] => [
    [marks[state], " ", { text: check, tone: "strong" }, { text: `: ${what}`, whole: true }],
    ...(next === undefined ? [] : [[{ text: `            next: ${next}`, whole: true } as const]]),
  ]);
  return renderLines([...lines, [], [verdictOf(findings)]], look);
}

function verdictOf(findings: readonly ToldFinding[]): string {
  const count = (state: ToldFinding["state"]) => findings.filter((finding) => finding.state === state).length;
  const [bad, doubtful] = [count("wrong"), count("warning")];
  const warnings = doubtful === 0 ? "" : `, ${countOf(doubtful, "warning")}`;
  return bad === 0 ? `Nothing is wrong${warnings}.` : `${countOf(bad, "thing")} wrong${warnings}.`;
}
