import { expect, test } from "vitest";
import { idOf, Rig } from "../stage/rig.ts";

const fields = { Key__c: { kind: "text" }, Name: { kind: "text" } } as const;
const stream = `
source: { connection: drop, files: "*" }
target: { connection: org, object: Thing, key: Key__c, mode: mirror, scope: mine }
map: { Key__c: key, Name: name }`;

test("mirror deletes only records that, read again by their ids, are there, in the scope and of the same key", async () => {
  using rig = await Rig.open();
  const mine = (Key__c: string | null) => ({ Key__c, Name: "n", Scope: "mine" });
  const present = ["kept", "gone", "moved", "renamed", "blank", "deleted"].map(mine);
  const presentAgain = [
    mine("kept"),
    mine("GONE"),
    { ...mine("moved"), Scope: "others" },
    mine("kept"),
    mine(null),
    undefined,
  ];
  const staged = await rig.stage(stream, fields, { "a.csv": "key,name\nkept,n\n" }, { present, presentAgain });
  const { plan, counts, remarks } = await rig.diff(staged);
  expect(plan.map(({ action, id }) => [action, id])).toEqual([["delete", idOf(1)]]);
  expect(counts).toMatchObject({ mirrorDeletes: 1, unchanged: 1 });
  expect(remarks).toEqual([
    "not deleted, for read again they are not what was listed: " +
      `2 records another key (${idOf(3)}, ${idOf(4)}); 2 records gone, or not in target.scope (${idOf(2)}, ${idOf(5)})`,
  ]);
});
