// What the connectors share: pages, groups, bisection.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bisect } from "../../src/connectors/kit/bisect.ts";
import { inGroups, lookUp } from "../../src/connectors/kit/groups.ts";
import { type CellPage, partsOfPages } from "../../src/connectors/kit/paged-parts.ts";
import { followPages } from "../../src/connectors/kit/pages.ts";
import type { Part } from "../../src/core/model.ts";

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}

describe("pages", () => {
  const system = { name: "crm" };
  const numbered =
    (next: Record<string, string>, asked: (string | undefined)[] = []) =>
    (at: string | undefined) => {
      asked.push(at);
      return Promise.resolve({ at, next: next[at ?? ""] });
    };

  test("are followed from the first, or from a cursor, to the one that names no next", async () => {
    const next = { "": "a", a: "b", b: "c" };
    expect((await all(followPages(system, "reading", numbered(next)))).map(({ at }) => at)).toEqual([
      undefined,
      "a",
      "b",
      "c",
    ]);
    expect((await all(followPages(system, "reading", numbered(next), "b"))).map(({ at }) => at)).toEqual(["b", "c"]);
  });

  test.each([
    ["itself", { "": "a", a: "a" }],
    ["one that was read", { "": "a", a: "b", b: "a" }],
  ])("that lead back to %s are refused, not read for ever", async (_, next) => {
    const asked: (string | undefined)[] = [];
    await expect(all(followPages(system, "reading", numbered(next, asked)))).rejects.toThrow("crm: reading failed");
    expect(asked.length).toBe(Object.keys(next).length);
  });

  test("that lead back to where one began are refused", async () => {
    await expect(all(followPages(system, "reading", numbered({ a: "a" }), "a"))).rejects.toThrow("crm: reading failed");
  });

  test("are not asked for ahead of who reads them", async () => {
    const asked: (string | undefined)[] = [];
    for await (const _ of followPages(system, "reading", numbered({ "": "a", a: "b" }, asked))) break;
    expect(asked).toEqual([undefined]);
  });
});

describe("groups", () => {
  test("hold each item once and in order, within both limits, and are as large as these let them be", async () => {
    const items = fc.array(fc.string({ maxLength: 12 }), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(
        items,
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 30 }),
        async (given, most, max) => {
          const groups = await all(inGroups(given, { items: most, length: { max, of: (item) => item.length } }));
          expect(groups.flat()).toEqual(given);
          const lengthOf = (group: string[]) => group.reduce((sum, item) => sum + item.length, 0);
          for (const [index, group] of groups.entries()) {
            expect(group.length).toBeGreaterThan(0);
            expect(group.length).toBeLessThanOrEqual(most);
            expect(group.length === 1 || lengthOf(group) <= max).toBe(true);
            const [following] = groups[index + 1] ?? [];
            const hasRoom = following !== undefined && group.length < most && lengthOf(group) + following.length <= max;
            expect(hasRoom).toBe(false);
          }
        },
      ),
    );
  });

  test("of a list ask for each key once", async () => {
    const asked: string[][] = [];
    const read = (keys: string[]) => Promise.resolve(asked.push(keys));
    await all(lookUp(["a", "b", "a", "c", "b"], { items: 2, lanes: 1 }, read));
    expect(asked).toEqual([["a", "b"], ["c"]]);
  });
});

describe("bisection", () => {
  const refuses = (bad: ReadonlySet<number>, calls: number[] = []) => ({
    call: (items: readonly number[]) => {
      calls.push(items.length);
      return items.some((item) => bad.has(item))
        ? Promise.reject(new Error("refused"))
        : Promise.resolve(items.map((item) => `${item} ok`));
    },
    refusalOf: (error: unknown) => ((error as Error).message === "refused" ? "bad" : undefined),
    refuse: (item: number, refusal: string) => `${item} ${refusal}`,
  });

  test("answers each item once, in order, and refuses none but those at fault", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.nat(99), { maxLength: 40 }),
        fc.uniqueArray(fc.nat(99)),
        async (items, bad) => {
          const faulty = new Set(bad);
          const answers = await bisect(items, refuses(faulty));
          expect(answers).toEqual(items.map((item) => `${item} ${faulty.has(item) ? "bad" : "ok"}`));
        },
      ),
    );
  });

  test("makes one call where nothing is refused, and ends with the first error that is no refusal", async () => {
    const calls: number[] = [];
    await bisect([1, 2, 3, 4], refuses(new Set(), calls));
    expect(calls).toEqual([4]);
    const lost = { ...refuses(new Set()), call: () => Promise.reject(new Error("no answer")) };
    await expect(bisect([1, 2], lost)).rejects.toThrow("no answer");
  });
});

describe("parts of pages", () => {
  // Of 15,000 records each: a part has two.
  const [size, count] = [15_000, 5];
  async function* pagesFrom(from: string | undefined): AsyncGenerator<CellPage> {
    for (let page = Number(from ?? 0); page < count; page += 1) {
      const rows = Array.from({ length: size }, (_, row) => [String(page * size + row)]);
      yield { rows, next: page + 1 < count ? String(page + 1) : undefined };
    }
  }

  test("say where the next begins, so that a run that goes on after any of them reads each record once", async () => {
    const folder = mkdtempSync(join(tmpdir(), "loadline-parts-"));
    const read = async (known: Part[], asked: (string | undefined)[] = []) => {
      const request = { folder, known, onProgress: () => undefined };
      const open = async (from: string | undefined) => {
        asked.push(from);
        return { pages: pagesFrom(from), total: size * count };
      };
      return all(partsOfPages(request, { first: 3, label: "contacts", fields: ["id"], open }));
    };
    const whole = await read([]);
    expect(whole.map(({ ordinal, rows, locator }) => [ordinal, rows, locator])).toEqual([
      [3, 30_000, "after 2"],
      [4, 30_000, "after 4"],
      [5, 15_000, "end"],
    ]);
    const known = whole.map((part): Part => ({ ...part, columns: [] }));
    const asked: (string | undefined)[] = [];
    const resumed = await read(known.slice(0, 2).toReversed(), asked);
    expect(asked).toEqual(["4"]);
    expect(resumed).toEqual(whole.slice(2));
    // Not a page is asked for where all is there.
    expect(await read(known, asked)).toEqual([]);
    expect(asked).toEqual(["4"]);
    rmSync(folder, { recursive: true });
  });
});
