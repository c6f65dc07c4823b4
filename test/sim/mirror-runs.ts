// Two mirrors of one job, parents and children, through the real program against a sandbox. In: a scenario: what the org
// holds, what the files say, what is wrong with them, where the run is killed. Out: the records that are there after.
// The model: a stream deletes only from a whole source in which every row's key is known; a run that would take along a
// record which its mirror keeps, writes nothing; a kill changes nothing of the end.

import fc from "fast-check";
import type { Project, Sandbox } from "../support/rig.ts";

type Writing = "good" | "lower" | "refused" | "broken" | "keyless";

interface Row {
  key: string;
  parent: string;
  writing: Writing;
}

interface Side {
  present: { key: string; parent: string }[];
  rows: Row[];
  /** So many of the rows are in a file that is not ready. */
  late: number;
}

export interface MirrorRun {
  accounts: Side;
  contacts: Side;
  isSwapped: boolean;
  killedAt: string | undefined;
}

const accountKeys = ["A1", "A2", "A3", "A4"];

/** Most sides are whole: something must be deleted, or nothing is shown. */
function sides(keys: readonly string[], parents: fc.Arbitrary<string>): fc.Arbitrary<Side> {
  const key = fc.constantFrom(...keys);
  const byKey = { selector: ({ key: one }: { key: string }) => one, minLength: 3 };
  const fault = fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom("good" as const, "lower" as const, "refused" as const) },
    { weight: 2, arbitrary: fc.constantFrom("broken" as const, "keyless" as const, "late" as const) },
  );
  const drawn = fc.record({
    present: fc.uniqueArray(fc.record({ key, parent: parents }), byKey),
    rows: fc.uniqueArray(fc.record({ key, parent: parents }), { ...byKey, maxLength: keys.length - 1 }),
    fault,
  });
  return drawn.map(({ present, rows, fault: wrong }) => {
    const writing = (index: number): Writing => (index === 0 && wrong !== "late" ? wrong : "good");
    return {
      present,
      rows: rows.map((row, index) => ({ ...row, writing: writing(index) })),
      late: wrong === "late" ? 1 : 0,
    };
  });
}

export const mirrorRuns: fc.Arbitrary<MirrorRun> = fc.record({
  accounts: sides(accountKeys, fc.constant("")),
  contacts: sides(["C1", "C2", "C3", "C4", "C5"], fc.constantFrom("", "", "", ...accountKeys)),
  isSwapped: fc.boolean(),
  killedAt: fc.constantFrom(undefined, undefined, "planned:2", "intent:1", "committed:2", "stored:1", "settled:1"),
});

export interface Left {
  accounts: string[];
  contacts: string[];
}

/** What a person would find there afterwards. */
export function expectLeft({ accounts, contacts }: MirrorRun): Left {
  const ofAccounts = judge(accounts, () => true);
  const isThere = (key: string) => key === "" || ofAccounts.left.includes(key);
  const held = contacts.present.map(({ key, parent }) => ({
    key,
    parent: keysOf(accounts).includes(parent) ? parent : "",
  }));
  const ofContacts = judge({ ...contacts, present: held }, ({ parent }) => isThere(parent));
  const isKept = held.some(({ key, parent }) => {
    const isMoved = ofContacts.good.some((row) => row.key === key && row.parent !== "" && row.parent !== parent);
    return ofAccounts.gone.includes(parent) && !ofContacts.gone.includes(key) && !isMoved;
  });
  if (isKept) return { accounts: keysOf(accounts), contacts: keysOf(contacts) };
  return { accounts: ofAccounts.left, contacts: ofContacts.left };
}

function keysOf({ present }: Side): string[] {
  return present.map(({ key }) => key).sort();
}

function judge(side: Side, hasParent: (row: Row) => boolean): { good: Row[]; gone: string[]; left: string[] } {
  const taken = side.rows.slice(0, side.rows.length - side.late);
  const isWhole = side.late === 0 && taken.every(({ writing }) => writing !== "broken" && writing !== "keyless");
  const known = taken.filter(({ writing }) => writing !== "broken" && writing !== "keyless");
  const good = known.filter((row) => row.writing !== "refused" && hasParent(row));
  const present = keysOf(side);
  const gone = isWhole ? present.filter((key) => known.every((row) => row.key !== key)) : [];
  const left = [...new Set([...present, ...good.map(({ key }) => key)])].filter((key) => !gone.includes(key));
  return { good, gone, left: left.sort() };
}

