// Nights of a job whose file changes a little, into a sandbox that people work in: what each night takes with present
// values kept, and with all of them read, and whether the org holds in the end what a model of it says.
// In: `node bench/year.ts [--nights 365] [--rows 6000] [--seed 1]`. Out: a Markdown table: calls and bytes a night, medians
// and the dearest, and how many records are others than in the model. Exit 1 on any.

import { readFileSync, rmSync } from "node:fs";
import { parseArgs } from "node:util";
import { seededFraction } from "../src/core/random.ts";
import { type Rehearsal, rehearse } from "../test/run/support.ts";
import { setup } from "../test/support/build-program.ts";

const { values } = parseArgs({
  options: {
    nights: { type: "string", default: "365" },
    rows: { type: "string", default: "6000" },
    seed: { type: "string", default: "1" },
  },
});
const nights = Number(values.nights);
const rows = Number(values.rows);
const dayMs = 86_400_000;
/** Of a file's rows. */
const changedShare = 0.005;
/** Salesforce is away, and a weekend on which nobody starts the job. */
const outages = new Set([Math.floor(nights / 3), Math.floor(nights / 2)]);
const missed = new Set([Math.floor(nights / 4), Math.floor(nights / 4) + 1]);

const job = (present: string) => `version: 1
name: year
streams:
  contacts:
    source: { connection: drop, files: "contacts.csv" }
    target: { connection: salesforce, object: Contact, key: Ext__c, mode: upsert${present} }
    map: { Ext__c: id, LastName: last, Phone: phone }
guards: { deletes: 0 }
`;

/** What a record holds of the mapped fields, by its key; of those that people made, by their name. */
type Model = Map<string, { last: string; phone: string }>;

interface Night {
  calls: number;
  bytes: number;
  seconds: number;
  isKept: boolean;
}

/** A night costs what its calls were, whether or not it came to its end. */
async function runNight({ project }: Rehearsal): Promise<Night & { code: number | null }> {
  const trace = project.path("calls.jsonl");
  rmSync(trace, { force: true });
  const started = performance.now();
  const done = await project.run("run", "job.yaml", "--json", "--trace", "calls.jsonl");
  const seconds = (performance.now() - started) / 1000;
  const calls = readFileSync(trace, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const bytes = calls.reduce((sum, { sent, received }) => sum + Number(sent ?? 0) + Number(received ?? 0), 0);
  const shown = await project.run("show", "latest");
  return { calls: calls.length, bytes, seconds, isKept: shown.stdout.includes("kept of"), code: done.code };
}

async function countOthers({ sandbox }: Rehearsal, model: Model): Promise<number> {
  const live = (await sandbox.dump("Contact")).filter((one) => one["IsDeleted"] !== true);
  const wrong = live.filter((one) => {
    const expected = model.get(String(one["Ext__c"] ?? one["LastName"]));
    return expected === undefined || expected.last !== one["LastName"] || expected.phone !== (one["Phone"] ?? "");
  });
  return wrong.length + Math.abs(live.length - model.size);
}

async function liveYear(present: string): Promise<{ told: Night[]; others: number }> {
  const draw = seededFraction(Number(values.seed));
  const any = (count: number) => Math.floor(draw() * count);
  const file: Model = new Map(
    Array.from({ length: rows }, (_, row) => [`K${row}`, { last: `Last ${row}`, phone: "0" }]),
  );
  const ofPeople: Model = new Map();
  await using place = await rehearse(job(present), {});
  const { project, sandbox } = place;
  const told: Night[] = [];
  let others = 0;
  for (let night = 0; night < nights; night += 1) {
    for (let change = 0; night > 0 && change < rows * changedShare; change += 1)
      file.set(`K${any(file.size)}`, { last: `Last ${night}.${change}`, phone: String(any(100)) });
    const known = await sandbox.dump("Contact");
    const ids = known.filter((one) => one["IsDeleted"] !== true && one["Ext__c"] !== null).map((one) => one["Id"]);
    for (let edit = 0; ids.length > 0 && edit < 3; edit += 1)
      await sandbox.api("PATCH", `sobjects/Contact/${ids[any(ids.length)]}`, { Phone: `edited ${night}` });
    if (ids.length > 0) await sandbox.api("DELETE", `sobjects/Contact/${ids[any(ids.length)]}`);
    if (ids.length > 0) {
      const last = `Person ${night}`;
      await sandbox.api("POST", "sobjects/Contact", { LastName: last });
      ofPeople.set(last, { last, phone: "" });
    }
    await sandbox.advance(dayMs);
    if (missed.has(night)) continue;
    const lines = [...file].map(([id, { last, phone }]) => `${id},${last},${phone}`);
    project.write({ "inbox/contacts.csv": ["id,last,phone", ...lines].join("\n") });
    const away = outages.has(night);
    if (away) await sandbox.setFaults([{ match: "* /services/data/**", do: { status: 500 } }]);
    const { code, ...cost } = await runNight(place);
    if (away) await sandbox.setFaults([]);
    if (night > 0 && !away) told.push(cost);
    if (!away && code !== 0) throw new Error(`night ${night} ended with ${code}`);
    if (!away && (night % 30 === 0 || night === nights - 1))
      others += await countOthers(place, new Map([...file, ...ofPeople]));
    if (night % 10 === 0) process.stderr.write(`night ${night}: ${JSON.stringify(cost)}, ${others} others\n`);
  }
  return { told, others };
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((left, right) => left - right)[Math.floor(numbers.length / 2)] ?? 0;
}

const end = await setup();
try {
  process.stdout.write(`${nights} nights of ${rows} rows from seed ${values.seed}\n\n`);
  process.stdout.write(
    "| present values | nights by kept ones | calls, median | calls, most | kB, median | kB, most | seconds, median | others than in the model |\n|---|---|---|---|---|---|---|---|\n",
  );
  for (const [name, present] of [
    ["kept", ""],
    ["read each night", ", present: read"],
  ] as const) {
    const { told, others } = await liveYear(present);
    const of = (what: "calls" | "bytes" | "seconds") => told.map((night) => night[what]);
    const kb = (bytes: number) => Math.round(bytes / 1000);
    const kept = told.filter(({ isKept }) => isKept).length;
    process.stdout.write(
      `| ${name} | ${kept} of ${told.length} | ${median(of("calls"))} | ${Math.max(...of("calls"))} | ${kb(median(of("bytes")))} | ${kb(Math.max(...of("bytes")))} | ${median(of("seconds")).toFixed(2)} | ${others} |\n`,
    );
    if (others > 0) process.exitCode = 1;
  }
} finally {
  await end();
}
