// A file target whose file another has written between a plan and its load.

import { renameSync, statSync, utimesSync } from "node:fs";
import { expect, test } from "vitest";
import { createProject, type Project } from "../support/rig.ts";

const connections =
  "version: 1\nconnections:\n  drop: { type: file, path: ./inbox }\n  out: { type: file, path: ./out }\n";

const jobOf = (name: string, target: string) => `version: 1
name: ${name}
streams:
  people:
    source: { connection: drop, files: people.csv }
    target: { connection: out, ${target} }
    map: { Id: id, Name: name }
`;

function makeProject(): Project {
  return createProject({
    "connections.yaml": connections,
    "whole.yaml": jobOf("whole", "files: whole.csv, mode: replace"),
    "delta.yaml": jobOf("delta", "files: delta.csv, mode: delta, key: Id"),
    "inbox/people.csv": "id,name\n1,a\n",
  });
}

const wanted = "Id,Name\n1,b\n";
const theirs = "Id,Name\n1,x\n";

test("apply writes over no file that another has written since the plan, but where it is told to", async () => {
  await using project = makeProject();
  for (const name of ["whole", "delta"]) {
    const [job, plan, file] = [`${name}.yaml`, `${name}.plan`, `out/${name}.csv`];
    project.write({ "inbox/people.csv": "id,name\n1,a\n" });
    expect((await project.run("run", job)).code).toBe(0);
    project.write({ "inbox/people.csv": "id,name\n1,b\n" });
    const planned = await project.run("plan", job, "--out", plan);
    expect(planned.stdout).toContain(`Next: loadline show ${plan}, then loadline apply ${plan}\n`);
    // Nothing but its bytes tells it.
    const { atime, mtime } = statSync(project.path(file));
    project.write({ [file]: theirs });
    utimesSync(project.path(file), atime, mtime);
    for (const flags of [[], ["--on-conflict", "fail"]]) {
      const refused = await project.run("apply", plan, ...flags);
      expect([refused.code, project.read(file)]).toEqual([7, theirs]);
      expect(refused.stderr).toContain("was changed by another since the plan");
    }
    expect((await project.run("apply", plan, "--on-conflict", "overwrite")).code).toBe(0);
    expect(project.read(file)).toBe(wanted);
    expect(planned.stderr).not.toContain("is lost");
  }
});

test("a killed run that is gone on with writes over no file of another, and into the place once it is free", async () => {
  await using project = makeProject();
  const file = project.path("out/whole.csv");
  project.write({ "inbox/people.csv": "id,name\n1,b\n" });
  for (const [command, step, told] of [
    [["run", "whole.yaml"], "handle:1", "was made by another since the plan"],
    [["resume"], "committed:1", "was made by another since the plan"],
  ] as const) {
    const killed = await project.start([...command], { env: { LOADLINE_FAILPOINT: step } }).finished;
    expect(killed.signal).toBe("SIGKILL");
    project.write({ "out/whole.csv": theirs });
    for (const again of [["resume"], ["run", "whole.yaml"]]) {
      const refused = await project.run(...again);
      expect([refused.code, project.read("out/whole.csv")]).toEqual([7, theirs]);
      expect(refused.stderr).toContain(told);
    }
    renameSync(file, `${file}.away`);
  }
  expect((await project.run("resume")).code).toBe(0);
  expect([project.read("out/whole.csv"), project.list("out")]).toEqual([wanted, ["whole.csv", "whole.csv.away"]]);
});
