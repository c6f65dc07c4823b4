// Children and parents that come in any order over several runs, one of which is killed, against a model.

import { expect, test } from "vitest";
import { casesOf } from "../support/cases.ts";
import { rehearse } from "./support.ts";

const job = `version: 1
name: model
defaults: { source: { connection: drop, once: content_hash }, target: { connection: salesforce, mode: upsert } }
streams:
  accounts:
    source: { files: "accounts*.csv" }
    target: { object: Account, key: Acc__c }
    map: { Acc__c: id, Name: name }
    validate: [ { field: Name, required: true } ]
  contacts:
    source: { files: "contacts*.csv" }
    target: { object: Contact, key: Ext__c }
    map: { Ext__c: id, LastName: last, AccountId: { parent: accounts, from: account, miss: later } }
rejects: { max: 100% }
`;

/** Numbers below a limit, the same for a seed (Numerical Recipes, LCG). */
function drawFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const failpoints = ["planned:2", "stored:1", "settled:2", "waiting-taken:1", "waiting-kept:1", "checkpointed:1"];

test.each(Array.from({ length: casesOf(8) }, (_, index) => index + 1))(
  "every child ends linked or waits, none is doubled, and a second run writes nothing (seed %i)",
  async (seed) => {
    const draw = drawFrom(seed);
    await using place = await rehearse(job, {});
    const { project, sandbox } = place;
    const parents = new Set<string>();
    const pending = new Map<string, { last: string; account: string }>();
    const org = new Map<string, string>();
    const some = (count: number, name: string) =>
      Array.from({ length: count }, (_, index) => `${name}${index}`).filter(() => draw(2) === 0);
    for (let turn = 1; turn <= 4; turn += 1) {
      const accounts = some(6, "A").map((id) => ({ id, name: draw(3) === 0 ? "" : id }));
      const contacts = some(8, "C").map((id) => ({ id, last: `L${turn}`, account: `A${draw(7)}` }));
      project.write({
        [`inbox/accounts-${turn}.csv`]: `id,name,turn\n${accounts.map(({ id, name }) => `${id},${name},${turn}\n`).join("")}`,
        [`inbox/contacts-${turn}.csv`]: `id,last,account\n${contacts.map(({ id, last, account }) => `${id},${last},${account}\n`).join("")}`,
      });
      const extracted = contacts.length + pending.size;
      for (const { id, ...row } of contacts) pending.set(id, row);
      for (const { id, name } of accounts) if (name !== "") parents.add(id);
      for (const [id, { last, account }] of pending) {
        if (!parents.has(account)) continue;
        org.set(id, `${last} ${account}`);
        pending.delete(id);
      }
      const at = failpoints[draw(failpoints.length)];
      const killed =
        turn === 1 + draw(4)
          ? await project.start(["run", "job.yaml"], { env: { LOADLINE_FAILPOINT: at } }).finished
          : undefined;
      if (killed?.signal !== "SIGKILL") {
        if (killed === undefined) await project.run("run", "job.yaml");
      } else await project.run("resume");
      const shown = await project.run("show", "latest", "--json");
      const { streams } = JSON.parse(shown.stdout) as { streams: { name: string; counts: Record<string, number> }[] };
      const counts = streams.find(({ name }) => name === "contacts")?.counts;
      expect({ turn, ...counts }).toMatchObject({
        turn,
        extracted,
        waiting: pending.size,
        unmatched: pending.size,
        failed: 0,
      });
      const keys = new Map((await sandbox.dump("Account")).map((one) => [one["Id"], one["Acc__c"]]));
      const stored = (await sandbox.dump("Contact")).map(
        (one) => [one["Ext__c"], `${one["LastName"]} ${keys.get(one["AccountId"])}`] as const,
      );
      expect(stored.sort()).toEqual([...org].sort());
    }
    const again = await project.run("run", "job.yaml", "--json");
    expect(again.summary().streams["contacts"]).toMatchObject({ creates: 0, updates: 0, waiting: pending.size });
  },
);
