// Two-way jobs under the hands of people on both sides, against a model. In: a seed, and how many histories share its runs:
// each is a group of records of its own, that are there on either side or both, then added, edited, deleted and merged on
// both sides, in phases. Between them the two jobs run: killed, without an answer, with clocks apart, with a late index, at
// the same moment, with people at work between plan and sending. Out: both sides hold what the model says; nobody's edit is
// lost, no record is doubled, and the jobs come to rest. Throws with the seed otherwise.

import { existsSync } from "node:fs";
import { seededFraction } from "../../src/core/random.ts";
import { openPair, type Pair, toHubSpot, toSalesforce } from "../support/twins.ts";
import {
  add,
  askedOf,
  decideFor,
  edit,
  look,
  merge,
  newPerson,
  other,
  type Person,
  remove,
  type Side,
  settlePerson,
  twinFields,
  type Unanswered,
  unansweredOf,
} from "./twin-people.ts";

const kills = [
  "planned:1",
  "intent:1",
  "committed:1",
  "answered:1",
  "stored:1",
  "settled:1",
  "loaded:1",
  "agreed:1",
  "checkpointed:1",
];
const faults = [
  { match: "POST /crm/**", nth: [2], do: { reset: "after" } },
  { match: "POST /crm/objects/*/contacts/batch/u*", nth: [1], do: { reset: "after" } },
  { match: "* /services/data/**", nth: [9], do: { reset: "after" } },
  { match: "PATCH /services/data/**", nth: [1], do: { reset: "after" } },
  { match: "POST /crm/**", rate: 0.1, do: { status: 503, headers: { "Retry-After": "0" } } },
];
const sides = ["here", "there"] as const;
const lagMs = 20_000;

/** What the runs of a seed met. */
export interface Met {
  kills: number;
  faults: number;
  between: number;
  atOnce: number;
  late: number;
  apart: number;
  merges: number;
  asked: number;
}

export const nothingMet = (): Met => ({
  kills: 0,
  faults: 0,
  between: 0,
  atOnce: 0,
  late: 0,
  apart: 0,
  merges: 0,
  asked: 0,
});

