// Which API version is spoken, through the real program.

import { expect, test } from "vitest";
import { contactsJob, schema } from "../run/support.ts";
import { answerJson, startRelay } from "../support/relay.ts";
import { connections, createProject, startSandbox } from "../support/rig.ts";

function project(origin: string, version: string | undefined) {
  const files = connections({ origin });
  const more = version === undefined ? "" : `    api_version: "${version}"\n`;
  const withVersion = files["connections.yaml"]?.replace("  drop:", `${more}  drop:`) ?? "";
  const input = { "job.yaml": contactsJob(), "inbox/contacts.csv": "id,last,email\n1,Adams,a@x.com\n" };
  return createProject({ ...input, "connections.yaml": withVersion });
}

test("an api_version that the org offers is spoken, another is refused with the range that it offers", async () => {
  await using sandbox = await startSandbox({ schema });
  const asked: (string | undefined)[] = [];
  await using relay = await startRelay(sandbox.origin, ({ url }) => {
    asked.push(url);
    return false;
  });
  await using fine = project(relay.origin, "60.0");
  expect((await fine.run("check", "job.yaml")).code).toBe(0);
  expect(asked).toContain("/services/data/v60.0/sobjects/Contact/describe");
  for (const [version, why] of [
    ["30.0", "Salesforce has retired it: the org answers 410 and offers"],
    ["45.0", "loadline needs version 58.0 or later"],
    ["99.0", "the org offers"],
  ] as const) {
    await using refused = project(sandbox.origin, version);
    const check = await refused.run("check", "job.yaml");
    expect({ version, code: check.code }).toEqual({ version, code: 2 });
    expect(check.stderr).toContain(
      `connections.yaml:3:3: connection salesforce: api_version "${version}" can't be used`,
    );
    expect(check.stderr).toContain(why);
    expect(check.stderr).toMatch(/next: set api_version to one of "58\.0" to "\d\d\.0"/);
  }
});

test("without one it is the newest that the org offers and loadline knows", async () => {
  await using sandbox = await startSandbox({ schema });
  const offered = ["59.0", "61.0", "75.0"].map((version) => ({
    version,
    url: `/services/data/v${version}`,
    label: "",
  }));
  const asked: (string | undefined)[] = [];
  await using relay = await startRelay(sandbox.origin, ({ url }, response) => {
    asked.push(url);
    return url === "/services/data" ? answerJson(response, 200, offered) : false;
  });
  await using place = project(relay.origin, undefined);
  expect((await place.run("check", "job.yaml")).code).toBe(0);
  expect(asked).toContain("/services/data/v61.0/sobjects/Contact/describe");
});
