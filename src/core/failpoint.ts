// Named places where the crash tests kill the process, one at each durable or remote step.
// LOADLINE_FAILPOINT="<name>:<n>" kills at the n-th hit of that name; "*:<n>" at the n-th hit of any name.
// LOADLINE_FAILPOINT_LOG=<file> appends the name of every hit, so that a sweep knows how many there are.

import { appendFileSync } from "node:fs";

const armed = process.env["LOADLINE_FAILPOINT"]?.match(/^(?<name>.+):(?<hit>\d+)$/)?.groups;
let hits = 0;

export function failpoint(name: string): void {
  const log = process.env["LOADLINE_FAILPOINT_LOG"];
  if (log !== undefined) appendFileSync(log, `${name}\n`);
  if (armed === undefined || (armed["name"] !== "*" && armed["name"] !== name)) return;
  hits += 1;
  if (hits === Number(armed["hit"])) process.kill(process.pid, "SIGKILL");
}
