import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { readJob } from "../../../src/job/read-job.ts";
import { refuseTwoWriters } from "../../../src/job/two-writers.ts";
import { caseOf } from "../case.ts";

interface Side {
  source?: string;
  object?: string;
  key?: string;
  mode?: string;
  map?: string;
}

function side(name: string, { source = `files: ${name}.csv`, object = "Account", key = "Ext__c", mode, map }: Side) {
  return `  ${name}:
    source: { connection: drop, ${source} }
    target: { connection: salesforce, object: ${object}, key: ${key}, mode: ${mode ?? "upsert"} }
    map: { ${map ?? "Ext__c: no, Name: name"} }
`;
}

caseOf("plans/two-streams-write-one-field", "two writers of one field come to rest, or are refused", async () => {
  const folder = mkdtempSync(join(tmpdir(), "loadline-case-"));
  const path = join(folder, "job.yaml");
  const problemOf = (left: Side, right: Side): string => {
    writeFileSync(path, `version: 1\nname: twice\nstreams:\n${side("first", left)}${side("second", right)}`);
    try {
      refuseTwoWriters(readJob(path), new Map());
      return "";
    } catch (error) {
      return (error as Error).message;
    }
  };
  const shared = /streams first and second both write Name of Account/i;
  const phones = { mode: "update", map: "Ext__c: no, Phone: phone" };
  // Refused by name, whatever the two are and however the object and the field are written.
  expect(problemOf({}, {})).toMatch(shared);
  expect(problemOf({}, { object: "account" })).toMatch(/both write Name of account/);
  expect(problemOf({}, { mode: "update" })).toMatch(shared);
  expect(problemOf({ mode: "update" }, { key: "Id", mode: "update", map: "Id: id, Name: name" })).toMatch(shared);
  const lookups = [
    { map: "Ext__c: no, ParentId: parent" },
    { mode: "update", map: "Ext__c: no, Parent.Ext__c: parent" },
  ] as const;
  expect(problemOf(...lookups)).toMatch(/both write Parent.Ext__c/);
  const clearing = { map: "Ext__c: no, Name: { from: name, on_null: clear }" };
  const filling = { mode: "update", map: "Ext__c: no, Name: { from: name, policy: fill_empty }" };
  expect(problemOf(clearing, filling)).toMatch(shared);
  // So are two makers of one record.
  expect(problemOf({}, { ...phones, mode: "upsert" })).toMatch(/both make records of Account by Ext__c/);
  expect(problemOf({ mode: "insert" }, { ...phones, mode: "mirror" })).toMatch(/both make records of Account/);
  // By whatever key: one that both have would be made twice.
  const byMail = { key: "Mail__c", map: "Mail__c: mail, Phone: phone" };
  expect(problemOf({ map: "Ext__c: no, Mail__c: mail" }, byMail)).toMatch(
    /both make records of Account: one that both have/,
  );
  expect(problemOf({ map: "Ext__c: no, Name: name" }, byMail)).toBe("");

  // What comes to rest is taken, and what can't meet.
  expect(problemOf({}, phones)).toBe("");
  expect(problemOf({}, filling)).toBe("");
  expect(problemOf({}, { mode: "update", map: "Ext__c: no, Name: { from: name, policy: create_only }" })).toBe("");
  expect(problemOf({ mode: "insert" }, { mode: "insert" })).toBe("");
  expect(problemOf({ object: "Lead" }, {})).toBe("");
  const prefixed = (prefix: string) => ({ map: `Ext__c: "'${prefix}' || no", Name: name` });
  expect(problemOf(prefixed("C-"), prefixed("V-"))).toBe("");
  expect(problemOf(prefixed("C"), prefixed("C-"))).toMatch(shared);
  const kept = (keep: string) => ({ source: `files: all.csv, keep: "${keep}"` });
  expect(problemOf(kept("kind = 'a'"), kept("kind = 'b' AND x = 1"))).toBe("");
  expect(problemOf(kept("x IS NULL"), kept("NOT gone AND x IS NOT NULL"))).toBe("");
  expect(problemOf(kept("gone"), kept("NOT gone"))).toBe("");
  expect(problemOf(kept("kind = 'a'"), kept("kind = 'b' OR x = 1"))).toMatch(shared);
  expect(problemOf(kept("kind = 'a'"), kept("kind <> 'b'"))).toMatch(shared);
  const otherFile = { source: `files: b.csv, keep: "kind = 'b'"` };
  expect(problemOf({ source: `files: a.csv, keep: "kind = 'a'"` }, otherFile)).toMatch(shared);
  rmSync(folder, { recursive: true, force: true });
});
