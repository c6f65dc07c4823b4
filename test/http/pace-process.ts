// A process that takes turns of a pace. Prints a line after each.

import { Pace } from "../../src/http/pace.ts";

const [path = "", calls = "", windowMs = "", turns = ""] = process.argv.slice(2);
using pace = Pace.open(path, "4711:burst", { calls: Number(calls), windowMs: Number(windowMs) });
const signal = new AbortController().signal;
for (let taken = 0; taken < Number(turns); taken += 1) {
  await pace.take(signal);
  process.stdout.write("turn\n");
}
