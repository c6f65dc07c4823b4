import fc from "fast-check";
import { expect, test } from "vitest";
import { errors, upsert } from "./bulk-ingest-support.ts";
import { startOrg } from "./support.ts";

test("an upsert creates what is new, updates what is there, and says which", async () => {
  const org = await startOrg();
  const first = await org.ingest(upsert, "Ext__c,LastName,FirstName,Score__c\nA,Ant,Amy,1\nB,Bee,Ben,2\n");
  expect(first).toMatchObject({
    state: "JobComplete",
    numberRecordsProcessed: 2,
    numberRecordsFailed: 0,
    jobType: "V2Ingest",
  });
  const second = await org.ingest(upsert, "Ext__c,LastName,FirstName,Score__c\na,Antler,,#N/A\nC,Cat,,\n");
  const created = (await org.results(second["id"], "successfulResults")).map((row) => [
    row["Ext__c"],
    row["sf__Created"],
  ]);
  expect(Object.fromEntries(created)).toEqual({ a: "false", C: "true" });
  expect(await org.query("SELECT LastName, FirstName, Score__c FROM Contact ORDER BY Id")).toMatchObject([
    // Blank is ignored, #N/A clears.
    { LastName: "Antler", FirstName: "Amy", Score__c: null },
    { LastName: "Bee", FirstName: "Ben", Score__c: 2 },
    { LastName: "Cat", FirstName: null, Score__c: null },
  ]);
});

test("insert, update and delete work by id, and a deleted record is in queryAll only", async () => {
  const org = await startOrg();
  const inserted = await org.ingest({ object: "Account", operation: "insert" }, "Name\nOne\nTwo\n");
  const ids = (await org.results(inserted["id"], "successfulResults"))
    .sort((a, b) => (a["Name"] ?? "").localeCompare(b["Name"] ?? ""))
    .map((row) => row["sf__Id"]);
  await org.ingest({ object: "Account", operation: "update" }, `Id,Name\n${ids[0]},Uno\n`);
  await org.ingest({ object: "Account", operation: "delete" }, `Id\n${ids[1]}\n`);
  expect((await org.query("SELECT Name FROM Account")).map((record) => record["Name"])).toEqual(["Uno"]);
  const { body } = await org.api("GET", "queryAll?q=SELECT+Name,IsDeleted+FROM+Account+ORDER+BY+Id");
  expect(body["records"]).toMatchObject([
    { Name: "Uno", IsDeleted: false },
    { Name: "Two", IsDeleted: true },
  ]);
  expect((await org.dump("Account")).map((row) => row["IsDeleted"])).toEqual([false, true]);
});

test("rows are refused for what Salesforce refuses, each in its words", async () => {
  const org = await startOrg();
  await org.ingest(upsert, "Ext__c,LastName\nTAKEN,Taken\n");
  const job = await org.ingest(
    { object: "Contact", operation: "insert" },
    [
      "Ext__c,LastName,Email,Tier__c,Birthdate,Account.Vendor_Account_Id__c,ReportsToId,CreatedDate",
      "r1,,,,,,,",
      `r2,${"x".repeat(81)},,,,,,`,
      "r3,a,nope,,,,,",
      "r4,a,,Iron,,,,",
      "r5,a,,,31.12.2020,,,",
      "r6,a,,,,MISSING,,",
      "r7,a,,,,,003000000000000AAA,",
      "r8,a,,,,,001000000000000AAA,",
      "r9,a,,,,,,2020-01-01T00:00:00Z",
      "taken,a,,,,,,",
      "r10,#N/A,,,,,,",
    ].join("\n"),
  );
  const [taken] = await org.query("SELECT Id FROM Contact WHERE Ext__c = 'TAKEN'");
  expect(job).toMatchObject({ state: "JobComplete", numberRecordsProcessed: 11, numberRecordsFailed: 11 });
  expect(await errors(org, job)).toEqual({
    r1: "REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --",
    r2: `STRING_TOO_LONG:Last Name: data value too large: ${"x".repeat(81)} (max length=80):LastName --`,
    r3: "INVALID_EMAIL_ADDRESS:Email: invalid email address: nope:Email --",
    r4: "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST:Tier: bad value for restricted picklist field: Iron:Tier__c --",
    r5: "INVALID_TYPE_ON_FIELD_IN_RECORD:Birthdate: value not of required type: 31.12.2020:Birthdate --",
    r6: "INVALID_FIELD:Foreign key external ID: missing not found for field Vendor_Account_Id__c in entity Account:--",
    r7: "INVALID_CROSS_REFERENCE_KEY:invalid cross reference id:--",
    r8: "MALFORMED_ID:Reports To ID: id value of incorrect type: 001000000000000AAA:ReportsToId --",
    r9: "INVALID_FIELD_FOR_INSERT_UPDATE:Unable to create/update fields: CreatedDate. Please check the security settings of this field and verify that it is read/write for your profile or permission set.:CreatedDate --",
    taken: `DUPLICATE_VALUE:duplicate value found: Ext__c duplicates value on record with id: ${String(taken?.["Id"]).slice(0, 15)}:--`,
    r10: "REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --",
  });
});

