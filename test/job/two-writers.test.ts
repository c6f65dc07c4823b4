import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readJob } from "../../src/job/read-job.ts";
import { refuseTwoWriters } from "../../src/job/two-writers.ts";

const side = (name: string, target: string, keys: string, keep = "") => `  ${name}:
    source: { connection: drop, files: ${name}.csv${keep} }
    target: { connection: salesforce, object: Account, ${target} }
    map: { ${keys}, Name: name }
`;
const ours = (target: string, keep = "") => side("ours", target, `Ext__c: "'O-' || no"`, keep);
const theirs = (target: string) => side("theirs", target, `Ext__c: "'T-' || no"`);

test("a mirror without a scope is refused beside a stream that makes records with its key", () => {
  const folder = mkdtempSync(join(tmpdir(), "loadline-test-"));
  const problemOf = (streams: string): string => {
    const path = join(folder, "job.yaml");
    writeFileSync(path, `version: 1\nname: twice\nstreams:\n${streams}`);
    try {
      refuseTwoWriters(readJob(path), new Map());
      return "";
    } catch (error) {
      return (error as Error).message;
    }
  };
  const mirror = "key: Ext__c, mode: mirror";
  const upsert = "key: Ext__c, mode: upsert";
  const deletes = /stream ours deletes the records of Account that stream theirs makes/;
  expect(problemOf(ours(mirror) + theirs(upsert))).toMatch(deletes);
  expect(problemOf(theirs(upsert) + ours(mirror))).toMatch(deletes);
  expect(problemOf(theirs(mirror) + ours(upsert))).toMatch(/stream theirs deletes/);
  expect(problemOf(ours(mirror) + theirs(mirror))).toMatch(/stream ours deletes|stream theirs deletes/);
  expect(problemOf(ours(mirror) + theirs("key: Ext__c, mode: insert"))).toMatch(deletes);
  // Nothing of the other's is deleted: within a scope, by another key, and where a source is never whole.
  expect(problemOf(ours(`${mirror}, scope: "Ext__c LIKE 'O-%'"`) + theirs(upsert))).toBe("");
  expect(problemOf(ours(mirror, `, keep: "no <> '0'"`) + theirs(upsert))).toBe("");
  expect(problemOf(ours(mirror) + theirs("key: Ext__c, mode: update"))).toBe("");
  rmSync(folder, { recursive: true });
});
