// Nights of a job whose file changes a little, into a sandbox that people work in: what each night takes with present
// values kept, and with all of them read, and whether the org holds after each night what a model of it says.
// On some nights the run is killed at a step that is drawn, and made once more; before others kept files are damaged, cut,
// taken away or put back as they were some nights ago; on others calls fail, or people edit while the run is under way.
// In: `node bench/year.ts [--nights 365] [--rows 6000] [--seed 1] [--system salesforce] [--present kept]`; `--system
// hubspot`, `--present read`; without `--present`, both; `--every 5`: compared after each fifth night only. Out: a Markdown table: calls and bytes a night without a mishap,
// medians and the dearest, and how many records were others than in the model, counted after each night. Exit 1 on any.

import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, truncateSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { seededFraction } from "../src/core/random.ts";
import { type Rehearsal, rehearse } from "../test/run/support.ts";
import { setup } from "../test/support/build-program.ts";
import { type LiveRecord, readSystem, schema, yearJob } from "./year-systems.ts";

const { values } = parseArgs({
  options: {
    nights: { type: "string", default: "365" },
    rows: { type: "string", default: "6000" },
    seed: { type: "string", default: "1" },
    system: { type: "string", default: "salesforce" },
    present: { type: "string" },
    every: { type: "string", default: "1" },
  },
});
const nights = Number(values.nights);
const rows = Number(values.rows);
const every = Number(values.every);
const dayMs = 86_400_000;
/** Of a file's rows. */
const changedShare = 0.005;
/** The CRM is away, and a weekend on which nobody starts the job. */
const outages = new Set([Math.floor(nights / 3), Math.floor(nights / 2)]);
const missed = new Set([Math.floor(nights / 4), Math.floor(nights / 4) + 1]);
/** Steps at which a run can be killed, and some more. */
const stepsMax = 24;

const crm = readSystem(values.system);

/** What a record holds of the mapped fields, by its key; of those that people made, by their name. */
type Model = Map<string, { last: string; phone: string }>;

type Mishap = "away" | "killed" | "damaged" | "faults" | "edited meanwhile";

function mishapOf(night: number): Mishap | undefined {
  if (outages.has(night)) return "away";
  if (night % 7 === 3) return "killed";
  if (night % 11 === 5) return "damaged";
  if (night % 13 === 7) return "faults";
  return night % 17 === 9 ? "edited meanwhile" : undefined;
}

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
  const text = existsSync(trace) ? readFileSync(trace, "utf8").trim() : "";
  const calls = text === "" ? [] : text.split("\n").map((line) => JSON.parse(line));
  const bytes = calls.reduce((sum, { sent, received }) => sum + Number(sent ?? 0) + Number(received ?? 0), 0);
  const told = readStreams(done.stdout)["contacts"]?.presentValues?.how;
  return { calls: calls.length, bytes, seconds, isKept: told === "changed", code: done.code };
}

function readStreams(summary: string): Record<string, { presentValues?: { how: string } }> {
  return summary.trim() === "" ? {} : JSON.parse(summary).streams;
}

/** Kills the run of a night at one of its steps; false where it had fewer. */
async function killRun({ project }: Rehearsal, step: number): Promise<boolean> {
  const { signal } = await project.start(["run", "job.yaml"], { env: { LOADLINE_FAILPOINT: `*:${step}` } }).finished;
  return signal !== null;
}

const keptFolder = ".loadline/present";
const damages: ((place: Rehearsal, name: string) => void)[] = [
  ({ project }, name) => {
    const bytes = readFileSync(project.path(name));
    const middle = Math.floor(bytes.length / 2);
    bytes[middle] = (bytes[middle] ?? 0) ^ 1;
    project.write({ [name]: bytes });
  },
  ({ project }, name) => truncateSync(project.path(name), 1000),
  ({ project }, name) => rmSync(project.path(name)),
  // As a backup would put it back: another night's values under this night's name.
  ({ project }, name) => {
    const [old = ""] = project.list("old");
    if (old !== "") cpSync(project.path(`old/${old}`), project.path(name));
  },
];

