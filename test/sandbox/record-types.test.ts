// Record types and cases: what describe offers, what a record gets, what is refused.

import { expect, test } from "vitest";
import { type Org, startOrg, temporaryFolder } from "./support.ts";

const schema = {
  salesforce: {
    Contact: {
      recordTypes: {
        Client: { label: "A client", default: true },
        Old: { active: false },
        Secret: { available: false },
      },
    },
    Lead: { recordTypes: { Inbound: {} } },
  },
};

async function typeId(org: Org, object: string, name: string): Promise<string> {
  const soql = `SELECT Id FROM RecordType WHERE SobjectType = '${object}' AND DeveloperName = '${name}'`;
  return String((await org.query(soql))[0]?.["Id"]);
}

test("describe offers the record types of the schema file beside Master, with the ids that RecordType has", async () => {
  const org = await startOrg({ schema });
  const infos = async (object: string) =>
    (await org.api("GET", `sobjects/${object}/describe`)).body["recordTypeInfos"] as unknown[];
  expect(await infos("Contact")).toMatchObject([
    {
      developerName: "Client",
      name: "A client",
      defaultRecordTypeMapping: true,
      recordTypeId: await typeId(org, "Contact", "Client"),
    },
    { developerName: "Old", active: false },
    { developerName: "Secret", available: false },
    { developerName: "Master", master: true, defaultRecordTypeMapping: false, recordTypeId: "012000000000000AAA" },
  ]);
  expect(await infos("Lead")).toMatchObject([{ developerName: "Inbound" }, { defaultRecordTypeMapping: true }]);
  expect(await infos("Account")).toMatchObject([{ developerName: "Master" }]);
});

test("a record gets the default record type, or the one that it names; any other is refused", async () => {
  const org = await startOrg({ schema });
  const client = await typeId(org, "Contact", "Client");
  await org.api("POST", "sobjects/Contact", { LastName: "Plain" });
  expect(await org.query("SELECT RecordTypeId, RecordType.DeveloperName FROM Contact")).toMatchObject([
    { RecordTypeId: client, RecordType: { DeveloperName: "Client" } },
  ]);
  const wrong = [
    await typeId(org, "Lead", "Inbound"),
    await typeId(org, "Contact", "Old"),
    await typeId(org, "Contact", "Secret"),
    "012000000000001AAA",
  ];
  const job = await org.ingest(
    { object: "Contact", operation: "insert" },
    `LastName,RecordTypeId\ngood,${client}\nblank,\n${wrong.map((id) => `bad,${id}\n`).join("")}`,
  );
  expect(job).toMatchObject({ numberRecordsProcessed: 6, numberRecordsFailed: 4 });
  const errors = (await org.results(job["id"], "failedResults")).map((row) => row["sf__Error"]).sort();
  expect(errors).toEqual(
    wrong
      .map(
        (id) =>
          `INVALID_CROSS_REFERENCE_KEY:Record Type ID: this ID value isn't valid for the user: ${id}:RecordTypeId --`,
      )
      .sort(),
  );
  expect(new Set((await org.dump("Contact")).map((row) => row["RecordTypeId"]))).toEqual(new Set([client]));
});

test("a record type keeps its id across restarts, also when others are added", async () => {
  const dataFolder = temporaryFolder();
  const first = await startOrg({ dataFolder, schema: { salesforce: { Lead: schema.salesforce.Lead } } });
  const before = await typeId(first, "Lead", "Inbound");
  await first.close();
  const second = await startOrg({ dataFolder, schema });
  expect(await typeId(second, "Lead", "Inbound")).toBe(before);
  expect(await second.query("SELECT Id FROM RecordType")).toHaveLength(4);
});

test("cases number themselves, start as new and take an assignment rule in bulk", async () => {
  const org = await startOrg();
  const rule = "01Q000000000001AAA";
  const job = await org.ingest({ object: "Case", operation: "insert", assignmentRuleId: rule }, "Subject\nOne\nTwo\n");
  expect(job).toMatchObject({ state: "JobComplete", numberRecordsFailed: 0, assignmentRuleId: rule });
  const jobs = (await org.api("GET", "/__sandbox/salesforce/jobs")).body;
  expect(jobs[0]).toMatchObject({ assignmentRuleId: rule });
  expect(await org.query("SELECT CaseNumber, Status, Priority, IsClosed FROM Case ORDER BY CaseNumber")).toMatchObject([
    { CaseNumber: "00001001", Status: "New", Priority: "Medium", IsClosed: false },
    { CaseNumber: "00001002" },
  ]);
  const account = { object: "Account", operation: "insert", assignmentRuleId: rule };
  expect((await org.api("POST", "jobs/ingest", account)).body).toMatchObject([{ errorCode: "INVALIDJOB" }]);
});
