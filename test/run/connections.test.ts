// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of connections.yaml are written so
// What systems there are and who is signed in to them, in a project and before there is one.

import { expect, test } from "vitest";
import { createProject, startSandbox } from "../support/rig.ts";

test("connections lists what there is; test signs in and says who, which org, and what is left of the day", async () => {
  await using sandbox = await startSandbox();
  await using project = createProject({
    "connections.yaml": `version: 1
connections:
  sf_dev: { type: salesforce, login_url: ${sandbox.origin}, auth: { access_token: "\${SF_TOKEN}" }, protected: true }
  sf_gone: { type: salesforce, login_url: ${sandbox.origin}, auth: { access_token: "\${SF_GONE}" } }
  sf_unset: { type: salesforce, login_url: ${sandbox.origin}, auth: { access_token: "\${SF_UNSET}" } }
  crm: { type: hubspot, base_url: ${sandbox.hubspot}, auth: { token: "\${HUBSPOT_TOKEN}" } }
  inbox: { type: file, path: ./none }
`,
    ".env": "SF_TOKEN=00Dsandbox0000001!loadline\nSF_GONE=00Dsandbox0000001!ended\n",
  });
  const listed = await project.run("connections");
  expect(listed.stdout).toMatch(/^sf_dev +salesforce +objects +protected: loading wants --yes$/m);
  expect(listed.stdout).toMatch(/^inbox +file +files$/m);
  const both = await project.run("connections", "test", "{sf_dev,crm}");
  expect(both.stderr).toBe("");
  expect(both.stdout).toMatch(
    /^sf_dev: signed in as \S+@\S+, org 00Dsandbox\w+ \(".+", .+\), [\d,]+ of 100,000 API calls of the day left$/m,
  );
  expect(both.stdout).toMatch(
    /^crm: signed in as the app of this token, org \d+ \(STANDARD\), [\d,]+ of 625,000 API calls of the day left$/m,
  );
  expect(both.code).toBe(0);
  const all = await project.run("connections", "test", "--json");
  const { connections, exitCode } = JSON.parse(all.stdout);
  expect(connections.map(({ connection, ok }: { connection: string; ok: boolean }) => [connection, ok])).toEqual([
    ["sf_dev", true],
    ["sf_gone", false],
    ["sf_unset", false],
    ["crm", true],
    ["inbox", false],
  ]);
  expect(connections[1]).toMatchObject({ exitCode: 8 });
  expect(connections[2].problem).toContain("the variable SF_UNSET is not set");
  expect(connections[4].problem).toContain("next: mkdir -p none");
  expect(exitCode).toBe(8);
  expect(all.code).toBe(8);
  expect(all.stdout).not.toContain("!ended");
  const none = await project.run("connections", "test", "x*");
  expect(none.stderr).toContain("next: connections: sf_dev, sf_gone, sf_unset, crm, inbox");
  const few = await project.run("describe", "sf_dev", "acc*", "--json");
  expect(JSON.parse(few.stdout).objects.map(({ name }: { name: string }) => name)).toContain("Account");
  expect(JSON.parse(few.stdout).objects.every(({ name }: { name: string }) => /^acc/i.test(name))).toBe(true);
});

test("without connections.yaml the sandbox is described, a file is guessed at, and the schema is written", async () => {
  await using project = createProject({
    "a_1.csv": "id,name\n1,x\n",
    "a_2.csv": "id,name,more\n1,x,y\n",
  });
  const described = await project.run("describe", "salesforce", "Contact", "--sandbox", "--json");
  expect(JSON.parse(described.stdout)).toMatchObject({ connection: "salesforce", object: "Contact" });
  const tested = await project.run("connections", "test", "s*", "--sandbox");
  expect(tested.stdout).toMatch(/^salesforce: signed in as .*\nsftp: ok, sftp:/);
  expect(project.list(".")).toEqual(["a_1.csv", "a_2.csv"]);
  const guessed = await project.run("guess", "a_*.csv", "--sandbox");
  expect(guessed.stdout).toContain("# in doubt: a_2.csv has other columns than a_1.csv: more as well\n");
  expect(guessed.stdout).toContain("files: a_*.csv");
  const several = await project.run("guess", "a_1.csv", "a_2.csv");
  expect(several.stderr).toContain("next: loadline guess '*.csv'");
  const nothing = await project.run("describe", "salesforce");
  expect(nothing.stderr).toContain("loadline init makes one");
  expect(nothing.code).toBe(2);
  const written = await project.run("schema", "job", "--write");
  expect(written.stdout).toBe(".loadline/job.schema.json\n");
  expect(JSON.parse(project.read(".loadline/job.schema.json"))).toHaveProperty("properties.streams");
  expect(project.read(".loadline/.gitignore")).toBe("*\n");
});
