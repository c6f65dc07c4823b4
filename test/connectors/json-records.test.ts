import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { readBatchRows } from "../../src/connectors/kit/batch-file.ts";
import { fieldOf } from "../../src/connectors/kit/field.ts";
import { jsonColumns } from "../../src/connectors/salesforce/json-records.ts";
import type { FieldKind, FieldSchema, ObjectSchema } from "../../src/core/model.ts";

function makeField(name: string, kind: FieldKind, more: Partial<FieldSchema> = {}): FieldSchema {
  return fieldOf({ name, kind, vendorType: kind, ...more });
}

const fields = [
  makeField("Ext__c", "text"),
  makeField("Amount__c", "number"),
  makeField("Active__c", "boolean"),
  makeField("WhoId", "reference", { relationshipName: "Who", referenceTo: ["Contact", "Lead"] }),
];
const schema: ObjectSchema = {
  object: "Task",
  label: "Task",
  createable: true,
  updateable: true,
  deletable: true,
  fields: new Map(fields.map((field) => [field.name, field])),
};

/** The members of each record of a batch file. */
async function membersOf(csv: string): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), "loadline-json-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "batch.csv");
  writeFileSync(path, csv);
  const { headers, rows } = readBatchRows(path);
  const columns = await jsonColumns(schema, headers, async (name) =>
    name.includes(".") ? makeField(name, "text") : schema.fields.get(name),
  );
  return rows.map((row) => columns.flatMap(({ member }, index) => member(row[index] ?? "") ?? []).join(","));
}

test("numbers keep all their digits, what is no JSON number goes as text", async () => {
  const csv = "Ext__c,Amount__c\n007,9007199254740993.10\na,-0.50\nb,1e3\nc,.5\nd,+1\n";
  expect(await membersOf(csv)).toEqual([
    '"Ext__c":"007","Amount__c":9007199254740993.10',
    '"Ext__c":"a","Amount__c":-0.50',
    '"Ext__c":"b","Amount__c":1e3',
    '"Ext__c":"c","Amount__c":".5"',
    '"Ext__c":"d","Amount__c":"+1"',
  ]);
});

test("a blank cell leaves its field out, #N/A empties it, text is quoted as JSON wants it", async () => {
  const csv = 'Ext__c,Amount__c,Active__c\n"a ""b""\n\\c\u2028",,#N/A\nx,#N/A,true\ny,,false\n';
  const records = await membersOf(csv);
  expect(records.map((members) => JSON.parse(`{${members}}`))).toEqual([
    { Ext__c: 'a "b"\n\\c\u2028', Active__c: null },
    { Ext__c: "x", Amount__c: null, Active__c: true },
    { Ext__c: "y", Active__c: false },
  ]);
});

test("a parent is named by its key and, where there are several kinds, by its object; emptied, the lookup is", async () => {
  const records = await membersOf("Ext__c,Lead:Who.Email\na,l@x.com\nb,#N/A\nc,\n");
  expect(records.map((members) => JSON.parse(`{${members}}`))).toEqual([
    { Ext__c: "a", Who: { attributes: { type: "Lead" }, Email: "l@x.com" } },
    { Ext__c: "b", WhoId: null },
    { Ext__c: "c" },
  ]);
});
