import { expect } from "vitest";
import { caseOf } from "../case.ts";
import { feed, people, upload } from "./feed.ts";

caseOf("sftp/fstat-fails", "a server without fstat is asked by stat", async () => {
  const taken = await feed({ files: { "a.csv": { text: people } }, fstatFails: 4 });
  expect([taken.run.code, taken.written]).toEqual([0, people]);
  const sent = await feed({ files: {}, fstatFails: 8 }, upload);
  expect([sent.run.code, sent.left]).toEqual([0, { "contacts.csv": people, "contacts.csv.done": "" }]);
});
