// One directory, exported on several dates: people come and go, values change and are emptied, columns come and go. Each
// date is loaded after the other, and what the plan counts and the org holds is compared with a calculation of our own
// from the files and the org alone.

import { expect, test } from "vitest";
import { type Rehearsal, rehearse } from "./support.ts";

const columns = ["id", "last", "first", "phone", "amount", "born", "active", "title"] as const;
type Column = (typeof columns)[number];
type Person = Partial<Record<Column, string>>;

const fields: Record<Column, string> = {
  id: "Ext__c",
  last: "LastName",
  first: "FirstName",
  phone: "Phone",
  amount: "Amount__c",
  born: "Birthdate",
  active: "Active__c",
  title: "Title",
};
const optional: Column[] = ["first", "title", "amount"];

/** Which optional columns each date's file has. */
const dates: Column[][] = [["first", "amount"], ["first", "title", "amount"], ["title"], ["first", "title", "amount"]];

/** Numbers in [0, 1) that look random and are the same every time. */
function draw(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return state / 2147483648;
  };
}

function makeDate(date: number, present: readonly Column[]): Person[] {
  const people: Person[] = [];
  for (let id = 1; id <= 60; id += 1) {
    const next = draw(id * 7919 + date * 104729);
    if (next() < 0.25) continue;
    const stable = next() < 0.6 ? 0 : date;
    const blank = next();
    const person: Person = {
      id: `P${id}`,
      last: `O'Néill ${id}`,
      phone: blank < 0.2 ? "" : `+49 30 ${id}${stable}`,
      born: blank > 0.9 ? "" : `19${50 + (id % 40)}-0${1 + (id % 9)}-1${stable}`,
      active: id % 2 === 0 ? "true" : "false",
      first: blank < 0.3 ? "" : `Zoë ${stable}`,
      amount: blank > 0.8 ? "" : `${id * 10 + stable}.50`,
      title: blank > 0.5 && blank < 0.7 ? "" : `Head, "${stable}"\nof ${id % 3}`,
    };
    for (const column of optional) if (!present.includes(column)) delete person[column];
    people.push(person);
  }
  return people;
}

function toCsv(people: readonly Person[]): string {
  const present = columns.filter((column) => people[0]?.[column] !== undefined);
  const cell = (text: string) => `"${text.replaceAll('"', '""')}"`;
  return `${present.join(",")}\n${people.map((person) => present.map((column) => cell(person[column] ?? "")).join(",")).join("\n")}\n`;
}

/** A value as it can be compared, whoever wrote it; null for none. */
function plain(column: Column, value: unknown): string | null {
  if (value === null || value === undefined || value === "") return column === "active" ? "false" : null;
  return column === "amount" ? String(Number(value)) : String(value);
}

type State = Map<string, Record<Column, string | null>>;

async function readState(place: Rehearsal): Promise<State> {
  const live = [...(await place.contacts()).values()];
  return new Map(
    live.map((record) => {
      const values = columns.map((column) => [column, plain(column, record[fields[column]])] as const);
      return [String(record["Ext__c"]), Object.fromEntries(values) as Record<Column, string | null>];
    }),
  );
}

interface Expected {
  counts: { creates: number; updates: number; unchanged: number; mirrorDeletes: number };
  after: State;
}

function expectLoad(before: State, people: readonly Person[], mode: "upsert" | "mirror"): Expected {
  const counts = { creates: 0, updates: 0, unchanged: 0, mirrorDeletes: 0 };
  const after: State = new Map(before);
  for (const person of people) {
    const key = person.id ?? "";
    const old = before.get(key);
    const nothing = Object.fromEntries(columns.map((column) => [column, plain(column, "")])) as Record<
      Column,
      string | null
    >;
    const now = { ...(old ?? nothing) };
    for (const column of columns) {
      const value = person[column];
      if (value === undefined || (value === "" && mode === "upsert")) continue;
      now[column] = plain(column, value);
    }
    after.set(key, now);
    if (old === undefined) counts.creates += 1;
    else if (columns.some((column) => old[column] !== now[column])) counts.updates += 1;
    else counts.unchanged += 1;
  }
  const keys = new Set(people.map(({ id }) => id));
  if (mode === "mirror")
    for (const key of before.keys()) if (!keys.has(key) && after.delete(key)) counts.mirrorDeletes += 1;
  return { counts, after };
}

function jobFor(mode: "upsert" | "mirror"): string {
  const entry = (column: Column) => {
    const mapped = mode === "mirror" ? `{ from: ${column}, on_null: clear }` : column;
    return `      ${fields[column]}: ${column === "id" ? column : mapped}`;
  };
  return `version: 1
name: directory
streams:
  people:
    source: { connection: drop, files: current.csv, optional: [${optional.join(", ")}] }
    target: { connection: salesforce, object: Contact, key: Ext__c, mode: ${mode} }
    map:
${columns.map(entry).join("\n")}
guards: { deletes: 100%, changed: 100%, creates: 100%, blanked: 100%, source_rows_min_vs_last: 0% }
`;
}

test.each(["upsert", "mirror"] as const)(
  "%s: every date gives the expected plan and org, and twice writes nothing",
  async (mode) => {
    await using place = await rehearse(jobFor(mode), {});
    for (const [date, present] of dates.entries()) {
      const people = makeDate(date, present);
      place.project.write({ "inbox/current.csv": toCsv(people) });
      const expected = expectLoad(await readState(place), people, mode);
      const first = (await place.project.run("run", "job.yaml", "--json")).summary();
      expect(first.streams["people"], `date ${date}`).toMatchObject({ ...expected.counts, failed: 0, rejected: 0 });
      expect(await readState(place), `date ${date}: ${first.stops?.join("; ")}`).toEqual(expected.after);
      if (date % 2 === 0) continue;
      const second = (await place.project.run("run", "job.yaml", "--json")).summary();
      expect(second.streams["people"]).toMatchObject({
        creates: 0,
        updates: 0,
        mirrorDeletes: 0,
        unchanged: people.length,
        loaded: 0,
      });
    }
  },
);
