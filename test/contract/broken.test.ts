// Connectors that break the contract, each in one way: the suite names the part that is broken.

import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { parse } from "csv-parse/sync";
import { stringify } from "csv-stringify/sync";
import { describe, expect, test } from "vitest";
import type { OpenConnection } from "../../src/contract/connection.ts";
import type { Connector } from "../../src/contract/connector.ts";
import type { Target } from "../../src/contract/target.ts";
import type { CallWrites } from "../../src/contract/write.ts";
import { Failure } from "../../src/core/errors.ts";
import { exitCode } from "../../src/core/exit-code.ts";
import { describePart } from "../../src/core/part-file.ts";
import { MemoryClient } from "./memory/client.ts";
import type { MemoryConnection } from "./memory/connection.ts";
import { memory } from "./memory/connector.ts";
import { openMemoryRig } from "./memory/rig.ts";
import { openMemorySource } from "./memory/source.ts";
import { openMemoryTarget } from "./memory/target.ts";
import { checks, tryCheck } from "./suite.ts";

type Break = (open: OpenConnection) => OpenConnection;

function breakTarget(change: (target: Target) => Partial<Target>): Break {
  return ({ source, target }) => ({
    source,
    target: Object.create(target, Object.getOwnPropertyDescriptors(change(target))),
  });
}

function breakWrites(change: (calls: CallWrites) => Partial<CallWrites>): Break {
  return breakTarget(({ writes: { calls } }) => {
    if (calls === undefined) throw new Error("the memory CRM is written to by calls");
    return { writes: { calls: { ...calls, ...change(calls) } } };
  });
}

type Row = Record<string, string>;

/** Changes the records of every part that is extracted. */
function breakParts(change: (records: Row[]) => Row[]): Break {
  return ({ source, target }) => ({
    target,
    source: {
      ...source,
      async *extract(request) {
        for await (const { path, ordinal, label, locator } of source.extract(request)) {
          const text = readFileSync(path, "utf8");
          const records = change(parse(text, { columns: true }) as Row[]);
          const columns = (parse(text) as string[][])[0] ?? [];
          writeFileSync(path, stringify(records, { header: true, columns }));
          yield await describePart(path, ordinal, { label, locator, rows: records.length });
        }
      },
    },
  });
}

function shiftWindow(by: (window: { from: string; to: string }) => string): Break {
  return ({ source, target }) => ({
    target,
    source: {
      ...source,
      extract({ window, ...request }) {
        const { from, to = "" } = window ?? {};
        const moved = from === undefined ? {} : { from: by({ from, to }) };
        return source.extract({ ...request, ...(window && { window: { ...window, ...moved } }) });
      },
    },
  });
}

const broken: ({ how: string; check: string } & ({ change: Break } | { open: Connector["open"] }))[] = [
  {
    how: "sends every batch twice, under two marks",
    check: "a job that copies records (insert) loses and doubles nothing",
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
    check: "mode upsert does what it says",
    change: breakTarget((target) => ({
      async snapshot(request) {
        const found = await target.snapshot(request);
        for (const file of found.files) {
          const lines = readFileSync(file, "utf8").split("\n");
          writeFileSync(file, `${lines.slice(0, 2).join("\n")}\n`);
        }
        return found;
      },
    })),
  },
  {
    how: "rounds a number that its field has room for",
    check: "values of every type are stored as they are",
    change: breakTarget((target) => ({
      render(field, ...given) {
        const rendered = target.render(field, ...given);
        return field.kind === "number"
          ? { ...rendered, value: `CAST(round(CAST(${rendered.value} AS DOUBLE)) AS VARCHAR)` }
          : rendered;
      },
    })),
  },
  {
    how: "sends a value that is none of its field's",
    check: "a value that its field can't hold costs its row and no other",
    change: breakTarget((target) => ({
      render(field, value, ...given) {
        const { invalid: _, ...rendered } = target.render(field, value, ...given);
        return rendered;
      },
    })),
  },
  {
    how: "takes any field for one that tells records apart",
    check: "names that are not there, or are no key, are refused",
    change: breakTarget((target) => ({
      async describe(object) {
        const schema = await target.describe(object);
        const fields = [...schema.fields].map(([name, field]) => [name, { ...field, unique: true }] as const);
        return { ...schema, fields: new Map(fields) };
      },
    })),
  },
  {
    how: "begins a window too late",
    check: "a window takes each change once",
    change: shiftWindow(({ to }) => to),
  },
  {
    how: "reaches back by no overlap",
    check: "a window takes each change once",
    change: shiftWindow(({ from }) => new Date(Date.parse(from) + 60_000).toISOString()),
  },
  {
    how: "goes on behind the time of a page's last record, and so leaves out others of that time",
    check: "a window takes each change once",
    change: breakParts((records) => {
      const times = records.map(({ changed }) => changed);
      return records.filter(({ changed }, index) => index < 2 || times.indexOf(changed) === index);
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
  {
    how: "tells a merged record as one that was deleted and nothing more",
    check: "a window with deletes tells what was deleted since",
    change: breakParts((records) => records.map((record) => ({ ...record, merged_into: "" }))),
  },
  {
    how: "takes the end of the day's calls for a failure like others",
    check: "a day's limit that is reached on the way stops the run",
    change: breakTarget((target) => ({
      explain: (doing, act) =>
        target.explain(doing, act).catch((error) => {
          throw error instanceof Failure ? new Failure(exitCode.failed, error.message) : error;
        }),
    })),
  },
  {
    how: "reckons with more calls of a moment than the system allows",
    check: "calls that the system counts by time go out at the pace that it allows",
    open: async (connection: MemoryConnection, context) => {
      const client = new MemoryClient(connection, context);
      await client.connect(50);
      return { source: openMemorySource(client), target: openMemoryTarget(client) };
    },
  },
  {
    how: "does not tell what is left of the day",
    check: "what a job leaves to others of the day stops it",
    change: breakTarget(() => ({ allowance: undefined, readAllowance: async () => undefined })),
  },
];

describe("a connector that", () => {
  test.each(broken)("$how is named by the suite", async ({ check, ...way }) => {
    const open = async (...given: Parameters<Connector["open"]>) =>
      "change" in way ? way.change(await memory.open(...given)) : way.open(...given);
    const failing = checks.find(({ name }) => name.startsWith(check));
    if (failing === undefined) throw new Error(`there is no check "${check}"`);
    await using rig = await openMemoryRig(failing.given, { ...memory, open });
    // Not by whatever else may go wrong: by what the check asks.
    const thrown = await tryCheck(failing.run, rig).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(thrown).toBeInstanceOf(Error);
    expect(thrown instanceof Error ? thrown.name : "", String(thrown)).toBe("AssertionError");
  });
});
