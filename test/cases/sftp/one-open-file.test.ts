import { expect } from "vitest";
import { caseOf } from "../case.ts";
import { feed } from "./feed.ts";

const files = Object.fromEntries(
  ["a", "b", "c"].map((name, index) => [`${name}.csv`, { text: `id,n\n${index},${name}\n` }]),
);

caseOf("sftp/one-open-file", "where a server allows one open file, files are fetched one by one", async () => {
  const taken = await feed({ files, maxOpen: { files: 1, status: 3, text: "permission denied" } });
  expect([taken.run.code, taken.written]).toEqual([0, "id,n\n0,a\n1,b\n2,c\n"]);
  // One that is refused alone too is refused for a permission.
  const denied = { ...files, "b.csv": { text: "", denied: true } };
  const refused = await feed({ files: denied, maxOpen: { files: 1, status: 3, text: "permission denied" } });
  expect([refused.run.code, refused.written]).toEqual([8, undefined]);
  expect(refused.run.stderr).toContain("the user may not read b.csv");
});