/** Gives how many files are not as they were kept any more. */
function damageKept(place: Rehearsal, kind: number): number {
  const names = listKept(place);
  for (const name of names) damages[kind % damages.length]?.(place, name);
  return names.length;
}

function listKept({ project }: Rehearsal): string[] {
  if (!existsSync(project.path(keptFolder))) return [];
  return project.list(keptFolder).map((name) => `${keptFolder}/${name}`);
}

function putAside(place: Rehearsal): void {
  rmSync(place.project.path("old"), { recursive: true, force: true });
  mkdirSync(place.project.path("old"));
  for (const name of listKept(place)) cpSync(place.project.path(name), place.project.path("old/kept.parquet"));
}

/** Keys, and names of people's records, that are others than the model says, there without it, or missing. */
function othersIn(live: readonly LiveRecord[], model: Model): string[] {
  const nameOf = ({ key, last }: LiveRecord) => (key === "" ? last : key);
  const found = new Map(live.map((record) => [nameOf(record), record]));
  const wrong = live.filter((record) => {
    const expected = model.get(nameOf(record));
    return expected === undefined || expected.last !== record.last || expected.phone !== record.phone;
  });
  const missing = [...model.keys()].filter((name) => !found.has(name));
  const twice = live.length - found.size;
  return [...wrong.map(nameOf), ...missing, ...Array.from({ length: twice }, () => "twice")];
}

type Any = (count: number) => number;

interface People {
  ofPeople: Model;
  /** Of records of the job that nobody has taken away since these were asked for. */
  ids: string[];
}

/** What people do in a day to records of the job; their own go into the model. */
async function workADay(place: Rehearsal, night: number, any: Any, { ofPeople, ids }: People): Promise<void> {
  if (ids.length === 0) return;
  const take = () => ids.splice(any(ids.length), 1)[0] ?? "";
  const own = (last: string) => ofPeople.set(last, { last, phone: "" }) && last;
  const acts = [0, 1, 2].map(() => crm.edit(place, take(), `edited ${night}`));
  acts.push(crm.remove(place, take()), crm.create(place, own(`Person ${night}`)));
  if (night % 3 === 0) acts.push(crm.merge(place, take(), take()));
  if (night % 4 === 1) acts.push(crm.erase(place, take()));
  if (night % 5 === 2) acts.push(crm.disown(place, take(), own(`Disowned ${night}`)));
  await Promise.all(acts);
}

/** While a run is under way. Which rows' records it met: what they hold then is the later one's. */
async function editMeanwhile(place: Rehearsal, any: Any): Promise<string[]> {
  const records = (await crm.live(place)).filter(({ key }) => key !== "");
  const met = Array.from({ length: 5 }, () => records[any(records.length)] as LiveRecord);
  for (const { id } of met) {
    await wait(any(400));
    await crm.edit(place, id, "meanwhile");
  }
  return met.map(({ key }) => key);
}

interface Year {
  told: Night[];
  others: number;
  kills: number;
  damaged: number;
  failed: number;
}

async function liveNight(place: Rehearsal, night: number, any: Any, year: Year): Promise<Set<string>> {
  const mishap = mishapOf(night);
  const { sandbox } = place;
  if (mishap === "away") await sandbox.setFaults([{ match: crm.calls, do: { status: 500 } }]);
  if (mishap === "faults")
    await sandbox.setFaults([
      { match: crm.calls, rate: 0.08, do: { status: 503 } },
      { match: crm.calls, rate: 0.03, do: { reset: "after" } },
    ]);
  if (mishap === "damaged") year.damaged += damageKept(place, night);
  if (mishap === "killed" && (await killRun(place, 1 + any(stepsMax)))) year.kills += 1;
  const met = mishap === "edited meanwhile" ? editMeanwhile(place, any) : [];
  const { code, ...cost } = await runNight(place);
  const apart = new Set(await met);
  if (mishap === "away" || mishap === "faults") await sandbox.setFaults([]);
  if (code !== 0 && (mishap === "faults" || mishap === "away")) year.failed += 1;
  else if (code !== 0) throw new Error(`night ${night} ended with ${code}`);
  if (code !== 0 && mishap === "faults") {
    const again = await runNight(place);
    if (again.code !== 0) throw new Error(`night ${night}, made once more, ended with ${again.code}`);
  }
  if (night > 0 && mishap === undefined) year.told.push(cost);
  if (night % 10 === 0) {
    const soFar = { calls: median(year.told.map(({ calls }) => calls)), kills: year.kills, damaged: year.damaged };
    process.stderr.write(`night ${night}: ${JSON.stringify({ ...cost, soFar })}, ${year.others} others\n`);
  }
  return apart;
}

