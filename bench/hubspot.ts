// A quarter of a million contacts out of the sandbox's HubSpot, of which 30,000 carry one time of change, and a hundred
// thousand into it, at HubSpot's real limits: how fast, with how many calls, and whether any was refused for its pace.
// In: `node bench/hubspot.ts [--extract <n>] [--load <n>]`; Linux, for it reads /proc. Out: a Markdown table.

import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { parse } from "csv-parse/sync";
import {
  connections,
  createProject,
  type Finished,
  type Project,
  type Sandbox,
  startSandbox,
} from "../test/support/rig.ts";
import { peakOf } from "./measure.ts";

const { values } = parseArgs({
  options: { extract: { type: "string", default: "250000" }, load: { type: "string", default: "100000" } },
});
const extracted = Number(values.extract);
const loaded = Number(values.load);
const sameMillisecond = Math.round(extracted * 0.12);
/** A Professional account allows 190 calls in ten seconds; the job takes this share of them. */
const burstPercent = 80;
const callsPerSecond = (19 * burstPercent) / 100;
const benchMsMax = 3_600_000;

const schema = {
  hubspot: { contacts: { properties: { ext_id: { type: "string", fieldType: "text", hasUniqueValue: true } } } },
};

const extractJob = (window: string) => `version: 1
name: extract
streams:
  contacts:
    source: { connection: hubspot, object: contacts${window} }
    target: { connection: drop, files: out.csv, mode: replace }
    map: { id: hs_object_id, email: email, first: firstname, last: lastname }
`;

const loadJob = `version: 1
name: load
streams:
  contacts:
    source: { connection: drop, files: contacts.csv }
    target: { connection: hubspot, object: contacts, key: ext_id, mode: upsert }
    map: { ext_id: id, email: email, firstname: first, lastname: last, jobtitle: job, city: city, phone: phone }
rejects: { max: 5% }
`;

interface Cost {
  name: string;
  records: string;
  seconds: number;
  calls: number;
  refusedForPace: number;
  peakMb: number;
}

function openProject(sandbox: Sandbox, job: string): Project {
  const files = connections(sandbox);
  const written = files["connections.yaml"]?.replace("burst: 100%", `burst: ${burstPercent}%`) ?? "";
  return createProject({ "connections.yaml": written, "job.yaml": job, "inbox/.keep": "" });
}

async function measure(project: Project, name: string, records: (run: Finished) => string): Promise<Cost> {
  const running = project.start(["run", "job.yaml", "--json"], { msMax: benchMsMax });
  let peakMb = 0;
  const sampler = setInterval(() => {
    peakMb = Math.max(peakMb, Math.round(peakOf(running.child.pid)));
  }, 200);
  const done = await running.finished.finally(() => clearInterval(sampler));
  if (done.code !== 0) throw new Error(`${name} failed:\n${done.stderr}`);
  const { seconds, apiCalls } = done.summary();
  const events = project.runFolders().map((folder) => readFileSync(`${folder}/events.jsonl`, "utf8"));
  const refusedForPace = events.join("").match(/HTTP 429/g)?.length ?? 0;
  return { name, records: records(done), seconds, calls: apiCalls["hubspot"] ?? 0, refusedForPace, peakMb };
}

/** Each record once, or an error. */
function countExtracted(project: Project, wanted: number): string {
  const ids = (parse(project.read("inbox/out.csv"), { columns: true }) as { id: string }[]).map(({ id }) => id);
  if (ids.length !== wanted || new Set(ids).size !== wanted) {
    throw new Error(`${ids.length} rows with ${new Set(ids).size} ids, ${wanted} were wanted`);
  }
  return `${ids.length}, each once`;
}

async function extract(): Promise<Cost[]> {
  await using sandbox = await startSandbox({ schema, msMax: benchMsMax });
  const seed = { object: "contacts", count: extracted, sameMillisecond };
  await sandbox.hubspotApi("POST", "/__sandbox/hubspot/seed", seed);
  await using whole = openProject(sandbox, extractJob(""));
  const list = await measure(whole, "first load, by the list", () => countExtracted(whole, extracted));
  const filter = `, where: '[{"propertyName": "email", "operator": "HAS_PROPERTY"}]'`;
  await using searched = openProject(sandbox, extractJob(filter));
  const search = await measure(searched, `by searches, ${sameMillisecond} records of one moment among them`, () =>
    countExtracted(searched, extracted),
  );
  return [list, search];
}

async function load(): Promise<Cost[]> {
  await using sandbox = await startSandbox({ schema, msMax: benchMsMax });
  await using project = openProject(sandbox, loadJob);
  const lines = Array.from({ length: loaded }, (_, row) => {
    const email = row % 100 === 50 ? "no-address" : `p${row}@example.com`;
    return `i${row},${email},First${row},Last${row},Job${row % 50},City${row % 300},+49 30 ${row}`;
  });
  project.write({ "inbox/contacts.csv": `id,email,first,last,job,city,phone\n${lines.join("\n")}\n` });
  const told = (run: Finished) => {
    const { loaded: good = 0, failed = 0, unchanged = 0 } = run.summary().streams["contacts"] ?? {};
    return `${good} loaded, ${failed} rejected, ${unchanged} unchanged`;
  };
  const first = await measure(project, "load, 1 % bad rows", told);
  return [first, await measure(project, "the same again", told)];
}

const costs = [...(await extract()), ...(await load())];
const rows = costs.map(({ name, records, seconds, calls, refusedForPace, peakMb }) => {
  const pace = ((calls / seconds / callsPerSecond) * 100).toFixed(0);
  return `| ${name} | ${records} | ${seconds.toFixed(1)} | ${calls} | ${pace} % | ${refusedForPace} | ${peakMb} |`;
});
process.stdout.write(
  `| what | records | seconds | calls | of the share that limits.burst allows | answers 429 | peak MB |\n|---|---|---|---|---|---|---|\n${rows.join("\n")}\n`,
);
