// Connectors that break the contract, each in one way: the suite names the part that is broken.

import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { OpenConnection } from "../../src/contract/connection.ts";
import type { CallWrites } from "../../src/contract/write.ts";
import { memory } from "./memory/connector.ts";
import { openMemoryRig } from "./memory/rig.ts";
import { checks } from "./suite.ts";

type Break = (open: OpenConnection) => OpenConnection;

function breakWrites(change: (calls: CallWrites) => Partial<CallWrites>): Break {
  return ({ source, target }) => {
    const { calls } = target.writes;
    if (calls === undefined) throw new Error("the memory CRM is written to by calls");
    return {
      source,
      target: Object.assign(Object.create(target), { writes: { calls: { ...calls, ...change(calls) } } }),
    };
  };
}

const broken: { how: string; check: string; change: Break }[] = [
  {
    how: "sends every batch twice, under two marks",
    check: "a write (insert) that ends as cut after loses and doubles nothing",
    change: breakWrites((calls) => ({
      async write(batch, attempt, files, signal) {
        await calls.write(batch, attempt, files, signal);
        const path = `${batch.path}.again`;
        copyFileSync(batch.path, path);
        await calls.write({ ...batch, path }, attempt, files, signal);
      },
    })),
  },
  {
    how: "tells a row that was refused as written",
    check: "a row that the system refuses costs no other row, and is told by its line and field",
    change: breakWrites((calls) => ({
      async write(batch, attempt, files, signal) {
        await calls.write(batch, attempt, files, signal);
        const [, ...failed] = readFileSync(files.failed, "utf8").trim().split("\n");
        const told = failed.map((line) => line.replace(/^"[^"]*","(?:[^"]|"")*"/, '"m999999","true"'));
        writeFileSync(
          files.succeeded,
          `${readFileSync(files.succeeded, "utf8")}${told.map((line) => `${line}\n`).join("")}`,
        );
        writeFileSync(files.failed, `${readFileSync(files.failed, "utf8").split("\n")[0]}\n`);
      },
    })),
  },
  {
    how: "gives only the first record of those that are asked for by key",
    check: "mode upsert does what it says, and nothing the second time",
    change: ({ source, target }) => ({
      source,
      target: Object.assign(Object.create(target), {
        snapshot: async (request: Parameters<typeof target.snapshot>[0]) => {
          const found = await target.snapshot(request);
          for (const file of found.files) {
            const lines = readFileSync(file, "utf8").split("\n");
            writeFileSync(file, `${lines.slice(0, 2).join("\n")}\n`);
          }
          return found;
        },
      }),
    }),
  },
  {
    how: "rounds a number that its field has room for",
    check: "values of every type are stored as they are, compare as equal, and come back the same",
    change: ({ source, target }) => ({
      source,
      target: Object.assign(Object.create(target), {
        render: (...given: Parameters<typeof target.render>) => {
          const rendered = target.render(...given);
          const [{ kind }] = given;
          return kind === "number"
            ? { ...rendered, value: `CAST(round(CAST(${rendered.value} AS DOUBLE)) AS VARCHAR)` }
            : rendered;
        },
      }),
    }),
  },
  {
    how: "begins a window too late",
    check: "a window takes what changed since the last one, each change once",
    change: ({ source, target }) => ({
      target,
      source: {
        ...source,
        extract: ({ window, ...request }) =>
          source.extract({ ...request, ...(window === undefined ? {} : { window: { ...window, from: window.to } }) }),
      },
    }),
  },
  {
    how: "leaves out the deleted records of a window",
    check: "a window with deletes tells what was deleted since",
    change: ({ source, target }) => ({
      target,
      source: {
        ...source,
        extract: (request) => source.extract({ ...request, source: { ...request.source, deletes: "ignore" } as never }),
      },
    }),
  },
];

describe("a connector that", () => {
  test.each(broken)("$how is named by the suite", async ({ check, change }) => {
    const open = async (...given: Parameters<typeof memory.open>) => change(await memory.open(...given));
    const failing = checks.find(({ name }) => name === check);
    if (failing === undefined) throw new Error(`there is no check "${check}"`);
    await using rig = await openMemoryRig({ ...memory, open });
    await expect(failing.run(rig)).rejects.toThrow();
  });
});
