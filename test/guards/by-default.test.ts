// Guards of a job that says nothing of them: values that would be lost, a source that shrank, changes beyond the usual.
// What one objects to passes once, by an approval that names it.

import { expect, test } from "vitest";
import { contactsJob, rehearse } from "../run/support.ts";
import type { Project } from "../support/rig.ts";

/** Messages without the line ends of a terminal. */
const unwrapped = (text: string) => text.replaceAll(/\s+/g, " ");

const map = `      Ext__c: id
      LastName: last
      Email: { from: email, on_null: clear }
      Department: "'sales'"`;

interface Row {
  id: string;
  last: string;
  email: string;
}

const rowsOf = (count: number): Row[] =>
  Array.from({ length: count }, (_, index) => ({
    id: `A${index}`,
    last: `Adams ${index}`,
    email: index < 20 ? `a${index}@x.com` : "",
  }));

const file = (rows: readonly Row[]) => ({
  "inbox/contacts.csv": `id,last,email\n${rows.map(({ id, last, email }) => `${id},${last},${email}\n`).join("")}`,
});

async function stops(project: Project, ...args: string[]): Promise<readonly string[]> {
  const done = await project.run(...args, "--json");
  expect(done.code, done.stderr).toBe(4);
  return done.summary().stops ?? [];
}

async function loads(project: Project, ...args: string[]) {
  const done = await project.run(...args, "--json");
  expect(done.code, done.stderr).toBe(0);
  return done.summary().streams["contacts"];
}

