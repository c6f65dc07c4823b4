import { expect } from "vitest";
import { hubspotProperties, rehearse } from "../../run/support.ts";
import { caseOf } from "../case.ts";

const job = `version: 1
name: ids
streams:
  s:
    source: { connection: drop, files: "in.csv" }
    target: { connection: salesforce, object: Contact, key: Id, mode: update }
    map: { Id: id, Title: title }
rejects: { max: 100% }
`;

caseOf("keys/one-bad-id-stops-the-run", "one id that can't be is one reject", async () => {
  await using place = await rehearse(job, {});
  const { sandbox, project } = place;
  const make = async (object: string, fields: object) =>
    ((await sandbox.api("POST", `sobjects/${object}`, fields)).body as { id: string }).id;
  const [first, second] = [await make("Contact", { LastName: "Ito" }), await make("Contact", { LastName: "Lund" })];
  const account = await make("Account", { Name: "Anker" });
  const rows = [
    [first, "good"],
    [second.slice(0, 15), "short"],
    [second.toUpperCase(), "in capitals"],
    [`${second.slice(0, 17)}B`, "last letter"],
    [account, "of an account"],
    ["003", "too short"],
    [`${second}x`, "too long"],
    ["003-b0000000001", "dash"],
  ];
  project.write({ "inbox/in.csv": `id,title\n${rows.map((row) => row.join(",")).join("\n")}\n` });
  const run = await project.run("run", "job.yaml", "--json");
  expect(run.code, run.stderr).toBe(0);
  expect(run.summary().streams["s"]).toMatchObject({ rejected: 6, updates: 2, loaded: 2 });
  const titles = (await sandbox.dump("Contact")).map((record) => record["Title"]);
  expect(titles).toEqual(["good", "short"]);
  const [folder = ""] = project.list(".loadline/runs");
  const rejects = project.read(`.loadline/runs/${folder}/rejects/s.csv`).trim().split("\n").slice(1);
  expect(rejects.map((line) => line.split(",").at(-1))).toEqual(["4", "5", "6", "7", "8", "9"]);
  expect(rejects[0]).toContain("where capitals were lost");
  expect(rejects[2]).toContain("those begin with 003");
});

caseOf(
  "keys/one-bad-id-stops-the-run",
  "an id of HubSpot is a number of its range, written without zeros in front",
  async () => {
    await using place = await rehearse(
      `version: 1
name: ids
streams:
  s:
    source: { connection: drop, files: "in.csv" }
    target: { connection: hubspot, object: contacts, key: hs_object_id, mode: update }
    map: { hs_object_id: id, city: town }
rejects: { max: 100% }
`,
      {},
      { hubspot: { contacts: { properties: hubspotProperties } } },
    );
    const { sandbox, project } = place;
    const made = await sandbox.hubspotApi("POST", "/crm/v3/objects/contacts", { properties: { email: "a@b.example" } });
    const { id } = made.body as { id: string };
    const bad = ["0", `0${id}`, "99999999999999999999", "9223372036854775808", "1e3", "12.0", "-5", "abc"];
    project.write({ "inbox/in.csv": `id,town\n${[id, ...bad].map((one) => `${one},Turin`).join("\n")}\n` });
    const run = await project.run("run", "job.yaml", "--json");
    expect(run.code, run.stderr).toBe(0);
    expect(run.summary().streams["s"]).toMatchObject({ rejected: bad.length, updates: 1, loaded: 1 });
  },
);
