import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sortByParents } from "../../src/job/order.ts";

/** Streams s0…sn whose parents are drawn from all of them, or only from those that a later name allows. */
const streams = (acyclic: boolean) =>
  fc.integer({ min: 1, max: 8 }).chain((count) =>
    fc.tuple(
      ...Array.from({ length: count }, (_, index) => {
        const names: string[] = Array.from({ length: acyclic ? index : count }, (_unused, other) => `s${other}`);
        return fc.record({ name: fc.constant<string>(`s${index}`), parents: fc.subarray(names) });
      }),
    ),
  );

describe("load order", () => {
  test("has every stream once, after all of its parents, if that is possible", () => {
    const shuffled = streams(true).chain((list) => fc.shuffledSubarray(list, { minLength: list.length }));
    fc.assert(
      fc.property(shuffled, (list) => {
        const sorted = sortByParents(list);
        if (!("order" in sorted)) throw new Error(`a circle: ${sorted.circle.join()}`);
        const names = sorted.order.map((stream) => stream.name);
        expect([...names].sort()).toEqual(list.map((stream) => stream.name).sort());
        for (const { name, parents } of sorted.order) {
          for (const parent of parents) expect(names.indexOf(parent)).toBeLessThan(names.indexOf(name));
        }
      }),
    );
  });

  test("is otherwise a circle in which each names the next as parent", () => {
    fc.assert(
      fc.property(streams(false), (list) => {
        const sorted = sortByParents(list);
        if (!("circle" in sorted)) return;
        const { circle } = sorted;
        expect(circle.at(0)).toBe(circle.at(-1));
        for (const [index, name] of circle.slice(0, -1).entries()) {
          expect(list.find((stream) => stream.name === name)?.parents).toContain(circle[index + 1]);
        }
      }),
    );
  });

  test("is that of the file where parents leave it open", () => {
    const list = ["b", "a", "c"].map((name) => ({ name, parents: name === "b" ? ["c"] : [] }));
    expect(sortByParents(list)).toEqual({ order: [list[2], list[0], list[1]] });
  });
});
