// Records of two systems under the hands of people on both sides, as a model. In: edits, deletions and merges, each made in
// the system as it is told. Out: what both sides are to hold once the jobs are quiet. What must hold: of a field that one
// side changed that side's value counts, of one that both did its owner's; a value that had arrived when somebody changed
// it was seen by them, and is no change of the other side any more.

import type { Project } from "../support/rig.ts";
import type { Fields, Pair } from "../support/twins.ts";

/** `newest`: whose record was changed last, by the clocks of the systems. */
export const twinFields = [
  { here: "Title", there: "jobtitle", wins: "here" },
  { here: "FirstName", there: "firstname", wins: "there" },
  { here: "LastName", there: "lastname", wins: "person" },
  { here: "Phone", there: "phone", wins: "newest" },
] as const;

type TwinField = (typeof twinFields)[number];
export type Side = "here" | "there";
export const other = { here: "there", there: "here" } as const;

export interface Person {
  email: string;
  /** Records of one group alone are merged: a group is a history of its own. */
  group: number;
  id: Partial<Record<Side, string>>;
  /** What the two agree on, by the name here. */
  values: Map<string, string>;
  /** What people changed since. */
  /** Both sides had it before the jobs knew: until they agree, whatever differs is a change of both. */
  isJoined: boolean;
  changed: Record<Side, Map<string, { value: string; at: number }>>;
}

export const newPerson = (email: string, group: number, values: Iterable<[string, string]>): Person => ({
  email,
  group,
  id: {},
  values: new Map(values),
  isJoined: false,
  changed: { here: new Map(), there: new Map() },
});

/** What a side holds, by the name here; undefined where the record is not there. */
export type Held = ReadonlyMap<string, Record<Side, ReadonlyMap<string, string> | undefined>>;

/** By address. Also takes the ids. */
export async function look(pair: Pair, people: readonly Person[]): Promise<Held> {
  const sides = { here: await pair.salesforce(), there: await pair.hubspot() };
  const address = { here: "Email", there: "email" } as const;
  const id = { here: "Id", there: "id" } as const;
  const held = new Map<string, Record<Side, Map<string, string> | undefined>>();
  for (const person of people) {
    const found = { here: undefined, there: undefined } as Record<Side, Map<string, string> | undefined>;
    for (const side of ["here", "there"] as const) {
      const record = sides[side].find((one) => one[address[side]] === person.email) as Fields | undefined;
      if (record === undefined) continue;
      person.id[side] = String(record[id[side]]);
      found[side] = new Map(twinFields.map((field) => [field.here, record[field[side]] ?? ""]));
    }
    held.set(person.email, found);
  }
  return held;
}

export type Unanswered = (side: Side, person: Person, held: Held) => boolean;

/**
 * Records that a run which was killed wrote by a call whose answer it had not kept yet: nobody can tell whether what people
 * make of them then came before or after it (docs/guides/two-way.md). `before`: what there was before the run.
 */
export function unansweredOf(project: Project, before: Held): Unanswered {
  const [folder = ""] = project.runFolders().slice(-1);
  const results = `${folder.slice(project.folder.length + 1)}/results`;
  const kept = project.list(results).map((name) => project.read(`${results}/${name}`));
  return (side, { email, id }, held) => {
    const [was, is] = [before, held].map((one) => one.get(email)?.[side]);
    const isWritten = is !== undefined && twinFields.some(({ here }) => was?.get(here) !== is.get(here));
    return isWritten && !kept.some((text) => id[side] !== undefined && text.includes(`"${id[side].slice(0, 15)}`));
  };
}

/** Changes fields of one record. `at` is its time by the clock of its system. */
export async function edit(pair: Pair, held: Held, person: Person, { side, values, at }: Edit): Promise<void> {
  const sets = { here: pair.setSalesforce, there: pair.setHubSpot };
  const fields: Fields = {};
  for (const [field, value] of values) {
    fields[field[side]] = value;
    const theirs = person.changed[other[side]].get(field.here);
    if (theirs !== undefined && held.get(person.email)?.[side]?.get(field.here) === theirs.value) {
      person.changed[other[side]].delete(field.here);
      person.values.set(field.here, theirs.value);
    }
    person.changed[side].set(field.here, { value, at });
  }
  await sets[side](person.id[side] ?? "", fields);
}

export interface Edit {
  side: Side;
  values: readonly (readonly [TwinField, string])[];
  at: number;
}

/** Fields of which a person is to decide. */
export function askedOf({ changed: { here, there } }: Person): TwinField[] {
  return twinFields.filter((field) => field.wins === "person" && here.has(field.here) && there.has(field.here));
}

/** A person decides: what the other side changed counts no more. It has not arrived anywhere yet. */
export function decideFor(person: Person, side: Side): void {
  for (const field of askedOf(person)) person.changed[other[side]].delete(field.here);
}

/** What both are to hold is agreed on; of a record with a field that a person is to decide, nothing is. */
export function settlePerson(person: Person): void {
  if (askedOf(person).length > 0) return;
  const { here, there } = person.changed;
  // Salesforce tells when a record was changed, not when a field was.
  const changedAt = Math.max(0, ...[...here.values()].map(({ at }) => at));
  for (const field of twinFields) {
    const [ours, theirs] = [here.get(field.here), there.get(field.here)];
    const isOurs = theirs === undefined || (ours !== undefined && winsOver(field, changedAt, theirs.at));
    const winner = isOurs ? ours : theirs;
    if (winner !== undefined) person.values.set(field.here, winner.value);
  }
  person.isJoined = false;
  here.clear();
  there.clear();
}

function winsOver({ wins }: TwinField, ours: number, theirs: number): boolean {
  return wins === "newest" ? ours > theirs : wins === "here";
}

/** Merges the second into the first on one side; what the survivor then holds is a change as others. */
export async function merge(pair: Pair, [kept, gone]: readonly [Person, Person], side: Side): Promise<void> {
  if (side === "here") {
    const body = { object: "Contact", master: kept.id.here, merged: [gone.id.here] };
    expectOk(await pair.sandbox.api("POST", "/__sandbox/salesforce/merge", body));
    return;
  }
  const body = { primaryObjectId: kept.id.there, objectIdToMerge: gone.id.there };
  expectOk(await pair.portal.hubspotApi("POST", "/crm/v3/objects/contacts/merge", body));
}

export async function remove(pair: Pair, person: Person, side: Side): Promise<void> {
  const id = person.id[side];
  if (side === "here") expectOk(await pair.sandbox.api("DELETE", `sobjects/Contact/${id}`));
  else expectOk(await pair.portal.hubspotApi("DELETE", `/crm/v3/objects/contacts/${id}`));
}

export async function add(pair: Pair, person: Person, side: Side): Promise<void> {
  const fields = Object.fromEntries(twinFields.map((field) => [field[side], person.values.get(field.here) ?? ""]));
  person.id[side] =
    side === "here"
      ? await pair.addSalesforce({ Email: person.email, ...fields })
      : await pair.addHubSpot({ email: person.email, ...fields });
}

function expectOk({ status, body }: { status: number; body: unknown }): void {
  if (status >= 300) throw new Error(`a person's change was refused: ${status} ${JSON.stringify(body)}`);
}
