import { expect } from "vitest";
import { caseOf } from "../case.ts";
import { feed, people, upload } from "./feed.ts";

const files = { "contacts.csv": { text: "old" } };

caseOf("sftp/dot-names-are-not-listed", "what did not arrive under its name is not loaded", async () => {
  const hidden = await feed({ files, hideDots: true }, upload);
  expect([hidden.run.code, hidden.left]).toEqual([0, { "contacts.csv": people, "contacts.csv.done": "" }]);
  for (const quirk of [{ rename: "silent" } as const, { takeOnClose: true }]) {
    const lost = await feed({ files, ...quirk }, upload);
    expect([lost.run.code, lost.left["contacts.csv"]]).toEqual([1, "old"]);
  }
});
