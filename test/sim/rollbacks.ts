// A run that is taken back after others were at work, against a model. In: a seed: a history of apply-model.ts without its
// deeds, and what others do once the run has ended. Out: what the run wrote is as it was before; what others changed of it
// stays as they left it, and so does all else; what Salesforce's recycle bin still holds has its id again. Throws with the seed
// otherwise. Not drawn: mode delete into HubSpot, whose records can't be made anew by their keys alone.

import { seededFraction } from "../../src/core/random.ts";
import type { Sandbox } from "../support/rig.ts";
import { drawHistory, type History, type StreamName } from "./apply-model.ts";
import { type Found, namesOf, Org, objects, openProject } from "./apply-org.ts";

const kills = ["planned:1", "intent:1", "committed:1", "stored:1", "settled:1", "loaded:1"];

export async function tryRollback(sandbox: Sandbox, seed: number): Promise<void> {
  const history = drawHistory(seed, { isQuiet: true, isPlain: true });
  if (history.mode === "delete" && history.system === "hubspot") return;
  const problems: string[] = [];
  try {
    problems.push(...(await proveRollback(sandbox, history, seed)));
  } catch (error) {
    problems.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  if (problems.length > 0)
    throw new Error(`seed ${seed} (rollback):\n${problems.join("\n")}\n${JSON.stringify(history)}`);
}

async function proveRollback(sandbox: Sandbox, history: History, seed: number): Promise<string[]> {
  const next = seededFraction(seed * 7919 + 1);
  const org = new Org(sandbox, history);
  await org.fill();
  const before = await org.readAll();
  await using project = openProject(sandbox, history);
  const done = await project.run("run", "job.yaml", "--json");
  if (done.code !== 0) return [`run: exit ${done.code} ${done.stderr}`];
  const after = await org.readAll();
  await sandbox.advance(2000);
  for (const record of after) if (next() < 0.2) await touch(sandbox, history, record, next);
  await sandbox.advance(2000);
  const touched = await org.readAll();
  const isBin = history.system === "salesforce";
  const lost = before.filter(({ id }) => !after.some((one) => one.id === id));
  // Of mode delete only the key is known of what has left the recycle bin.
  const purged = isBin && history.mode !== "delete" ? lost.filter(() => next() < 0.25) : [];
  for (const { id, stream } of purged)
    await sandbox.api("POST", "/__sandbox/salesforce/purge", { object: objects.salesforce[stream], ids: [id] });
  const made = new Set(purged.map(({ id }) => id));
  const isMadeAnew = ({ id }: Found) => !isBin || made.has(id);
  const known = new Set([...before, ...touched].filter((one) => !isMadeAnew(one)).map(({ id }) => id));
  const show = (one: Found) => showRecord(one, isBin && known.has(one.id));
  const expected = expectRecords({ before, after, touched }, isMadeAnew).map(show).sort();

  const rollback = ["rollback", done.summary().run ?? "", "--yes", "--json"];
  const env = next() < 0.5 ? { LOADLINE_FAILPOINT: kills[Math.floor(next() * kills.length)] ?? "" } : undefined;
  const first = env === undefined ? undefined : await project.start(rollback, { env }).finished;
  const back = first === undefined || first.signal !== null ? await project.run(...rollback) : first;
  const problems: string[] = [];
  if (back.code !== 0) problems.push(`rollback: exit ${back.code} ${back.stderr}`);
  const compare = async (what: string) => {
    const found = (await org.readAll()).map(show).sort();
    const lost = expected.filter((one) => !found.includes(one));
    const others = found.filter((one) => !expected.includes(one));
    if (found.join("\n") !== expected.join("\n"))
      problems.push(`${what}:\n  not there: ${lost.join("; ")}\n  there: ${others.join("; ")}`);
  };
  await compare("after the rollback");
  const again = await project.run(...rollback);
  const { creates = 0, updates = 0, deletes = 0 } = again.summary().streams["contacts"] ?? {};
  if (again.code !== 0 || creates + updates + deletes > 0)
    problems.push(`once more: exit ${again.code}, ${creates + updates + deletes} to write ${again.stderr}`);
  await compare("after the second");
  return problems;
}

/** Another field, one that the run may have written, or the whole record. */
async function touch(sandbox: Sandbox, { system }: History, { id, stream }: Found, next: () => number): Promise<void> {
  const isHubSpot = system === "hubspot";
  const path = isHubSpot ? `/crm/v3/objects/contacts/${id}` : `sobjects/${objects.salesforce[stream]}/${id}`;
  const api = isHubSpot ? sandbox.hubspotApi : sandbox.api;
  if (next() < 0.15 && stream === "contacts") {
    await api("DELETE", path);
    return;
  }
  const names = Object.values(namesOf[system][stream]);
  const fields = { [names[Math.floor(next() * names.length)] ?? ""]: "hers" };
  await api("PATCH", path, isHubSpot ? { properties: fields } : fields);
}

interface Seen {
  before: readonly Found[];
  after: readonly Found[];
  touched: readonly Found[];
}

/** Records as they are to be, in any order: those that come back have other ids. */
function expectRecords({ before, after, touched }: Seen, isMadeAnew: (one: Found) => boolean): Found[] {
  const byId = (records: readonly Found[]) => new Map(records.map((one) => [one.id, one]));
  const [old, left, now] = [byId(before), byId(after), byId(touched)];
  const expected: Found[] = [];
  for (const [id, found] of now) {
    const was = old.get(id);
    const wrote = left.get(id);
    if (wrote === undefined) continue;
    const names = Object.keys(found.values).filter((name) => name !== "note");
    const written = names.filter((name) => wrote.values[name] !== (was?.values[name] ?? ""));
    const isOthers = written.some((name) => {
      const value = found.values[name];
      return value !== wrote.values[name] && (was === undefined || value !== (was.values[name] ?? ""));
    });
    if (isOthers) expected.push(found);
    else if (was !== undefined) {
      const back = Object.fromEntries(written.map((name) => [name, was.values[name] ?? ""]));
      expected.push({ ...found, values: { ...found.values, ...back } });
    }
  }
  // What hangs on a record that the run made keeps it there.
  const kept = new Set(expected.map(({ values }) => values["account"]).filter(Boolean));
  const held = [...now.values()].filter(
    (one) => one.stream === accounts && kept.has(one.key) && !expected.some(({ id }) => id === one.id),
  );
  // Records that the run deleted come back whole, or are made anew, of what it maps.
  const deleted = before
    .filter(({ id }) => !left.has(id))
    .map((one) => (isMadeAnew(one) ? { ...one, values: { ...one.values, note: "" } } : one));
  return [...expected, ...held, ...deleted];
}

const accounts: StreamName = "accounts";

function showRecord({ id, stream, key, values }: Found, withId: boolean): string {
  return `${stream} ${key} ${withId ? id : "new"} ${JSON.stringify(Object.entries(values).sort())}`;
}
