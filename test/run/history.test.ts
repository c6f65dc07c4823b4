// runs and show: what a person learns of a run that was killed.

import { expect, test } from "vitest";
import { contactsJob, rehearse } from "./support.ts";

test("a killed run is told as killed, with the command that goes on with it", async () => {
  await using place = await rehearse(contactsJob(), { "inbox/contacts.csv": "id,last,email\n1,Adams,a@x.com\n" });
  place.project.env["LOADLINE_FAILPOINT"] = "committed:1";
  expect((await place.project.run("run", "job.yaml")).signal).toBe("SIGKILL");
  place.project.env["LOADLINE_FAILPOINT"] = undefined;
  const [run = ""] = place.project.list(".loadline/runs");
  const [told] = JSON.parse((await place.project.run("runs", "--json")).stdout) as Record<string, unknown>[];
  expect(told).toMatchObject({ run, status: "killed", next: `loadline resume ${run}` });
  const shown = await place.project.run("show", run);
  expect(shown.stdout).toContain("killed");
  expect(shown.stdout).toContain("committed");
  expect((await place.project.run("resume", "--json")).summary()).toMatchObject({ run, status: "loaded" });
  expect((await place.contacts()).size).toBe(1);
  const after = JSON.parse((await place.project.run("runs", "--json")).stdout) as Record<string, unknown>[];
  expect(after).toHaveLength(1);
  expect(after[0]).toMatchObject({ run, status: "loaded" });
});
