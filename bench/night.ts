// A night by kept present values beside a night that reads them all, in turn, of a file of many rows of which 0.5 % changed.
// In: `node bench/night.ts [--rows 200000] [--nights 3] [--system salesforce]`, or `--system hubspot`. Out: a line for each
// night: calls, megabytes, seconds, how present values were read, and what the steps took.

import { readFileSync, rmSync } from "node:fs";
import { parseArgs } from "node:util";
import { seededFraction } from "../src/core/random.ts";
import { type Rehearsal, rehearse } from "../test/run/support.ts";
import { setup } from "../test/support/build-program.ts";
import { readSystem, schema, yearJob } from "./year-systems.ts";

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "200000" },
    nights: { type: "string", default: "3" },
    system: { type: "string", default: "salesforce" },
  },
});
const rows = Number(values.rows);
const changedShare = 0.005;
const dayMs = 86_400_000;
const crm = readSystem(values.system);

function writeFile({ project }: Rehearsal, phones: Int32Array): void {
  const lines = [...phones].map((phone, row) => `K${row},Last ${row},${phone}`);
  project.write({ "inbox/contacts.csv": ["id,last,phone", ...lines].join("\n") });
}

async function runNight({ project }: Rehearsal, name: string): Promise<void> {
  const trace = project.path("calls.jsonl");
  rmSync(trace, { force: true });
  const started = performance.now();
  const done = await project.run("run", "job.yaml", "--trace", "calls.jsonl");
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  if (done.code !== 0) throw new Error(done.stderr);
  const calls = readFileSync(trace, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const bytes = calls.reduce((sum, { sent, received }) => sum + Number(sent ?? 0) + Number(received ?? 0), 0);
  const shown = (await project.run("show", "latest")).stdout.replaceAll(/\s+/g, " ");
  const how = /present values: (.*?) writes:/.exec(shown)?.[1];
  const steps = done.stderr.split("\n").filter((line) => line.startsWith("✓"));
  process.stdout.write(
    `${name}: ${calls.length} calls, ${(bytes / 1e6).toFixed(2)} MB, ${seconds} s; ${how}; ${steps.join("; ").replaceAll(/ +/g, " ")}\n`,
  );
}

const end = await setup();
try {
  const draw = seededFraction(1);
  const phones = new Int32Array(rows);
  await using place = await rehearse(yearJob(crm, ""), {}, schema);
  writeFile(place, phones);
  await runNight(place, "first load");
  for (let night = 0; night < Number(values.nights); night += 1) {
    for (const [name, present] of [
      ["read", ", present: read"],
      ["kept", ""],
    ] as const) {
      for (let change = 0; change < rows * changedShare; change += 1) {
        const row = Math.floor(draw() * rows);
        phones[row] = (phones[row] ?? 0) + 1;
      }
      writeFile(place, phones);
      place.project.write({ "job.yaml": yearJob(crm, present) });
      await place.sandbox.advance(dayMs);
      await runNight(place, name);
    }
  }
} finally {
  await end();
}