async function liveYear(present: string): Promise<Year> {
  const draw = seededFraction(Number(values.seed));
  const any = (count: number) => Math.floor(draw() * count);
  const file: Model = new Map(
    Array.from({ length: rows }, (_, row) => [`K${row}`, { last: `Last ${row}`, phone: "0" }]),
  );
  const people: People = { ofPeople: new Map(), ids: [] };
  await using place = await rehearse(yearJob(crm, present), {}, schema);
  await crm.prepare?.(place);
  const year: Year = { told: [], others: 0, kills: 0, damaged: 0, failed: 0 };
  for (let night = 0; night < nights; night += 1) {
    for (let change = 0; night > 0 && change < rows * changedShare; change += 1)
      file.set(`K${any(file.size)}`, { last: `Last ${night}.${change}`, phone: String(any(100)) });
    await place.sandbox.advance(dayMs - crm.lagMs);
    await workADay(place, night, any, people);
    if (crm.lagMs > 0) await place.sandbox.advance(crm.lagMs);
    if (missed.has(night)) continue;
    const lines = [...file].map(([id, { last, phone }]) => `${id},${last},${phone}`);
    place.project.write({ "inbox/contacts.csv": ["id,last,phone", ...lines].join("\n") });
    const apart = await liveNight(place, night, any, year);
    if (mishapOf(night) === "away") continue;
    if (night % every !== 0 && night !== nights - 1) continue;
    const live = await crm.live(place);
    people.ids = live.filter(({ key }) => key !== "").map(({ id }) => id);
    const others = othersIn(live, new Map([...file, ...people.ofPeople])).filter((name) => !apart.has(name));
    if (others.length > 0) process.stderr.write(`night ${night}: others are ${others.slice(0, 10).join(", ")}\n`);
    year.others += others.length;
    if (night % 30 === 0) putAside(place);
  }
  return year;
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((left, right) => left - right)[Math.floor(numbers.length / 2)] ?? 0;
}

// On a machine that is busy an idle connection may end as it is used.
const fetchKept = globalThis.fetch;
globalThis.fetch = (url, init = {}) => fetchKept(url, { ...init, headers: { ...init.headers, connection: "close" } });
const end = await setup();
try {
  process.stdout.write(`${nights} nights of ${rows} rows into ${values.system} from seed ${values.seed}\n\n`);
  process.stdout.write(
    "| present values | nights by kept ones | calls, median | calls, most | kB, median | kB, most | seconds, median | kills | files damaged | runs that failed | others than in the model |\n|---|---|---|---|---|---|---|---|---|---|---|\n",
  );
  for (const [name, present] of [
    ["kept", ""],
    ["read", ", present: read"],
  ] as const) {
    if (values.present !== undefined && values.present !== name) continue;
    const { told, others, kills, damaged, failed } = await liveYear(present);
    const of = (what: "calls" | "bytes" | "seconds") => told.map((night) => night[what]);
    const kb = (bytes: number) => Math.round(bytes / 1000);
    const kept = told.filter(({ isKept }) => isKept).length;
    process.stdout.write(
      `| ${name === "read" ? "read each night" : name} | ${kept} of ${told.length} | ${median(of("calls"))} | ${Math.max(...of("calls"))} | ${kb(median(of("bytes")))} | ${kb(Math.max(...of("bytes")))} | ${median(of("seconds")).toFixed(2)} | ${kills} | ${damaged} | ${failed} | ${others} |\n`,
    );
    if (others > 0) process.exitCode = 1;
  }
} finally {
  await end();
}
