// Rows that a run left, taken up when newer rows of their key came since.

import { rmSync } from "node:fs";
import { expect, test } from "vitest";
import { type Rehearsal, rehearse } from "./support.ts";

const job = `version: 1
name: older
defaults: { target: { connection: salesforce, mode: upsert } }
streams:
  contacts:
    source: { connection: drop, files: "*.csv", after: { move: done } }
    target: { object: Contact, key: Ext__c }
    map: { Ext__c: trim(id), LastName: last, Phone: phone }
    validate: [ { field: LastName, required: true } ]
rejects: { max: 100% }
`;

async function load(place: Rehearsal, ...args: string[]) {
  const done = await place.project.run(...args, "--json");
  expect(done.code, done.stderr).toBe(0);
  return done.summary();
}

/** Exports what a run has left, gives each row without a last name one, and loads them. */
async function retry(place: Rehearsal, run: string | null, ...flags: string[]) {
  const file = `mend-${run}.csv`;
  const out = await place.project.run("rejects", run ?? "", "--export", file);
  expect(out.code, out.stderr).toBe(0);
  place.project.write({ [file]: place.project.read(file).replaceAll(/^([^,]+),,/gm, "$1,mended,") });
  return load(place, "rejects", run ?? "", "--retry", file, ...flags);
}

const conflictsOf = ({ project }: Rehearsal, run: string | null) =>
  project.read(`.loadline/runs/${run}/conflicts/contacts.csv`);

test("a row that was rejected is not loaded over a newer one of its key, whether that changed something or not", async () => {
  await using place = await rehearse(job, {
    "inbox/a.csv": "id,last,phone\nsame,,1\nnewer,,1\nrejected,,1\nalone,,1\n",
  });
  await place.sandbox.api("POST", "sobjects/Contact", { Ext__c: "same", LastName: "S", Phone: "2" });
  const taken = await load(place, "run", "job.yaml");
  // As they were, but for one that is left out: rejected once more, they are rows of that run, and as old as ever.
  await place.project.run("rejects", taken.run ?? "", "--export", "some.csv");
  place.project.write({ "some.csv": place.project.read("some.csv").replace(/^newer,.*\n/m, "") });
  const first = await load(place, "rejects", taken.run ?? "", "--retry", "some.csv");
  expect(first.streams["contacts"]).toMatchObject({ extracted: 3, rejected: 3 });
  place.project.write({ "inbox/b.csv": "id,last,phone\n same,S,2\nnewer,N,2\nrejected,,2\n" });
  const second = await load(place, "run", "job.yaml");
  expect(second.streams["contacts"]).toMatchObject({ creates: 1, unchanged: 1, rejected: 1 });
  const left = await retry(place, taken.run);
  expect(left.streams["contacts"]).toMatchObject({ extracted: 1, conflicts: 1, loaded: 0 });
  // Places that an earlier version told otherwise are not guessed.
  const rejects = `.loadline/runs/${first.run}/rejects/contacts.csv`;
  const told = place.project.read(rejects);
  place.project.write({ [rejects]: told.replaceAll(/,\d+$/gm, ",record") });
  const unknown = await place.project.run("rejects", first.run ?? "", "--retry");
  expect(unknown.stderr).toContain(`run ${first.run} can't be told: it has no row record`);
  expect(unknown.code).toBe(2);
  place.project.write({ [rejects]: told });
  const third = await retry(place, first.run);
  expect(third.streams["contacts"]).toMatchObject({ extracted: 3, conflicts: 1, creates: 2, updates: 0, loaded: 2 });
  for (const [run, line] of [
    [third.run, 2],
    [left.run, 3],
  ] as const)
    expect(conflictsOf(place, run)).toContain(
      `a newer row of this key came since: b.csv, line ${line} (run ${second.run})`,
    );
  const phones = async () => [...(await place.contacts())].map(([key, one]) => `${key} ${one["Phone"]}`).sort();
  expect(await phones()).toEqual(["alone 1", "newer 2", "rejected 1", "same 2"]);
  // What is newer is loaded over what is older, whenever each was mended.
  const fourth = await retry(place, second.run);
  expect(fourth.streams["contacts"]).toMatchObject({ extracted: 1, updates: 1, conflicts: 0, loaded: 1 });
  // Those that were held are open in the run that held them, and held again; one who knows better says so.
  const fifth = await retry(place, third.run);
  expect(fifth.streams["contacts"]).toMatchObject({ extracted: 1, conflicts: 1, loaded: 0 });
  const useless = await place.project.run("rejects", fifth.run ?? "", "--older");
  expect(useless.code).toBe(2);
  const sixth = await retry(place, fifth.run, "--older");
  expect(sixth.streams["contacts"]).toMatchObject({ extracted: 1, updates: 1, conflicts: 0, loaded: 1 });
  expect(await phones()).toEqual(["alone 1", "newer 2", "rejected 2", "same 1"]);
});

