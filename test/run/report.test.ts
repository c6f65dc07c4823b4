// report: one run as a page, at its end or later; what is in the file and what must not be.

import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { contactsJob, rehearse } from "./support.ts";

/** The page, and its changes as text. */
function readPage(path: string): { html: string; changes: string } {
  const html = readFileSync(path, "utf8");
  const data = /id="data">([^<]*)</.exec(html)?.[1] ?? "";
  return { html, changes: gunzipSync(Buffer.from(data, "base64")).toString("utf8") };
}

const map = `      Ext__c: id
      LastName: last
      Email: email
      Amount__c: amount`;

test("a run that loads writes its report, and later the same by its id's beginning; rows that were refused say why", async () => {
  const csv =
    "id,last,email,amount\nK-1,Adams,a@x.com,1\nK-2,Baker,b@x.com,2\nK-3,Cole,no address,3\nK-4,Dean,d@x.com,4\n";
  await using place = await rehearse(contactsJob({ map, top: "report: true" }), { "inbox/contacts.csv": csv });
  const { project, sandbox } = place;
  const errors = [{ statusCode: "FIELD_CUSTOM_VALIDATION_EXCEPTION", message: "not this one", fields: ["LastName"] }];
  const answer = [
    { success: false, created: false, errors },
    ...[2, 3].map((id) => ({ id: `003${id}`, success: true, created: true, errors: [] })),
  ];
  await sandbox.setFaults([{ match: "PATCH /services/data/*/composite/**", do: { status: 200, body: answer } }]);
  const run = await project.run("run", "job.yaml");
  const [folder = ""] = project.runFolders();
  expect(run.stdout).toContain(`Report: ${join(".loadline/runs", folder.split("/").at(-1) ?? "", "report.html")}`);
  const path = join(folder, "report.html");
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const { html, changes } = readPage(path);
  expect(html).toContain("default-src &#39;none&#39;");
  expect(html).not.toMatch(/https?:\/\/|<link|<img|src=/);
  const rows = changes
    .trim()
    .split("\n")
    .flatMap((line) => (JSON.parse(line) as [string[], unknown[][]])[1]);
  expect(rows).toHaveLength(3);
  expect(changes).toContain("not this one");
  expect(html).toMatch(/<th scope="row">contacts<\/th><td class="number">4<\/td>/);
  expect(html).toContain("rejects/contacts.csv");

  const shown = JSON.parse((await project.run("report", "latest", "--json", "--out", "again.html")).stdout);
  expect(shown).toMatchObject({ report: project.path("again.html"), changes: 3, leftOut: 0, exitCode: 0 });
  expect(readPage(project.path("again.html")).changes).toBe(changes);
  const byBeginning = await project.run("report", folder.split("/").at(-1)?.slice(0, 12) ?? "");
  expect(byBeginning.stdout.trim()).toBe(join(".loadline/runs", folder.split("/").at(-1) ?? "", "report.html"));
  expect((await project.run("show", "latest")).stdout).toMatch(/^ {2}report: .*report\.html$/m);
  expect((await project.run("runs", "--html")).stdout).toBe(".loadline/runs.html\n");
  expect(project.read(".loadline/runs.html")).toContain(folder.split("/").at(-1));
  expect((await project.run("runs", "--out", "x.html")).code).toBe(2);
  expect((await project.run("report", "1999")).stderr).toContain("there is no run 1999");
  expect((await project.run("report", "latest", "--out", "nowhere/x.html")).code).toBe(2);
});

test("a stopped run has its report too, and says what stopped it", async () => {
  const rows = Array.from({ length: 3 }, (_, index) => `K-${index},Adams,a${index}@x.com,1`).join("\n");
  const job = contactsJob({ map, top: "guards: { creates: 1 }\nreport: true" });
  await using place = await rehearse(job, { "inbox/contacts.csv": `id,last,email,amount\n${rows}\n` });
  const stopped = await place.project.run("run", "job.yaml", "--json");
  expect(stopped.code).toBe(4);
  expect(stopped.stdout.trim().split("\n")).toHaveLength(1);
  const [folder = ""] = place.project.runFolders();
  const { html, changes } = readPage(join(folder, "report.html"));
  expect(html).toContain("stopped</span>");
  expect(html).toMatch(/<pre class="why">[^<]*creates/);
  expect(changes).toContain("not sent");
});

test("under redact no value is in the file: not in changes, keys, examples, or what the target says", async () => {
  const secret = { key: "K-SECRET-1", last: "Mustermann", email: "erika@x.com" };
  const csv = `id,last,email,amount
${secret.key},${secret.last},${secret.email},1
K-SECRET-2,Mustermann,no address of Mustermann,2
K-SECRET-3,Mustermann,e3@x.com,many
K-SECRET-4,Mustermann,e4@x.com,4,too many Mustermann
`;
  const job = contactsJob({ map, top: "redact: [Ext__c, LastName, Email]\nreport: true" });
  await using place = await rehearse(job, { "inbox/contacts.csv": csv });
  const errors = [{ statusCode: "DUPLICATES_DETECTED", message: `there is a Mustermann, ${secret.email}`, fields: [] }];
  const body = [{ success: false, created: false, errors }];
  await place.sandbox.setFaults([{ match: "PATCH /services/data/*/composite/**", do: { status: 200, body } }]);
  await place.project.run("run", "job.yaml");
  const [folder = ""] = place.project.runFolders();
  const { html, changes } = readPage(join(folder, "report.html"));
  expect(html + changes).not.toMatch(/Mustermann|K-SECRET|x\.com|no address/);
  // Hidden values are marks; the other field is there.
  expect(changes).toMatch(/"Ext__c"|"LastName"/);
  expect(changes).toContain('"1.00"');
});
