import { existsSync, rmSync, symlinkSync } from "node:fs";
import { expect } from "vitest";
import { contactsJob, rehearse } from "../../run/support.ts";
import { caseOf } from "../case.ts";

const row = (id: string) => `id,last,email\n${id},${id},${id}@mail.example\n`;

caseOf("security/local-folder-is-no-fence", "a local connection stays in its folder, as SFTP does", async () => {
  await using rehearsal = await rehearse(contactsJob(), {
    "outside/secret.csv": row("s"),
    "inbox/in/own.csv": row("o"),
  });
  const { project } = rehearsal;
  const jobOf = (glob: string, source = "") => contactsJob({ source }).replace("contacts*.csv", glob);
  const written = [
    jobOf("../outside/*.csv"),
    jobOf("in/../../outside/*.csv"),
    jobOf(project.path("outside/*.csv")),
    jobOf("in/*.csv", ", after: { move: ../stolen }"),
    jobOf("in/*.csv", `, after: { move: ${project.path("stolen")} }`),
  ];
  for (const job of written) {
    project.write({ "job.yaml": job });
    const refused = await project.run("check", "job.yaml");
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringContaining("leads out of the connection's folder"),
    ]);
  }
  symlinkSync(project.path("outside/secret.csv"), project.path("inbox/link.csv"));
  symlinkSync(project.path("outside"), project.path("inbox/folder"));
  symlinkSync(project.path("nowhere"), project.path("inbox/gone.csv"));
  for (const [glob, name] of [
    ["link*.csv", "link.csv leads out of"],
    ["folder/*.csv", "folder leads out of"],
    ["f*/*.csv", "folder leads out of"],
    ["folder/secret.csv", "leads out of"],
    ["gone.csv", "a link that leads nowhere"],
  ] as const) {
    project.write({ "job.yaml": jobOf(glob) });
    const refused = await project.run("run", "job.yaml");
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining(name)]);
  }
  // Links inside are followed; a folder for moved files is no way out either.
  rmSync(project.path("inbox/link.csv"));
  symlinkSync("in/own.csv", project.path("inbox/link.csv"));
  project.write({ "job.yaml": jobOf("link*.csv", ", after: { move: folder }") });
  const moved = await project.run("run", "job.yaml");
  expect([moved.code, [...(await rehearsal.contacts()).keys()]]).toEqual([1, ["o"]]);
  expect(existsSync(project.path("outside/link.csv"))).toBe(false);
});