test("of rows of one run the one further down is newer, also among those that were mended", async () => {
  const deduped = job.replace("rejects:", "    dedupe: { by: [Ext__c], keep: last }\nrejects:");
  await using place = await rehearse(deduped, {
    "inbox/a.csv": "id,last,phone\nup,,1\ndown,D,1\nboth,,1\n",
    "inbox/b.csv": "id,last,phone\nup,U,2\ndown,,2\nboth,,2\nwithin,,1\nwithin,W,2\n",
  });
  const { project } = place;
  const first = await load(place, "run", "job.yaml");
  expect(first.streams["contacts"]).toMatchObject({ rejected: 5, creates: 3 });
  const all = "all.csv";
  await project.run("rejects", first.run ?? "", "--export", all);
  const [header = "", ...lines] = project.read(all).trimEnd().split("\n");
  const some = async (name: string, chosen: (line: string) => boolean, change: [RegExp, string]) => {
    project.write({
      [name]: `${[header, ...lines.filter(chosen).map((line) => line.replace(...change))].join("\n")}\n`,
    });
    return load(place, "rejects", first.run ?? "", "--retry", name);
  };
  const later = await some("later.csv", (line) => /b\.csv/.test(line), [/,,/, ",mended,"]);
  // `within` is held: the line below it is loaded.
  expect(later.streams["contacts"]).toMatchObject({ extracted: 3, updates: 1, creates: 1, conflicts: 1, loaded: 2 });
  const earlier = await some("earlier.csv", (line) => /a\.csv/.test(line), [/,,/, ",mended,"]);
  expect(earlier.streams["contacts"]).toMatchObject({ extracted: 2, conflicts: 2, loaded: 0 });
  const phones = [...(await place.contacts())].map(([key, one]) => `${key} ${one["Phone"]}`).sort();
  expect(phones).toEqual(["both 2", "down 2", "up 2", "within 2"]);
});

test("where the rows that came since are not there any more, nobody knows: that is refused by name", async () => {
  await using place = await rehearse(job, { "inbox/a.csv": "id,last,phone\n1,,1\n" });
  const first = await load(place, "run", "job.yaml");
  place.project.write({ "inbox/b.csv": "id,last,phone\n1,O,1\n" });
  const second = await load(place, "run", "job.yaml");
  rmSync(place.project.path(`.loadline/runs/${second.run}/extract`), { recursive: true });
  const refused = await place.project.run("rejects", first.run ?? "", "--retry");
  expect(refused.code).toBe(2);
  const told = refused.stderr.replaceAll(/\s+/g, " ");
  expect(told).toMatch(/whether rows are older than those of b.csv can't be told.*--older/);
});

test("a key that is looked up is found by itself, whatever other fields look up before it", async () => {
  const looked = job.replace(
    "{ Ext__c: trim(id), LastName: last, Phone: phone }",
    `{ Phone: { lookup: { file: phones.csv, key: of, value: phone, from: phone } }, LastName: last,
           Ext__c: { lookup: { file: keys.csv, key: of, value: key, from: id } } }`,
  );
  await using place = await rehearse(looked, {
    "phones.csv": "of,phone\n1,+49 1\n2,+49 2\n",
    "keys.csv": "of,key\none,K1\ntwo,K2\n",
    "inbox/a.csv": "id,last,phone\none,,1\ntwo,,1\n",
  });
  const first = await load(place, "run", "job.yaml");
  place.project.write({ "inbox/b.csv": "id,last,phone\none,N,2\n" });
  await load(place, "run", "job.yaml");
  const third = await retry(place, first.run);
  expect(third.streams["contacts"]).toMatchObject({ extracted: 2, conflicts: 1, creates: 1, loaded: 1 });
  const phones = [...(await place.contacts())].map(([key, one]) => `${key} ${one["Phone"]}`).sort();
  expect(phones).toEqual(["K1 +49 2", "K2 +49 1"]);
});