test("an external id that several records share, or that a chunk names twice, is refused; later chunks update", async () => {
  const org = await startOrg();
  await org.ingest({ object: "Contact", operation: "insert" }, "LastName,Loose__c\na,X\nb,x\n");
  const loose = await org.ingest({ ...upsert, externalIdFieldName: "Loose__c" }, "Loose__c,LastName\nX,c\n,d\n");
  const refused = Object.values(await errors(org, loose)).sort();
  expect(refused[0]).toMatch(
    /^DUPLICATE_EXTERNAL_ID:Loose__c: more than one record found for external id field: \[003\w{15}, 003\w{15}\]:Loose__c --$/,
  );
  expect(refused[1]).toBe("MISSING_ARGUMENT:Loose__c not specified:Loose__c --");
  const filler = Array.from({ length: 198 }, (_, index) => `F${index},f`).join("\n");
  const job = await org.ingest(upsert, `Ext__c,LastName\nK,first\nk,second\n${filler}\nK,third\n`);
  expect(await errors(org, job)).toEqual({ k: "DUPLICATE_VALUE:Duplicate external id specified: k:Ext__c --" });
  expect(await org.query("SELECT LastName FROM Contact WHERE Ext__c = 'K'")).toMatchObject([{ LastName: "third" }]);
});

test("ids of deleted and unknown records, and what is no id, are refused on update and delete", async () => {
  const org = await startOrg();
  const inserted = await org.ingest({ object: "Account", operation: "insert" }, "Name\nGone\n");
  const gone = (await org.results(inserted["id"], "successfulResults"))[0]?.["sf__Id"];
  await org.ingest({ object: "Account", operation: "delete" }, `Id\n${gone}\n`);
  const deleted = await org.ingest({ object: "Account", operation: "delete" }, `Id\n${gone}\n001Sb0000000zzz\nabc\n`);
  expect(await errors(org, deleted)).toEqual({
    [String(gone)]: "ENTITY_IS_DELETED:entity is deleted:--",
    "001Sb0000000zzz": "INVALID_CROSS_REFERENCE_KEY:invalid cross reference id:--",
    abc: "MALFORMED_ID:malformed id abc:--",
  });
  const updated = await org.ingest({ object: "Account", operation: "update" }, `Id,Name\n${gone},Back\n,Nobody\n`);
  expect(Object.values(await errors(org, updated)).sort()).toEqual([
    "ENTITY_IS_DELETED:entity is deleted:--",
    "MISSING_ARGUMENT:Id not specified in an update call:--",
  ]);
});

test("deleting an account deletes its contacts and clears the other references to it", async () => {
  const org = await startOrg();
  await org.ingest({ object: "Account", operation: "insert" }, "Name,Vendor_Account_Id__c\nParent,P\n");
  await org.ingest({ object: "Account", operation: "insert" }, "Name,Parent.Vendor_Account_Id__c\nChild,P\n");
  await org.ingest(upsert, "Ext__c,LastName,Account.Vendor_Account_Id__c\nC,Con,P\n");
  await org.ingest({ object: "Office__c", operation: "insert" }, "Key__c,Contact__r.Ext__c\nO,C\n");
  const [parent] = await org.query("SELECT Id FROM Account WHERE Name = 'Parent'");
  await org.ingest({ object: "Account", operation: "delete" }, `Id\n${String(parent?.["Id"])}\n`);
  expect(await org.query("SELECT Id FROM Contact")).toEqual([]);
  expect(await org.query("SELECT Name, ParentId FROM Account")).toMatchObject([{ Name: "Child", ParentId: null }]);
  expect(await org.query("SELECT Contact__c FROM Office__c")).toMatchObject([{ Contact__c: null }]);
});

test("a polymorphic lookup needs its type, any other refuses one", async () => {
  const org = await startOrg();
  await org.ingest({ object: "Lead", operation: "insert" }, "LastName,Company,Email\nLea,Co,lea@x.co\n");
  await org.ingest({ object: "Task", operation: "insert" }, "Subject,Lead:Who.Email\nCall,lea@x.co\n");
  expect(await org.query("SELECT Who.Name FROM Task")).toMatchObject([
    { Who: { attributes: { type: "Name" }, Name: "Lea" } },
  ]);
  const message = async (object: string, header: string) =>
    (await org.ingest({ object, operation: "insert" }, `${header}\nx\n`))["errorMessage"];
  expect(await message("Task", "Who.Email")).toBe("InvalidBatch : Field name not found : Who.Email");
  expect(await message("Account", "Account:Parent.Vendor_Account_Id__c")).toBe(
    "InvalidBatch : type is not needed for non polymorphic foreign key references: Parent",
  );
  expect(await message("Account", "Parent:Account.Vendor_Account_Id__c")).toBe(
    "InvalidBatch : Unable to find relationship: Account",
  );
  expect(await message("Account", "Parent:Account:X")).toBe("InvalidBatch : Field name not found : Parent:Account:X");
  expect(await message("Account", "Parent.Name")).toBe("InvalidBatch : Field name not found : Parent.Name");
});

