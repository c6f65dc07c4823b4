// A job as the YAML that a person would write.

import { stringify } from "yaml";

/** `doubts`: what a person should look at, as comments in front. */
export function writeJob(job: object, doubts: readonly string[] = []): string {
  const comments = doubts.map((doubt) => `${comment(`in doubt: ${doubt}`)}\n`);
  return `${comments.join("")}${stringify(job, { lineWidth: 0 })}`;
}

/** An entry of `tests`, as far to the right as under `tests:`. Its cells are read as they are typed. */
export function writeTest(test: object): string {
  return stringify([test], { lineWidth: 0, blockQuote: false }).trimEnd().replaceAll(/^/gm, "  ");
}

/** On one line, as it stands in a job that is written line by line. */
export function onOneLine(value: unknown): string {
  if (typeof value === "string" && /[\r\n]/.test(value)) return JSON.stringify(value);
  return stringify(value, { lineWidth: 0, collectionStyle: "flow" }).trim();
}

/** Whatever stands in a file must not end it. */
export function comment(text: string): string {
  return `# ${text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ")}`;
}
