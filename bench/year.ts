// Nights of a job whose file changes a little, into a sandbox that people work in: what each night takes with present
// values kept, and with all of them read, and whether the org holds in the end what a model of it says.
// On some nights the run is killed at a step that is drawn, and made once more; before others a byte of each kept file is
// made another.
// In: `node bench/year.ts [--nights 365] [--rows 6000] [--seed 1] [--system salesforce]`, or `--system hubspot`. Out: a Markdown table: calls and bytes a
// night without a mishap, medians and the dearest, and how many records are others than in the model. Exit 1 on any.

import { readFileSync, rmSync } from "node:fs";
import { parseArgs } from "node:util";
import { seededFraction } from "../src/core/random.ts";
import { type Rehearsal, rehearse, schema } from "../test/run/support.ts";
import { setup } from "../test/support/build-program.ts";

const { values } = parseArgs({
  options: {
    nights: { type: "string", default: "365" },
    rows: { type: "string", default: "6000" },
    seed: { type: "string", default: "1" },
    system: { type: "string", default: "salesforce" },
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
const isKilled = (night: number) => night % 7 === 3;
const isDamaged = (night: number) => night % 11 === 5;
/** Steps at which a run can be killed, and some more. */
const stepsMax = 24;

/** Of a live record: its key, "" for one that people made, and the mapped fields. */
interface LiveRecord {
  id: string;
  key: string;
  last: string;
  phone: string;
}

/** What people do in a system, and what it holds. */
interface System {
  target: string;
  map: string;
  /** Of a night on which it is away. */
  calls: string;
  live(place: Rehearsal): Promise<LiveRecord[]>;
  edit(place: Rehearsal, id: string, phone: string): Promise<unknown>;
  remove(place: Rehearsal, id: string): Promise<unknown>;
  create(place: Rehearsal, last: string): Promise<unknown>;
}

const contactsPath = "/crm/v3/objects/contacts";
const systems: Record<string, System> = {
  salesforce: {
    target: "connection: salesforce, object: Contact, key: Ext__c",
    map: "Ext__c: id, LastName: last, Phone: phone",
    calls: "* /services/data/**",
    async live({ sandbox }) {
      const records = (await sandbox.dump("Contact")).filter((one) => one["IsDeleted"] !== true);
      return records.map((one) => ({
        id: String(one["Id"]),
        key: String(one["Ext__c"] ?? ""),
        last: String(one["LastName"]),
        phone: String(one["Phone"] ?? ""),
      }));
    },
    edit: ({ sandbox }, id, phone) => sandbox.api("PATCH", `sobjects/Contact/${id}`, { Phone: phone }),
    remove: ({ sandbox }, id) => sandbox.api("DELETE", `sobjects/Contact/${id}`),
    create: ({ sandbox }, last) => sandbox.api("POST", "sobjects/Contact", { LastName: last }),
  },
  hubspot: {
    target: "connection: hubspot, object: contacts, key: ext_id",
    map: "ext_id: id, lastname: last, phone: phone",
    calls: "* /crm/**",
    async live({ sandbox }) {
      const records = (await sandbox.dumpHubSpot("contacts")).filter(({ archived }) => !archived);
      return records.map(({ id, properties: { ext_id: key = "", lastname: last = "", phone = "" } }) => {
        return { id, key, last, phone };
      });
    },
    edit: ({ sandbox }, id, phone) => sandbox.hubspotApi("PATCH", `${contactsPath}/${id}`, { properties: { phone } }),
    remove: ({ sandbox }, id) => sandbox.hubspotApi("DELETE", `${contactsPath}/${id}`),
    create: ({ sandbox }, lastname) => sandbox.hubspotApi("POST", contactsPath, { properties: { lastname } }),
  },
};
const system = systems[values.system];
if (system === undefined) throw new Error(`there is no system ${values.system}`);
const crm: System = system;
const withKey = {
  ...schema,
  hubspot: { contacts: { properties: { ext_id: { type: "string", fieldType: "text", hasUniqueValue: true } } } },
};

const job = (present: string) => `version: 1
name: year
streams:
  contacts:
    source: { connection: drop, files: "contacts.csv" }
    target: { ${crm.target}, mode: upsert${present} }
    map: { ${crm.map} }
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

/** Kills the run of a night at one of its steps; false where it had fewer. */
async function killRun({ project }: Rehearsal, step: number): Promise<boolean> {
  const { signal } = await project.start(["run", "job.yaml"], { env: { LOADLINE_FAILPOINT: `*:${step}` } }).finished;
  return signal !== null;
}

/** Gives how many files are not as they were kept any more. */
function damageKept({ project }: Rehearsal): number {
  const names = project.list(".loadline/present").map((name) => `.loadline/present/${name}`);
  for (const name of names) {
    const bytes = readFileSync(project.path(name));
    const middle = Math.floor(bytes.length / 2);
    bytes[middle] = (bytes[middle] ?? 0) ^ 1;
    project.write({ [name]: bytes });
  }
  return names.length;
}

async function countOthers(place: Rehearsal, model: Model): Promise<number> {
  const live = await crm.live(place);
  const wrong = live.filter(({ key, last, phone }) => {
    const expected = model.get(key === "" ? last : key);
    return expected === undefined || expected.last !== last || expected.phone !== phone;
  });
  return wrong.length + Math.abs(live.length - model.size);
}

interface Year {
  told: Night[];
  others: number;
  kills: number;
  damaged: number;
}

async function liveYear(present: string): Promise<Year> {
  const draw = seededFraction(Number(values.seed));
  const any = (count: number) => Math.floor(draw() * count);
  const file: Model = new Map(
    Array.from({ length: rows }, (_, row) => [`K${row}`, { last: `Last ${row}`, phone: "0" }]),
  );
  const ofPeople: Model = new Map();
  await using place = await rehearse(job(present), {}, withKey);
  const { project, sandbox } = place;
  const told: Night[] = [];
  let [others, kills, damaged] = [0, 0, 0];
  for (let night = 0; night < nights; night += 1) {
    for (let change = 0; night > 0 && change < rows * changedShare; change += 1)
      file.set(`K${any(file.size)}`, { last: `Last ${night}.${change}`, phone: String(any(100)) });
    const ids = (await crm.live(place)).filter(({ key }) => key !== "").map(({ id }) => id);
    for (let edit = 0; ids.length > 0 && edit < 3; edit += 1)
      await crm.edit(place, ids[any(ids.length)] ?? "", `edited ${night}`);
    if (ids.length > 0) await crm.remove(place, ids[any(ids.length)] ?? "");
    if (ids.length > 0) {
      const last = `Person ${night}`;
      await crm.create(place, last);
      ofPeople.set(last, { last, phone: "" });
    }
    await sandbox.advance(dayMs);
    if (missed.has(night)) continue;
    const lines = [...file].map(([id, { last, phone }]) => `${id},${last},${phone}`);
    project.write({ "inbox/contacts.csv": ["id,last,phone", ...lines].join("\n") });
    const away = outages.has(night);
    if (away) await sandbox.setFaults([{ match: crm.calls, do: { status: 500 } }]);
    const isMishap = !away && (isKilled(night) || isDamaged(night));
    if (isMishap && isDamaged(night)) damaged += damageKept(place);
    if (isMishap && isKilled(night) && (await killRun(place, 1 + any(stepsMax)))) kills += 1;
    const { code, ...cost } = await runNight(place);
    if (away) await sandbox.setFaults([]);
    if (night > 0 && !away && !isMishap) told.push(cost);
    if (!away && code !== 0) throw new Error(`night ${night} ended with ${code}`);
    if (!away && (night % 30 === 0 || night === nights - 1))
      others += await countOthers(place, new Map([...file, ...ofPeople]));
    if (night % 10 === 0) process.stderr.write(`night ${night}: ${JSON.stringify(cost)}, ${others} others\n`);
  }
  return { told, others, kills, damaged };
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((left, right) => left - right)[Math.floor(numbers.length / 2)] ?? 0;
}

const end = await setup();
try {
  process.stdout.write(`${nights} nights of ${rows} rows into ${values.system} from seed ${values.seed}\n\n`);
  process.stdout.write(
    "| present values | nights by kept ones | calls, median | calls, most | kB, median | kB, most | seconds, median | kills | files damaged | others than in the model |\n|---|---|---|---|---|---|---|---|---|---|\n",
  );
  for (const [name, present] of [
    ["kept", ""],
    ["read each night", ", present: read"],
  ] as const) {
    const { told, others, kills, damaged } = await liveYear(present);
    const of = (what: "calls" | "bytes" | "seconds") => told.map((night) => night[what]);
    const kb = (bytes: number) => Math.round(bytes / 1000);
    const kept = told.filter(({ isKept }) => isKept).length;
    process.stdout.write(
      `| ${name} | ${kept} of ${told.length} | ${median(of("calls"))} | ${Math.max(...of("calls"))} | ${kb(median(of("bytes")))} | ${kb(Math.max(...of("bytes")))} | ${median(of("seconds")).toFixed(2)} | ${kills} | ${damaged} | ${others} |\n`,
    );
    if (others > 0) process.exitCode = 1;
  }
} finally {
  await end();
}