test("an unknown column, a byte order mark and the wrong line endings fail the job with nothing written", async () => {
  const org = await startOrg();
  for (const [csv, message] of [
    ["Ext__c,LastName,Nope__c\nA,B,C\n", "InvalidBatch : Field name not found : Nope__c"],
    ["\uFEFFExt__c,LastName\nA,B\n", "InvalidBatch : Field name not found : \uFEFFExt__c"],
    [
      "Ext__c,LastName\r\nA,B\r\n",
      "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is LF",
    ],
    ["Ext__c,LastName,MailingAddress\nA,B,C\n", "InvalidBatch : Field name not found : MailingAddress"],
  ] as const) {
    const job = await org.ingest(upsert, csv);
    expect(job).toMatchObject({
      state: "Failed",
      numberRecordsProcessed: 0,
      numberRecordsFailed: 0,
      errorMessage: message,
    });
    const rest = await org.api("GET", `jobs/ingest/${String(job["id"])}/unprocessedrecords/`);
    // Reading an answer's text takes a byte order mark away.
    expect(rest.text.replaceAll("\r", "")).toBe(csv.replace("\uFEFF", "").replaceAll("\r", ""));
  }
  expect(await org.query("SELECT Id FROM Contact")).toEqual([]);
});

test("results hold the uploaded columns re-rendered, every value quoted, in another order, always the same one", async () => {
  const org = await startOrg();
  const keys = Array.from({ length: 50 }, (_, index) => `K${index}`);
  const csv = `Ext__c,LastName,Score__c,Birthdate\n${keys.map((key) => `${key},"a ""b""",912260031,2020-01-01`).join("\n")}\n`;
  const job = await org.ingest(upsert, csv);
  const { text } = await org.api("GET", `jobs/ingest/${String(job["id"])}/successfulResults/`);
  const [header, first] = text.split("\n");
  expect(header).toBe('"sf__Id","sf__Created",Ext__c,LastName,Score__c,Birthdate');
  expect(first).toMatch(/^"003\w{15}","true","K\d+","a ""b""","9.12260031E8","2020-01-01"$/);
  const order = (await org.results(job["id"], "successfulResults")).map((row) => row["Ext__c"]);
  expect(order).not.toEqual(keys);
  expect([...order].sort()).toEqual([...keys].sort());
  expect((await org.results(job["id"], "successfulResults")).map((row) => row["Ext__c"])).toEqual(order);
  const failed = await org.api("GET", `jobs/ingest/${String(job["id"])}/failedResults/`);
  expect(failed.text).toBe('"sf__Id","sf__Error",Ext__c,LastName,Score__c,Birthdate\n');
});

test("a header in the wrong case is found, and its values are missing from failedResults", async () => {
  const org = await startOrg();
  const job = await org.ingest(upsert, "ext__c,LastName\nA,ok\nB,\n");
  expect(job).toMatchObject({ numberRecordsProcessed: 2, numberRecordsFailed: 1 });
  expect(await org.results(job["id"], "successfulResults")).toMatchObject([{ ext__c: "A" }]);
  expect(await org.results(job["id"], "failedResults")).toMatchObject([{ ext__c: "" }]);
});

test("a row with a stray quote or too many values fails alone", async () => {
  const org = await startOrg();
  const job = await org.ingest(upsert, 'Ext__c,LastName\n"A", "B"\nC,D,E\nF,G\n');
  expect(job).toMatchObject({ state: "JobComplete", numberRecordsProcessed: 3, numberRecordsFailed: 2 });
  expect((await org.query("SELECT Ext__c FROM Contact")).map((record) => record["Ext__c"])).toEqual(["F"]);
});

test("other delimiters and line endings hold for the upload and for its results", async () => {
  const org = await startOrg();
  const job = await org.ingest(
    { ...upsert, columnDelimiter: "SEMICOLON", lineEnding: "CRLF" },
    "Ext__c;LastName\r\nA;x,y\r\n",
  );
  const { text } = await org.api("GET", `jobs/ingest/${String(job["id"])}/successfulResults/`);
  expect(text).toMatch(/^"sf__Id";"sf__Created";Ext__c;LastName\r\n"003\w{15}";"true";"A";"x,y"\r\n$/);
});

test("what was uploaded is what is stored, for any text that fits the field", async () => {
  const org = await startOrg();
  const word = fc
    .string({ unit: "grapheme", minLength: 1, maxLength: 20 })
    .filter((text) => text.trim() !== "" && text !== "#N/A" && !/[\r\n\0]/.test(text) && text.isWellFormed());
  const texts = fc.sample(word, { numRuns: 300, seed: 7 });
  const csv = texts.map((text, index) => `K${index},"${text.replaceAll('"', '""')}"`).join("\n");
  await org.ingest(upsert, `Ext__c,LastName\n${csv}\n`);
  const stored = await org.dump("Contact");
  expect(stored.map((row) => row["LastName"])).toEqual(texts.map((text) => text.replaceAll(/^[ \t]+|[ \t]+$/g, "")));
});
