// In GitHub Actions a run is told at the lines of its job, and to the steps after it.

import { expect, test } from "vitest";
import { contactsJob, rehearse } from "./support.ts";

const csv = "id,last,email\na,Alpha,a@acme.test\nb,,b@acme.test\n";
const rule = "    validate: [{ field: LastName, required: true }]";

test("failures are annotations and each job sets the outputs; elsewhere there is neither", async () => {
  await using rehearsal = await rehearse(contactsJob({ stream: rule }), {
    "inbox/contacts.csv": csv,
    "out.txt": "",
    "badly.yaml": contactsJob({ map: "      LastName: last\n      Email: { frm: email }" }),
  });
  const { project } = rehearsal;
  project.env = { GITHUB_OUTPUT: "out.txt" };
  await project.run("run", "job.yaml");
  expect(project.read("out.txt")).toBe("");
  project.env = { GITHUB_ACTIONS: "true", GITHUB_OUTPUT: "out.txt", GITHUB_WORKSPACE: project.folder };
  const planned = await project.run("plan", "job.yaml", "--json");
  expect(planned).toMatchObject({ code: 0, stderr: expect.not.stringContaining("::") });
  const output = (name: string) =>
    [...project.read("out.txt").matchAll(new RegExp(`^${name}<<.*\\n(.*)\\n`, "gm"))].at(-1)?.[1];
  expect([output("run"), output("status"), output("unchanged"), output("rejected")]).toEqual([
    planned.summary().run,
    "planned",
    "1",
    "1",
  ]);
  const badly = await project.run("run", "badly.yaml");
  expect(badly.code).toBe(2);
  expect(badly.stderr.split("\n").filter((line) => line.startsWith("::"))).toEqual([
    "::error file=badly.yaml,line=9,col=14,title=loadline::expected `from` or `lookup`",
    expect.stringMatching(/^::error file=badly\.yaml,line=9,col=16,title=loadline::unknown key "frm"/),
  ]);
  expect([output("run"), output("status"), output("exit-code")]).toEqual(["", "failed", "2"]);
  const lines = await project.run("run", "badly.yaml", "--log", "json");
  expect(
    lines.stderr
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line).type),
  ).toEqual(["failure"]);
});
