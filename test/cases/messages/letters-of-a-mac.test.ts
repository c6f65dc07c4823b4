import { expect } from "vitest";
import { contactsJob, rehearse } from "../../run/support.ts";
import { caseOf } from "../case.ts";

const row = (id: string) => `id,last,email\n${id},${id},${id}@mail.example\n`;

caseOf("messages/letters-of-a-mac", "a name that differs in its way of writing only is said", async () => {
  await using rehearsal = await rehearse(contactsJob().replace("contacts*.csv", "Müller*.csv".normalize("NFC")), {
    [`inbox/${"Müller 1.csv".normalize("NFD")}`]: row("a"),
    [`inbox/${"Müller 2.csv".normalize("NFC")}`]: row("b"),
    "inbox/Export.CSV": row("c"),
  });
  const { project } = rehearsal;
  expect((await project.run("run", "job.yaml")).code).toBe(0);
  expect([...(await rehearsal.contacts()).keys()].sort()).toEqual(["a", "b"]);
  project.write({ "job.yaml": contactsJob().replace("contacts*.csv", "Müller 2.csv".normalize("NFD")) });
  expect((await project.run("plan", "job.yaml", "--json")).summary().streams["contacts"]?.extracted).toBe(1);
  // Capital and small letters are not the same; that such a name is there is said.
  project.write({ "job.yaml": contactsJob().replace("contacts*.csv", "export.csv") });
  const none = await project.run("plan", "job.yaml");
  expect([none.code, none.stderr]).toEqual([1, expect.stringContaining("Export.CSV is there")]);
});
