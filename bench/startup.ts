// How long loadline takes where there is next to nothing to do: `--help`, and a run that finds 1,000 unchanged rows.
// Prints medians; the run's time without what it spent waiting for HTTP answers.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { connections, createProject, startLoadline, startSandbox } from "../test/support/rig.ts";
import { median } from "./measure.ts";

const repeats = Number(process.argv[2] ?? 10);
const schema = {
  salesforce: { Contact: { fields: { Ext__c: { type: "string", length: 40, externalId: true, unique: true } } } },
};
const job = `version: 1
name: contacts
streams:
  contacts:
    source: { connection: drop, files: contacts.csv }
    target: { connection: salesforce, object: Contact, key: Ext__c, mode: upsert }
    map: { Ext__c: id, FirstName: first, LastName: last, Email: email }
`;
const rows = Array.from({ length: 1000 }, (_, index) => `K${index},First ${index},Last ${index},p${index}@example.com`);

async function timed(act: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await act();
  return performance.now() - started;
}

async function timeHelp(): Promise<number[]> {
  const times: number[] = [];
  for (let run = 0; run <= repeats; run += 1) times.push(await timed(() => startLoadline(["--help"]).finished));
  return times.slice(1);
}

async function timeUnchanged(): Promise<{ wall: number[]; own: number[] }> {
  await using sandbox = await startSandbox({ schema });
  await using project = createProject({
    ...connections(sandbox),
    "job.yaml": job,
    "inbox/contacts.csv": `id,first,last,email\n${rows.join("\n")}\n`,
  });
  const first = (await project.run("run", "job.yaml", "--json")).summary();
  if (first.streams["contacts"]?.loaded !== 1000)
    throw new Error(`the first run did not load: ${JSON.stringify(first)}`);
  const wall: number[] = [];
  const own: number[] = [];
  for (let run = 0; run < repeats; run += 1) {
    const ms = await timed(() => project.run("run", "job.yaml", "--json"));
    const folder = readdirSync(project.path(".loadline/runs")).sort().at(-1) ?? "";
    const events = readFileSync(join(project.path(".loadline/runs"), folder, "events.jsonl"), "utf8")
      .trim()
      .split("\n");
    const ended = JSON.parse(events.at(-1) ?? "{}") as { waitedSeconds: number };
    wall.push(ms);
    own.push(ms - ended.waitedSeconds * 1000);
  }
  return { wall, own };
}

const help = await timeHelp();
const { wall, own } = await timeUnchanged();
process.stdout.write(`--help                        median ${median(help).toFixed(0)} ms   (promised: 120)
1,000 unchanged rows, wall    median ${median(wall).toFixed(0)} ms
  less waiting for HTTP       median ${median(own).toFixed(0)} ms   (promised: 600)
`);