export const schema = {
  salesforce: Object.fromEntries(
    ["Account", "Contact"].map((object) => {
      const key = { type: "string", length: 40, externalId: true, unique: true };
      return [object, { fields: { Ext__c: key, Scope__c: { type: "string", length: 40 } } }];
    }),
  ),
};

/** Runs a scenario in a scope of its own, and gives what is there afterwards. */
export async function runMirrors(
  { project, sandbox }: { project: Project; sandbox: Sandbox },
  scenario: MirrorRun,
  scope: string,
): Promise<Left> {
  await seed(sandbox, scenario, scope);
  const inbox = (name: string, side: Side, tail: string): Record<string, string> => {
    const lines = side.rows.map((row) => writeRow(row, scope));
    const at = lines.length - side.late;
    const file = (rows: readonly string[]) => `id,name,parent\n${rows.map((row) => `${row}\n`).join("")}`;
    const path = (number: number) => `inbox/${scope}-${name}-${number}.csv`;
    const late = side.late === 0 ? {} : { [path(2)]: file(lines.slice(at)) };
    return { [path(1)]: file(lines.slice(0, at)), [`${path(1)}.done`]: tail, ...late };
  };
  project.write({
    "job.yaml": writeJob(scenario, scope),
    ...inbox("accounts", scenario.accounts, ""),
    ...inbox("contacts", scenario.contacts, ""),
  });
  const { killedAt } = scenario;
  if (killedAt !== undefined)
    await project.start(["run", "job.yaml"], { env: { LOADLINE_FAILPOINT: killedAt } }).finished;
  const done = await project.run("run", "job.yaml");
  if (done.code !== 0 && done.code !== 4) throw new Error(`exit code ${done.code}: ${done.stderr}`);
  const keysIn = async (object: string) =>
    (await sandbox.dump(object))
      .filter((record) => record["IsDeleted"] !== true && record["Scope__c"] === scope)
      .map((record) => String(record["Ext__c"]).slice(scope.length).toUpperCase())
      .sort();
  return { accounts: await keysIn("Account"), contacts: await keysIn("Contact") };
}

async function seed(sandbox: Sandbox, { accounts, contacts }: MirrorRun, scope: string): Promise<void> {
  const make = async (object: string, records: object[]): Promise<string[]> => {
    const attributed = records.map((record) => ({ attributes: { type: object }, Scope__c: scope, ...record }));
    const { body } = await sandbox.api("POST", "composite/sobjects", { records: attributed });
    return (body as { id: string }[]).map(({ id }) => id);
  };
  const keys = accounts.present.map(({ key }) => key);
  const ids = await make(
    "Account",
    keys.map((key) => ({ Ext__c: scope + key, Name: key })),
  );
  const parentOf = (key: string) => (keys.includes(key) ? { AccountId: ids[keys.indexOf(key)] } : {});
  await make(
    "Contact",
    contacts.present.map(({ key, parent }) => ({ Ext__c: scope + key, LastName: key, ...parentOf(parent) })),
  );
}

function writeRow({ key, parent, writing }: Row, scope: string): string {
  const above = parent === "" ? "" : scope + parent;
  const name = scope + key;
  switch (writing) {
    case "good":
      return `${name},n,${above}`;
    case "lower":
      return `${name.toLowerCase()},n,${above}`;
    case "refused":
      return `${name},,${above}`;
    case "broken":
      return `${name},n,${above},x`;
    case "keyless":
      return `,n,${above}`;
  }
}

function writeJob({ isSwapped }: MirrorRun, scope: string): string {
  const stream = (name: string, object: string, map: string) => `  ${name}:
    source: { connection: drop, files: "${scope}-${name}-*.csv", ready: { done_file: "{name}.done" } }
    target: { connection: salesforce, object: ${object}, key: Ext__c, mode: mirror, scope: "Scope__c = '${scope}'" }
    map: { Ext__c: id, Scope__c: "'${scope}'", ${map} }
`;
  const accounts = `${stream("accounts", "Account", "Name: name")}    validate: [ { field: Name, required: true } ]\n`;
  const parent = "AccountId: { parent: accounts, from: parent }";
  const contacts = `${stream("contacts", "Contact", `LastName: name, ${parent}`)}    validate: [ { field: LastName, required: true } ]\n`;
  return `version: 1
name: mirrors-${scope}
streams:
${isSwapped ? contacts + accounts : accounts + contacts}rejects: { max: 100% }
guards: { deletes: 100 }
`;
}
