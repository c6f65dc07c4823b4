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
        const order = sortByParents(list);
        const names = order.map((stream) => stream.name);
        expect([...names].sort()).toEqual(list.map((stream) => stream.name).sort());
        for (const { name, parents } of order) {
          for (const parent of parents) expect(names.indexOf(parent)).toBeLessThan(names.indexOf(name));
        }
      }),
    );
  });

  test("puts a stream after its parents, but for those of a circle that are later in the file", () => {
    fc.assert(
      fc.property(streams(false), (list) => {
        const order = sortByParents(list).map(({ name }) => name);
        const parentsOf = (name: string) => list.find((stream) => stream.name === name)?.parents ?? [];
        const reaches = (from: string, to: string, seen = new Set<string>()): boolean =>
          parentsOf(from).some((next) => next === to || (!seen.has(next) && reaches(next, to, seen.add(next))));
        for (const [place, { name, parents }] of list.entries()) {
          for (const parent of parents.filter((one) => one !== name)) {
            const isLater = reaches(parent, name) && place < list.findIndex((stream) => stream.name === parent);
            if (!isLater) expect(order.indexOf(parent)).toBeLessThan(order.indexOf(name));
          }
        }
      }),
    );
  });

  test("is that of the file where parents leave it open", () => {
    const list = ["b", "a", "c"].map((name) => ({ name, parents: name === "b" ? ["c"] : [] }));
    expect(sortByParents(list)).toEqual([list[2], list[0], list[1]]);
  });
});