test("values that a plan takes from a field stop it, and pass once by the commands that are told", async () => {
  const rows = rowsOf(30);
  await using place = await rehearse(contactsJob({ map }), file(rows));
  const { project } = place;
  const blank = (...places: number[]) => {
    for (const index of places) Object.assign(rows[index] ?? {}, { email: "" });
    project.write(file(rows));
  };
  expect(await loads(project, "run", "job.yaml")).toMatchObject({ creates: 30, loaded: 30 });
  // A handful of records says nothing.
  blank(0, 1, 2, 3);
  expect(await loads(project, "run", "job.yaml")).toMatchObject({ updates: 4 });
  blank(4, 5, 6, 7, 8);
  const stopped = await project.run("run", "job.yaml", "--json");
  const sentence = "contacts: 5 of the 16 values of Email would become blank (31.3 %), at most 20 % (guards.blanked)";
  expect([stopped.code, stopped.summary().stops]).toEqual([4, [sentence]]);
  expect(unwrapped(stopped.stderr)).toContain('Email becomes blank, e.g.: "A4", "A5"');
  expect(stopped.summary().next).toContain(
    "loadline plan job.yaml --out contacts.plan shows and keeps it; then loadline approve contacts.plan --guard guards.blanked and loadline apply contacts.plan let it pass this once",
  );
  expect([...(await place.contacts()).values()].filter(({ Email }) => Email !== null)).toHaveLength(16);

  expect(await stops(project, "plan", "job.yaml", "--out", "contacts.plan")).toEqual([sentence]);
  const shown = await project.run("plan", "job.yaml");
  expect(shown.stdout).toMatch(/Or let it pass this once: loadline approve \S+ --guard guards\.blanked\n/);
  expect((await project.run("apply", "contacts.plan")).code).toBe(4);
  expect((await project.run("apply", "contacts.plan", "--yes")).code).toBe(4);
  expect((await project.run("approve", "contacts.plan", "--guard", "guards.blanked")).code).toBe(0);
  expect(await loads(project, "apply", "contacts.plan")).toMatchObject({ updates: 5, loaded: 5 });
  // Once: the next such plan is another one.
  blank(9, 10, 11, 12, 13);
  const [next = ""] = await stops(project, "plan", "job.yaml", "--out", "next.plan");
  expect(next).toContain("5 of the 11 values of Email would become blank (45.5 %)");
  expect((await project.run("apply", "next.plan")).code).toBe(4);
  expect((await project.run("approve", "next.plan", "--guard", "guards.blanked")).code).toBe(0);
  expect(await loads(project, "apply", "next.plan")).toMatchObject({ updates: 5 });

  // One value in the place of many. That the job itself says a value of every record is no loss.
  for (const row of rows.slice(10)) row.last = "Unknown";
  project.write({ ...file(rows), "job.yaml": contactsJob({ map: map.replace("sales", "support") }) });
  expect(await stops(project, "run", "job.yaml")).toEqual([
    "contacts: 20 of the 30 values of LastName would give way to one and the same value (66.7 %), at most 20 % (guards.blanked)",
  ]);
  const redacted = contactsJob({ map, top: "redact: [Ext__c, LastName]\nguards: { blanked: 19 }" });
  project.write({ "job.yaml": redacted });
  const hidden = await project.run("run", "job.yaml");
  expect(hidden.code).toBe(4);
  expect(hidden.stderr).not.toMatch(/Unknown|"A1/);
  project.write({ "job.yaml": contactsJob({ map, top: "guards: { blanked: 100% }" }) });
  expect(await loads(project, "run", "job.yaml")).toMatchObject({ updates: 20 });
  // What is said by the job counts from the first value on.
  blank(14);
  project.write({ "job.yaml": contactsJob({ map, top: "guards: { blanked: 0 }" }) });
  expect(await stops(project, "run", "job.yaml", "--limit", "15")).toEqual([
    "contacts: 1 of the 1 value of Email would become blank (100 %), at most 0 (guards.blanked)",
  ]);
});

test("a source that shrank, and changes beyond the usual, are held against the runs that took all of it", async () => {
  const rows = rowsOf(81);
  await using place = await rehearse(contactsJob({ map }), file(rows.slice(0, 20)));
  const { project } = place;
  expect(await loads(project, "run", "job.yaml")).toMatchObject({ creates: 20 });
  // The same rows by keys of another form, after that one load; and rows that are new.
  project.write(file(rows.slice(0, 20).map((row) => ({ ...row, id: row.id.replace("A", "a-") }))));
  const [renamed = ""] = await stops(project, "plan", "job.yaml");
  expect(renamed).toMatch(
    /^contacts: the keys of all 20 rows .* 20 of them are, but for the key, rows that run \S+ created/,
  );
  project.write(file(rows.slice(40, 60)));
  expect(await loads(project, "plan", "job.yaml")).toMatchObject({ creates: 20 });
  // Neither a plan nor a run of some rows is what a run takes.
  project.write(file(rows.slice(0, 2)));
  const shrunk =
    /^contacts: 2 rows in the source, at least 50 % of 20, the median of run \S+ \(guards\.source_rows_min_vs_last\)$/;
  expect(await stops(project, "plan", "job.yaml")).toEqual([expect.stringMatching(shrunk)]);
  expect(await loads(project, "run", "job.yaml", "--limit", "2")).toMatchObject({ unchanged: 2 });
  expect(await loads(project, "run", "job.yaml", "--streams", "contacts")).toMatchObject({ unchanged: 2 });
  expect(await stops(project, "run", "job.yaml")).toEqual([expect.stringMatching(shrunk)]);
  project.write(file([]));
  const [none = ""] = await stops(project, "run", "job.yaml");
  expect(none).toMatch(/^contacts: no rows in the source, at least 50 % of 20/);
  project.write({
    ...file(rows.slice(0, 2)),
    "job.yaml": contactsJob({ map, top: "guards: { source_rows_min_vs_last: 10% }" }),
  });
  expect(await loads(project, "run", "job.yaml")).toMatchObject({ unchanged: 2 });

  // Keys of another form, after a run whose keys found records.
  project.write({
    ...file(rows.slice(0, 20).map((row) => ({ ...row, id: row.id.replace("A", "a-") }))),
    "job.yaml": contactsJob({ map }),
  });
  const [keys = ""] = await stops(project, "run", "job.yaml");
  expect(keys).toMatch(/^contacts: the keys of all 20 rows find no record, .* 50 % found one.*\(guards\.creates\)$/);

  // Five runs teach what is usual.
  project.write(file(rows.slice(0, 20)));
  for (const index of [0, 1, 2]) {
    Object.assign(rows[index] ?? {}, { last: `Changed ${index}` });
    project.write(file(rows.slice(0, 20)));
    expect(await loads(project, "run", "job.yaml")).toMatchObject({ updates: 1 });
  }
  project.write(file(rows));
  const plan = (await project.run("plan", "job.yaml", "--json")).summary();
  const learned = (what: string) =>
    expect.stringMatching(
      new RegExp(
        `^contacts: 61 records to ${what}, at most 60, three times the most of the last 5 runs \\(\\S+ to \\S+\\), 20 by \\S+ \\(guards\\.${what}[sd]\\)$`,
      ),
    );
  expect(plan.stops).toEqual([learned("create"), learned("change")]);
  expect(plan.next).toBe(`loadline approve ${plan.run} --guard guards.creates --guard guards.changed`);
  expect((await project.run("approve", plan.run ?? "", "--guard", "guards.creates")).code).toBe(0);
  expect((await project.run("apply", plan.run ?? "")).code).toBe(4);
  expect((await project.run("approve", plan.run ?? "", "--guard", "guards.changed")).code).toBe(0);
  expect(await loads(project, "apply", plan.run ?? "")).toMatchObject({ creates: 61, loaded: 61 });
  // What was applied is usual from then on.
  for (const row of rows) row.last += ".";
  project.write(file(rows));
  expect(await loads(project, "run", "job.yaml")).toMatchObject({ updates: 81 });
});
