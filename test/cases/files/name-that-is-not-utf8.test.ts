import { writeFileSync } from "node:fs";
import { expect } from "vitest";
import { contactsJob, rehearse } from "../../run/support.ts";
import { caseOf } from "../case.ts";

const row = (id: string) => `id,last,email\n${id},${id},${id}@mail.example\n`;

caseOf("files/name-that-is-not-utf8", "a file that matches is never left out without a word", async () => {
  await using rehearsal = await rehearse(contactsJob().replace("contacts*.csv", "M*.csv"), {
    "inbox/M1.csv": row("b"),
  });
  const { project } = rehearsal;
  const latin1 = (name: string) => Buffer.concat([Buffer.from(project.path("inbox/")), Buffer.from(name, "latin1")]);
  writeFileSync(latin1("Müller.txt"), "no file of this job");
  expect((await project.run("plan", "job.yaml")).code).toBe(0);
  writeFileSync(latin1("Müller.csv"), row("a"));
  const globs = ["M*.csv", "Müller.csv", "?üller*"];
  for (const glob of globs) {
    project.write({ "job.yaml": contactsJob().replace("contacts*.csv", glob) });
    const refused = await project.run("run", "job.yaml");
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("its name is not UTF-8")]);
    expect(refused.stderr).toContain("4dfc6c6c65722e637376");
  }
  expect((await rehearsal.contacts()).size).toBe(0);
});