/** `phases`: how often people are at work after the first agreement. */
export async function tryTwins(seed: number, histories = 1, met = nothingMet(), phases = 2): Promise<void> {
  const world = new World(seed, histories, met, phases);
  const problems: string[] = [];
  try {
    problems.push(...(await world.prove()));
  } catch (error) {
    problems.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  if (problems.length > 0)
    throw new Error(`seed ${seed} (twins of ${histories}):\n${[...problems, ...world.told].join("\n")}`);
}

/** When people are at work: between runs, while one is at work, or while one that was killed waits to be gone on with. */
type Moment = "apart" | "between" | "killed";

/** Whose record was changed last is another question once a run has written into it, and the answer stays where it has found one. */
function mayChange({ changed: { here, there } }: Person, field: (typeof twinFields)[number], moment: Moment): boolean {
  const isOpen = twinFields.some((one) => one.wins === "newest" && here.has(one.here) && there.has(one.here));
  return moment === "apart" || (field.wins !== "newest" && !isOpen);
}

class World {
  readonly #next: () => number;
  readonly #histories: number;
  readonly #met: Met;
  readonly #phases: number;
  readonly #people: Person[] = [];
  /** What was done, for a seed that ends otherwise. */
  readonly told: string[] = [];
  readonly #ahead: Record<Side, number> = { here: 0, there: 0 };
  #count = 0;
  #values = 0;
  /** Set where people are to be at work once the next run has asked its target so many times. */
  #between: { system: string; calls: number } | undefined;
  #pair: Pair | undefined;

  constructor(seed: number, histories: number, met: Met, phases: number) {
    this.#next = seededFraction(seed);
    this.#histories = histories;
    this.#met = met;
    this.#phases = phases;
  }

  async prove(): Promise<string[]> {
    const before = (system: string, method: string, path: string) => this.#hear(system, method, path);
    const ownership = { jobtitle: "source", firstname: "target", phone: "newest" };
    await using pair = await openPair({ ownership, deletes: "carry", before });
    this.#pair = pair;
    await this.#moveClocks();
    for (let group = 0; group < this.#histories; group += 1)
      for (let index = 0; index < 3 + this.#draw(3); index += 1) await this.#add(group);
    const problems = await this.#settle("first");
    for (let phase = 1; phase <= this.#phases && problems.length === 0; phase += 1)
      problems.push(...(await this.#phase(phase)));
    return problems;
  }

  get #open(): Pair {
    if (this.#pair === undefined) throw new Error("no pair");
    return this.#pair;
  }

  /** No value is given twice. */
  #number(): number {
    this.#values += 1;
    return this.#values;
  }

  #draw(choices: number): number {
    return Math.floor(this.#next() * choices);
  }

  #pick<T>(choices: readonly T[]): T {
    return choices[this.#draw(choices.length)] as T;
  }

  async #moveClocks(): Promise<void> {
    for (const [side, sandbox] of [
      ["here", this.#open.sandbox],
      ["there", this.#open.portal],
    ] as const) {
      const ms = this.#next() < 0.3 ? this.#draw(90) * 1000 : 0;
      this.#ahead[side] += ms;
      if (ms > 0) await sandbox.advance(ms);
      if (ms > 0) this.#met.apart += 1;
    }
  }

  /** Both clocks go on, so that no two changes are of one time. */
  async #pass(ms: number): Promise<void> {
    for (const sandbox of [this.#open.sandbox, this.#open.portal]) await sandbox.advance(ms);
    for (const side of sides) this.#ahead[side] += ms;
  }

  /** On either side, or on both by one address. */
  async #add(group: number): Promise<void> {
    this.#count += 1;
    const person = newPerson(
      `p${this.#count}@x.de`,
      group,
      twinFields.map(({ here }) => [here, `${here}${this.#count}`]),
    );
    const where = this.#next();
    if (where < 0.7) await add(this.#open, person, "here");
    if (where > 0.4) await add(this.#open, person, "there");
    person.isJoined = where > 0.4 && where < 0.7;
    this.#people.push(person);
  }

  async #phase(phase: number): Promise<string[]> {
    const late = this.#next() < 0.3 ? lagMs : 0;
    if (late > 0) this.#met.late += 1;
    await this.#open.portal.hubspotApi("POST", "/__sandbox/hubspot/search-lag", { ms: late });
    await this.#moveClocks();
    await this.#change(0.35);
    await this.#leave();
    if (this.#next() < 0.5) await this.#add(this.#draw(this.#histories));
    const problems = await this.#settle(`phase ${phase}`);
    const asked = this.#people.filter((person) => askedOf(person).length > 0);
    if (asked.length === 0 || problems.length > 0) return problems;
    this.#met.asked += asked.length;
    const listed = JSON.parse((await this.#open.project.run("conflicts", toHubSpot, "--json")).stdout) as {
      conflicts: { source: string }[];
    };
    const told = listed.conflicts.map(({ source }) => source);
    const isTold = ({ id: { here = "" } }: Person) =>
      told.filter((id) => here.startsWith(id.slice(0, 15))).length === 1;
    if (told.length !== asked.length || !asked.every(isTold))
      return [`phase ${phase}: asked of ${told.join(", ")}, not of ${asked.map(({ id }) => id.here).join(", ")}`];
    const take = this.#pick(sides);
    await this.#open.project.run("conflicts", toHubSpot, "--take", take === "here" ? "ours" : "theirs");
    for (const person of asked) decideFor(person, take);
    return this.#settle(`phase ${phase}, ${take} taken`);
  }

  /** People edit some fields of some records, one call a record and side. */
  async #change(rate: number, moment: Moment = "apart", isLeft?: Unanswered): Promise<void> {
    const held = await look(this.#open, this.#people);
    for (const side of this.#next() < 0.5 ? sides : ([...sides].reverse() as Side[])) {
      await this.#pass(3000);
      const at = Date.now() + this.#ahead[side];
      for (const person of this.#people) {
        if (held.get(person.email)?.[side] === undefined || person.isJoined) continue;
        if (isLeft?.(side, person, held) === true) continue;
        const fields = twinFields.filter(() => this.#next() < rate);
        const may = fields.filter((field) => mayChange(person, field, moment));
        if (may.length === 0) continue;
        const values = may.map((field) => [field, `${field.here} ${side} ${this.#number()}`] as const);
        await edit(this.#open, held, person, { side, values, at });
        this.told.push(
          `  ${person.email} ${side}${moment === "apart" ? "" : ` ${moment}`}: ${values.map(([, value]) => value).join(", ")}`,
        );
      }
    }
    await this.#pass(3000);
  }

  /** Records go, alone or into another of their group, where the other side has not changed them. */
  async #leave(): Promise<void> {
    const held = await look(this.#open, this.#people);
    const isBoth = ({ email }: Person) => sides.every((side) => held.get(email)?.[side] !== undefined);
    for (const person of [...this.#people]) {
      if (this.#next() > 0.12 || !isBoth(person)) continue;
      const side = this.#pick(sides);
      if (person.changed[other[side]].size > 0) continue;
      const kept = this.#people.find((one) => one !== person && one.group === person.group && isBoth(one));
      if (kept !== undefined && this.#next() < 0.5) {
        await merge(this.#open, [kept, person], side);
        kept.isJoined = true;
        this.#met.merges += 1;
        this.told.push(`  ${person.email} merged into ${kept.email} ${side}`);
      } else {
        await remove(this.#open, person, side);
        this.told.push(`  ${person.email} deleted ${side}`);
      }
      this.#people.splice(this.#people.indexOf(person), 1);
    }
  }

  async #hear(system: string, method: string, path: string): Promise<void> {
    const between = this.#between;
    if (between === undefined || between.system !== system) return;
    const isRead = system === "hubspot" ? path.includes("/batch/read") : method === "GET" && path.includes("/query");
    if (!isRead) return;
    between.calls -= 1;
    if (between.calls > 0) return;
    this.#between = undefined;
    this.#met.between += 1;
    await this.#change(0.2, "between");
  }

  /** Runs both, one of them with bad luck, until a round writes nothing: a few must do. */
  async #settle(phase: string): Promise<string[]> {
    const pair = this.#open;
    const job = this.#pick([toHubSpot, toSalesforce]);
    const args = ["run", job, "--yes", "--json"];
    const luck = this.#next();
    this.told.push(`${phase}: ${job}, luck ${luck}`);
    if (luck < 0.35) {
      const env = { LOADLINE_FAILPOINT: this.#pick(kills) };
      const before = await look(pair, this.#people);
      const { signal } = await pair.project.start(args, { env }).finished;
      if (signal !== null) this.#met.kills += 1;
      this.told.push(`  ${env.LOADLINE_FAILPOINT}: ${signal}`);
      if (this.#next() < 0.5) await this.#change(0.2, "killed", unansweredOf(pair.project, before));
    } else if (luck < 0.55) {
      const fault = this.#pick(faults);
      for (const sandbox of [pair.sandbox, pair.portal]) await sandbox.setFaults([fault]);
      await pair.project.run(...args);
      for (const sandbox of [pair.sandbox, pair.portal]) {
        this.#met.faults += (await sandbox.faultsMet())[0] ?? 0;
        await sandbox.setFaults([]);
      }
    } else if (luck < 0.8) {
      this.#between = { system: job === toHubSpot ? "hubspot" : "salesforce", calls: 1 + this.#draw(4) };
    } else if (luck < 0.9) {
      this.#met.atOnce += 1;
      await Promise.all([toHubSpot, toSalesforce].map((one) => pair.project.run("run", one, "--yes", "--json")));
    }
    // An unfinished run is finished by its own job.
    await pair.project.run(...args);
    this.#between = undefined;
    // The index knows by then what was written before.
    await this.#pass(lagMs + 5000);
    const rounds: number[] = [];
    for (let wrote = 1; wrote > 0 && rounds.length < 6; rounds.push(wrote)) {
      wrote = (await pair.run(toHubSpot)).wrote + (await pair.run(toSalesforce)).wrote;
      await this.#pass(lagMs + 5000);
    }
    for (const folder of pair.project.runFolders().slice(-2)) {
      const path = `${folder.slice(pair.project.folder.length + 1)}/conflicts/contacts.csv`;
      if (existsSync(pair.project.path(path))) this.told.push(pair.project.read(path));
    }
    if (rounds.at(-1) !== 0 || rounds.length > 4) return [`${phase}: not quiet: ${rounds.join(", ")}`];
    return this.#compare(phase);
  }

  async #compare(phase: string): Promise<string[]> {
    const problems: string[] = [];
    const addresses = [
      (await this.#open.salesforce()).map((one) => one["Email"]),
      (await this.#open.hubspot()).map((one) => one["email"]),
    ];
    for (const person of this.#people) settlePerson(person);
    const known = new Set(this.#people.map(({ email }) => email));
    for (const [index, list] of addresses.entries()) {
      const double = list.filter((one, place) => list.indexOf(one) !== place);
      const extra = list.filter((one) => !known.has(String(one)));
      if (double.length + extra.length > 0)
        problems.push(`${phase}: ${sides[index]}: doubled ${double.join()}, not gone ${extra.join()}`);
    }
    const held = await look(this.#open, this.#people);
    for (const person of this.#people) {
      const { here, there } = held.get(person.email) ?? {};
      for (const field of askedOf(person).length > 0 ? [] : twinFields) {
        const found = [here?.get(field.here), there?.get(field.here)];
        const expected = person.values.get(field.here);
        if (found.some((one) => one !== expected))
          problems.push(`${phase}: ${person.email} ${field.here} is ${found.join(" and ")}, not ${expected}`);
      }
    }
    return problems;
  }
}
