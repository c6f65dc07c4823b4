import { expect } from "vitest";
import { caseOf } from "../case.ts";
import { feed, people } from "./feed.ts";

caseOf("sftp/no-times", "without times of change, sizes are compared, and what wants times says so", async () => {
  const files = { "a.csv": { text: people } };
  const taken = await feed({ files, noMtime: true });
  expect([taken.run.code, taken.written]).toEqual([0, people]);
  expect(taken.run.stderr).toContain("the server states no time of change of a.csv");
  // What has its place by the time that it is put away can have its size, and is not what was read.
  const remove = `version: 1
name: feed
streams:
  s:
    source: { connection: feed, files: "*.csv", after: { delete: true } }
    target: { connection: drop, files: out.csv, mode: replace }
    map: { id: id, n: n }
`;
  const replace = { name: "a.csv", reads: 2, text: people.replace("Ann", "Eve") };
  const replaced = await feed({ files, noMtime: true, replace }, remove);
  expect([replaced.run.code, replaced.written, replaced.left]).toEqual([0, people, { "a.csv": replace.text }]);
  expect(replaced.run.stderr).toContain("a.csv is another file by now");
  expect((await feed({ files, noMtime: true }, remove)).left).toEqual({});
  const kept = await feed({ files, remove: "silent" }, remove);
  expect([kept.run.code, kept.run.stderr]).toEqual([1, expect.stringContaining("was deleted, and it still is there")]);
  const stable = `version: 1
name: feed
streams:
  s:
    source: { connection: feed, files: "*.csv", ready: { stable_for: 1h } }
    target: { connection: drop, files: out.csv, mode: replace }
    map: { id: id, n: n }
`;
  const refused = await feed({ files, noMtime: true }, stable);
  expect([refused.run.code, refused.written]).toEqual([1, undefined]);
  expect(refused.run.stderr).toContain("which source.ready.stable_for goes by");
});
