import { expect } from "vitest";
import { caseOf } from "../case.ts";
import { feed } from "./feed.ts";

const text = "id,n\n1,Ann\n2,Bob\n3,Christopher\n";

caseOf("sftp/size-too-small", "a file is read to its end, whatever size the server states", async () => {
  const small = await feed({ files: { "a.csv": { text, size: 24 } } });
  expect([small.run.code, small.written]).toEqual([0, text]);
  expect(small.run.stderr).toContain("the server states 24 bytes of a.csv");
  // Where it ends before, a part of it is not taken for all of it.
  const large = await feed({ files: { "a.csv": { text, size: 400 } } });
  expect([large.run.code, large.written]).toEqual([1, undefined]);
  expect(large.run.stderr).toContain("the file ends before the size that the server states");
});
