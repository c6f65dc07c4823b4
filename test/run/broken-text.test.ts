// Text of an API's records that can't be kept as it is.

import { expect, test } from "vitest";
import { rehearse, schema } from "./support.ts";

const job = (connection: string, object: string, map: string) => `version: 1
name: ${connection}
streams:
  s:
    source: { connection: ${connection}, object: ${object} }
    target: { connection: drop, files: out.csv, mode: replace }
    map: ${map}
rejects: { max: 100% }
`;

/** JSON can hold half a character, as HubSpot's does where a text was cut. */
const names = ["Good \u{1f600}", "half \ud83d of one", "NUL \u0000 inside", "\udc00"];
const at = "2026-11-26T05:00:00.000Z";

test("half a character, or NUL, makes its record a reject, and the others arrive", async () => {
  const sf = job("salesforce", "Contact", "{ id: Id, last: LastName }");
  const hubspot = job("hubspot", "contacts", "{ id: hs_object_id, last: lastname }");
  await using place = await rehearse(hubspot, { "sf.yaml": sf }, schema);
  const { project, sandbox } = place;
  await sandbox.api("POST", "sobjects/Contact", { LastName: "counted before it is read" });
  const results = names.map((lastname, index) => {
    const id = String(index + 1);
    return { id, properties: { hs_object_id: id, lastname }, createdAt: at, updatedAt: at, archived: false };
  });
  const records = names.map((LastName, index) => {
    return { attributes: { type: "Contact" }, Id: `003Sb000000000${index + 1}IAA`, SystemModstamp: at, LastName };
  });
  await sandbox.setFaults([
    { match: "GET /crm/objects/*/contacts", do: { status: 200, body: { results } } },
    { match: "GET /services/data/*/query", do: { status: 200, body: { totalSize: 4, done: true, records } } },
  ]);
  for (const file of ["job.yaml", "sf.yaml"]) {
    const done = await project.run("run", file, "--json");
    expect(done.summary().streams["s"], done.stderr).toMatchObject({ extracted: 4, rejected: 3, loaded: 1 });
    expect(project.read("inbox/out.csv")).toMatch(/^id,last\n\w+,Good \u{1f600}\n$/u);
    const folder = project
      .runFolders()
      .at(-1)
      ?.slice(project.folder.length + 1);
    const told = project.read(`${folder}/rejects/s.csv`);
    expect(told.match(/not valid UTF-8/g)).toHaveLength(2);
    expect(told).toContain("the character NUL (U+0000)");
  }
});
