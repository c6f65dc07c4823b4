// A job as the YAML that a person would write.

import { stringify } from "yaml";

/** `doubts`: what a person should look at, as comments in front. */
export function writeJob(job: object, doubts: readonly string[] = []): string {
  // Whatever stands in a file must not end a comment.
  const comments = doubts.map((doubt) => `# in doubt: ${doubt.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ")}\n`);
  return `${comments.join("")}${stringify(job, { lineWidth: 0 })}`;
}
