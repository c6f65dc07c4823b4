import { expect } from "vitest";
import { contactsJob, rehearse } from "../../run/support.ts";
import { caseOf } from "../case.ts";

const file = "k,v,age\nA,1,20\nB,2,old\nC,x,30\nD,4,7\nE,,\n";
const map = "      Ext__c: k\n      LastName: k\n      Description: v";

const rule = contactsJob({
  map,
  stream: `    validate:
      - { expr: "CAST(Description AS INTEGER) > 1", message: "too small" }
      - { expr: "CAST(Description AS INTEGER) > 2", severity: warn }`,
  top: "redact: [Description]",
});
const warning = contactsJob({
  map,
  stream: '    validate: [ { expr: "CAST(Description AS INTEGER) > 3", severity: warn } ]',
});
const keep = contactsJob({
  map: "      Ext__c: k\n      LastName: k\n      Email: age || '@x.example'",
  source: ', keep: "CAST(age AS INTEGER) >= 18"',
});

caseOf("plans/rule-that-can-not-be-computed", "a row for which a rule or keep fails is a reject", async () => {
  await using place = await rehearse(rule, {
    "inbox/contacts.csv": file,
    "warning.yaml": warning,
    "keep.yaml": keep,
    "hidden.yaml": `${keep}redact: [Email]\n`,
  });
  const reasonsOf = async (job: string) => {
    const done = await place.project.run("run", job, "--json");
    expect([done.code, done.stderr.includes("internal error")]).toEqual([0, false]);
    const { run, streams } = done.summary();
    const lines = place.project.read(`.loadline/runs/${run}/rejects/contacts.csv`).trim().split("\n").slice(1);
    return { counts: streams["contacts"], lines, all: done.stdout + done.stderr };
  };

  const byRule = await reasonsOf("job.yaml");
  expect(byRule.counts).toMatchObject({ extracted: 5, rejected: 2, loaded: 3 });
  // What is never shown is in the row itself alone.
  expect(byRule.lines).toEqual([
    "A,1,20,too small (Description (hidden)),,2",
    "C,x,30,a rule can't be computed from Description (hidden) (1 letter) by CAST(Description AS INTEGER) > 1,,4",
  ]);
  expect(byRule.all).not.toContain("Conversion");

  const plan = await place.project.run("plan", "warning.yaml");
  expect(plan.stdout).toContain("3 rows with a warning");
  expect(plan.code).toBe(0);

  const byKeep = await reasonsOf("keep.yaml");
  expect(byKeep.counts).toMatchObject({ extracted: 5, rejected: 2, filtered: 1 });
  expect(byKeep.lines).toEqual([
    'B,2,old,"source.keep can\'t be computed from age = ""old"" (3 letters) by CAST(age AS INTEGER) >= 18",,3',
    'E,,,"source.keep can\'t be computed from age = """" (nothing) by CAST(age AS INTEGER) >= 18",,6',
  ]);
  const hidden = await reasonsOf("hidden.yaml");
  expect(hidden.lines[0]).toBe(
    "B,2,old,source.keep can't be computed from age (hidden) (3 letters) by CAST(age AS INTEGER) >= 18,,3",
  );
});
