// Two-way jobs under the hands of people on both sides, against a model. In: a seed: records that are there on either side or
// both, then phases of edits and deletions on both, runs that are killed or lose an answer, decisions of a person. Out: both
// sides hold what the last edit of a field says, by the job's ownership where both changed it; nobody's edit is lost, no
// record is doubled, and a round after the last change writes nothing. Throws with the seed otherwise.

import { seededFraction } from "../../src/core/random.ts";
import { type Fields, openPair, type Pair, toHubSpot, toSalesforce } from "../support/twins.ts";

const fields = [
  { here: "Title", there: "jobtitle", wins: "here" },
  { here: "FirstName", there: "firstname", wins: "there" },
  { here: "LastName", there: "lastname", wins: "person" },
] as const;

const kills = [
  "planned:1",
  "intent:1",
  "committed:1",
  "stored:1",
  "settled:1",
  "loaded:1",
  "agreed:1",
  "checkpointed:1",
];
const faults = [
  { match: "POST /crm/**", nth: [2], do: { reset: "after" } },
  { match: "* /services/data/**", nth: [9], do: { reset: "after" } },
  { match: "POST /crm/**", rate: 0.1, do: { status: 503, headers: { "Retry-After": "0" } } },
];

interface Known {
  email: string;
  /** What the two hold of each field, as far as they agree. */
  values: Map<string, string>;
}

type Next = () => number;

