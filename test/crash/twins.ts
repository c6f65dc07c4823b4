// Two jobs that are twins, one of them killed at a step while people are at work; then the other goes on, and both are run
// again. In: which job is killed where, and what follows. Out: what is wrong, if anything: a lost edit, a doubled record, an
// echo. What must hold: cases share a pair, so that each begins with what the ones before it left.

import {
  add,
  edit,
  look,
  newPerson,
  type Person,
  remove,
  type Side,
  settlePerson,
  twinFields,
  type Unanswered,
  unansweredOf,
} from "../sim/twin-people.ts";
import { openPair, type Pair, toHubSpot, toSalesforce } from "../support/twins.ts";

export const twinJobs = [toHubSpot, toSalesforce] as const;

export interface TwinKill {
  job: (typeof twinJobs)[number];
  /** `<name>:<hit>` or `*:<hit>`. */
  failpoint: string;
  /** What becomes of the killed job: `run` gives the same command once more. */
  continuation: "resume" | "run";
}

export interface TwinResult {
  isKilled: boolean;
  problems: string[];
}

type Edit = [number, Side, (typeof twinFields)[number]["here"]];

/** So long that no two changes are of one time, and an index knows what was written. */
const apartMs = 30_000;

export class TwinsToKill implements AsyncDisposable {
  readonly #pair: Pair;
  readonly #people: Person[] = [];
  #count = 0;
  #values = 0;

  private constructor(pair: Pair) {
    this.#pair = pair;
  }

  /** Both sides hold the same records. */
  static async open(): Promise<TwinsToKill> {
    const ownership = { jobtitle: "source", firstname: "target" };
    const twins = new TwinsToKill(await openPair({ ownership, deletes: "carry" }));
    // Five that stay, and two to go.
    for (let index = 0; index < 7; index += 1) await twins.#add("here");
    const { problems } = await twins.#settle();
    if (problems.length > 0) throw new Error(problems.join("\n"));
    return twins;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pair[Symbol.asyncDispose]();
  }

  async kill({ job, failpoint, continuation }: TwinKill): Promise<TwinResult> {
    const { project } = this.#pair;
    await this.#change();
    const before = await look(this.#pair, this.#people);
    const env = { LOADLINE_FAILPOINT: failpoint };
    const killed = await project.start(["run", job, "--yes", "--json"], { env }).finished;
    const isKilled = killed.signal === "SIGKILL";
    const problems = isKilled || killed.code === 0 ? [] : [`exit ${killed.code}: ${killed.stderr}`];
    if (isKilled) await this.#changeWhileKilled(unansweredOf(project, before));
    // What the killed one has written may not be agreed on yet: then the other waits.
    const other = await project.run("run", job === toHubSpot ? toSalesforce : toHubSpot, "--yes", "--json");
    if (other.code !== 0 && other.code !== 6) problems.push(`the other: exit ${other.code}: ${other.stderr}`);
    if (isKilled && continuation === "resume") {
      const resumed = await project.run("resume", "--json");
      // It may have been killed before there was a run, or after its end.
      if (resumed.code !== 0 && !resumed.stderr.includes("nothing to resume"))
        problems.push(`resume: exit ${resumed.code}: ${resumed.stderr}`);
    }
    const settled = await this.#settle(job);
    return { isKilled, problems: [...problems, ...settled.problems] };
  }

  /** New records on either side and on both, deletions on either, edits of one side, of the same record, of the same field. */
  async #change(): Promise<void> {
    const [goesHere, goesThere] = this.#people.splice(5, 2) as [Person, Person];
    await remove(this.#pair, goesHere, "here");
    await remove(this.#pair, goesThere, "there");
    await this.#add("here");
    await this.#add("there");
    await this.#edit([0, "here", "Title"], [1, "there", "Title"], [2, "here", "FirstName"], [2, "there", "Phone"]);
    await this.#edit([3, "here", "Title"], [3, "there", "Title"], [4, "there", "FirstName"], [4, "here", "FirstName"]);
  }

  /** Of fields that the killed run may have written, and of others. */
  async #changeWhileKilled(isLeft: Unanswered): Promise<void> {
    const edits: Edit[] = [
      [0, "there", "Title"],
      [1, "here", "Title"],
      [2, "there", "FirstName"],
      [3, "there", "LastName"],
    ];
    const held = await look(this.#pair, this.#people);
    await this.#edit(...edits.filter(([index, side]) => !isLeft(side, this.#people[index] as Person, held)));
  }

  async #add(...where: Side[]): Promise<void> {
    this.#count += 1;
    const values = twinFields.map(({ here }) => [here, `${here} ${this.#count}`] as [string, string]);
    const person = newPerson(`k${this.#count}@x.de`, 0, values);
    for (const side of where) await add(this.#pair, person, side);
    this.#people.push(person);
  }

  async #edit(...edits: Edit[]): Promise<void> {
    await this.#pass();
    const held = await look(this.#pair, this.#people);
    for (const [index, side, name] of edits) {
      const [person, field] = [this.#people[index], twinFields.find(({ here }) => here === name)];
      if (person === undefined || field === undefined) throw new Error(`no record ${index}, or no field ${name}`);
      this.#values += 1;
      await edit(this.#pair, held, person, { side, values: [[field, `${name} ${side} ${this.#values}`]], at: 0 });
    }
    await this.#pass();
  }

  async #pass(): Promise<void> {
    for (const sandbox of [this.#pair.sandbox, this.#pair.portal]) await sandbox.advance(apartMs);
  }

  /** Both, until neither writes: a round in which the one hears of what the other had, and one for the ids of new records. */
  async #settle(first: TwinKill["job"] = toHubSpot): Promise<Pick<TwinResult, "problems">> {
    const rounds: number[] = [];
    for (let wrote = 1; wrote > 0 && rounds.length < 6; rounds.push(wrote)) {
      wrote = 0;
      for (const job of first === toHubSpot ? twinJobs : [...twinJobs].reverse())
        wrote += (await this.#pair.run(job)).wrote;
      await this.#pass();
    }
    const problems = rounds.at(-1) === 0 && rounds.length <= 3 ? [] : [`not quiet: ${rounds.join(", ")}`];
    for (const person of this.#people) settlePerson(person);
    const here = await this.#pair.salesforce();
    const there = await this.#pair.hubspot();
    for (const [side, found] of [here.map((one) => one["Email"]), there.map((one) => one["email"])].entries()) {
      const wanted = this.#people.map(({ email }) => email).sort();
      if (found.sort().join() !== wanted.join()) problems.push(`side ${side}: ${found.join()}, not ${wanted.join()}`);
    }
    const held = await look(this.#pair, this.#people);
    for (const person of this.#people)
      for (const { here: name } of twinFields) {
        const values = [held.get(person.email)?.here?.get(name), held.get(person.email)?.there?.get(name)];
        const wanted = person.values.get(name);
        if (values.some((one) => one !== wanted))
          problems.push(`${person.email} ${name} is ${values.join(" and ")}, not ${wanted}`);
      }
    return { problems };
  }
}
