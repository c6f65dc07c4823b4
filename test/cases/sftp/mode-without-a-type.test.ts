import { expect } from "vitest";
import { caseOf } from "../case.ts";
import { feed, people } from "./feed.ts";

caseOf("sftp/mode-without-a-type", "what is no folder and no link is a file", async () => {
  const taken = await feed({ files: { "a.csv": { text: people, mode: 0o666 } } });
  expect([taken.run.code, taken.written]).toEqual([0, people]);
});