export async function tryTwins(seed: number): Promise<void> {
  const next = seededFraction(seed);
  await using pair = await openPair({ ownership: { jobtitle: "source", firstname: "target" }, deletes: "carry" });
  const problems: string[] = [];
  try {
    const known = await fill(pair, next);
    problems.push(...(await settle(pair, next, "first")));
    problems.push(...(await compare(pair, known, "first")));
    for (let phase = 1; phase <= 2 && problems.length === 0; phase += 1)
      problems.push(...(await tryPhase(pair, known, next, `phase ${phase}`)));
  } catch (error) {
    problems.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  if (problems.length > 0) throw new Error(`seed ${seed} (twins):\n${problems.join("\n")}`);
}

/** Records on either side, or on both by one address. */
async function fill(pair: Pair, next: Next): Promise<Known[]> {
  const known: Known[] = [];
  for (let index = 0; index < 3 + Math.floor(next() * 3); index += 1) {
    const email = `p${index}@x.de`;
    const values = new Map(fields.map(({ here }) => [here as string, `${here}${index}`]));
    const where = next();
    if (where < 0.7) await pair.addSalesforce({ Email: email, ...Object.fromEntries(values) });
    if (where > 0.4)
      await pair.addHubSpot({
        email,
        ...Object.fromEntries(fields.map(({ here, there }) => [there, values.get(here) ?? ""])),
      });
    known.push({ email, values });
  }
  return known;
}

async function tryPhase(pair: Pair, known: Known[], next: Next, phase: string): Promise<string[]> {
  const ids = await findIds(pair);
  const asked: { one: Known; here: string; there: string; merged: Map<string, string> }[] = [];
  for (const one of [...known]) {
    const { here: ours = "", there: theirs = "" } = ids.get(one.email) ?? {};
    const edits = { here: {} as Fields, there: {} as Fields };
    const merged = new Map(one.values);
    let isAsked = false;
    for (const { here, there, wins } of fields) {
      const mine = next() < 0.35 ? `${here} ${phase} a${Math.floor(next() * 99)}` : undefined;
      const yours = next() < 0.35 ? `${here} ${phase} b${Math.floor(next() * 99)}` : undefined;
      if (mine !== undefined) edits.here[here] = mine;
      if (yours !== undefined) edits.there[there] = yours;
      if (mine !== undefined && yours !== undefined && wins === "person") isAsked = true;
      const winner = wins === "there" ? (yours ?? mine) : (mine ?? yours);
      if (winner !== undefined) merged.set(here, winner);
    }
    const gone = next();
    if (gone < 0.1 && Object.keys(edits.there).length === 0) {
      await pair.sandbox.api("DELETE", `sobjects/Contact/${ours}`);
      known.splice(known.indexOf(one), 1);
      continue;
    }
    if (gone > 0.9 && Object.keys(edits.here).length === 0) {
      await pair.sandbox.hubspotApi("DELETE", `/crm/v3/objects/contacts/${theirs}`);
      known.splice(known.indexOf(one), 1);
      continue;
    }
    if (Object.keys(edits.here).length > 0) await pair.setSalesforce(ours, edits.here);
    if (Object.keys(edits.there).length > 0) await pair.setHubSpot(theirs, edits.there);
    if (isAsked) asked.push({ one, here: edits.here["LastName"] ?? "", there: edits.there["lastname"] ?? "", merged });
    else one.values = merged;
  }
  const problems = await settle(pair, next, phase);
  const held = asked.map(({ one }) => one);
  problems.push(
    ...(await compare(
      pair,
      known.filter((one) => !held.includes(one)),
      phase,
    )),
  );
  if (asked.length === 0 || problems.length > 0) return problems;
  const listed = JSON.parse((await pair.project.run("conflicts", toHubSpot, "--json")).stdout) as {
    conflicts: { field: string }[];
  };
  if (listed.conflicts.length !== asked.length)
    problems.push(`${phase}: ${listed.conflicts.length} of ${asked.length} asked`);
  const side = next() < 0.5 ? "ours" : "theirs";
  await pair.project.run("conflicts", toHubSpot, "--take", side);
  for (const { one, here, there, merged } of asked) one.values = merged.set("LastName", side === "ours" ? here : there);
  problems.push(...(await settle(pair, next, `${phase} decided`)));
  return [...problems, ...(await compare(pair, known, `${phase}, ${side}`))];
}

async function findIds(pair: Pair): Promise<Map<string, { here?: string; there?: string }>> {
  const ids = new Map<string, { here?: string; there?: string }>();
  for (const record of await pair.salesforce()) ids.set(String(record["Email"]), { here: String(record["Id"]) });
  for (const { email = "", id } of await pair.hubspot()) ids.set(email, { ...ids.get(email), there: id });
  return ids;
}

/** Runs both, one of them perhaps killed or without an answer, until a round writes nothing: a few must do. */
async function settle(pair: Pair, next: Next, phase: string): Promise<string[]> {
  const job = next() < 0.5 ? toHubSpot : toSalesforce;
  const args = ["run", job, "--yes", "--json"];
  const luck = next();
  if (luck < 0.4) {
    const env = { LOADLINE_FAILPOINT: kills[Math.floor(next() * kills.length)] ?? "" };
    await pair.project.start(args, { env }).finished;
  } else if (luck < 0.7) {
    await pair.sandbox.setFaults([faults[Math.floor(next() * faults.length)]]);
    await pair.project.run(...args);
    await pair.sandbox.setFaults([]);
  }
  // An unfinished run is finished by its own job.
  await pair.project.run(...args);
  const rounds = await pair.settle();
  return rounds.at(-1) === 0 && rounds.length <= 4 ? [] : [`${phase}: not quiet: ${rounds.join(", ")}`];
}

async function compare(pair: Pair, known: readonly Known[], phase: string): Promise<string[]> {
  const here = await pair.salesforce();
  const there = await pair.hubspot();
  const problems: string[] = [];
  for (const { email, values } of known) {
    const ours = here.filter((one) => one["Email"] === email);
    const theirs = there.filter((one) => one["email"] === email);
    if (ours.length !== 1 || theirs.length !== 1)
      problems.push(`${phase}: ${email} is there ${ours.length} and ${theirs.length} times`);
    for (const field of fields) {
      const expected = values.get(field.here);
      const found = [ours[0]?.[field.here], theirs[0]?.[field.there]];
      if (found.some((one) => one !== expected))
        problems.push(`${phase}: ${email} ${field.here} is ${found.join(" and ")}, not ${expected}`);
    }
  }
  return problems;
}
