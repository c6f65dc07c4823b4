import fc from "fast-check";
import { expect, test } from "vitest";
import { assertTransition, type BatchStateName } from "../../src/checkpoint/batch-states.ts";

const states: BatchStateName[] = ["planned", "intent", "handle", "committed", "settled", "refused", "in-doubt"];

/** Written down a second time on purpose: a transition that is added must be added here too, with a reason. */
const legal = new Set([
  // What its rows name has got ids: nothing of it was sent.
  "planned → planned",
  "planned → intent",
  "planned → settled",
  "intent → handle",
  "intent → refused",
  "intent → settled",
  // Written by calls that do no harm twice: there is no handle.
  "intent → committed",
  "handle → committed",
  // An upload in doubt: its handle is thrown away.
  "handle → intent",
  "handle → refused",
  "committed → settled",
  "committed → in-doubt",
  "committed → refused",
  "refused → intent",
  // The handle that was to be thrown away turned out to have been worked on.
  "refused → committed",
  // Decisions of a person.
  "in-doubt → settled",
  "in-doubt → intent",
]);

test("a batch goes only the ways that are written down", () => {
  for (const from of states) {
    for (const to of states) {
      const move = () => assertTransition(from, to);
      if (legal.has(`${from} → ${to}`)) expect(move, `${from} → ${to}`).not.toThrow();
      else expect(move, `${from} → ${to}`).toThrow(`can't go from ${from} to ${to}`);
    }
  }
});

test("on every way a batch is committed, refused or in doubt before it is sent a second time, and settled is the end", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...states), { maxLength: 60 }), (wanted) => {
      const way = walk(wanted);
      const handles = way.flatMap((state, index) => (state === "handle" ? [index] : []));
      for (const [nth, index] of handles.entries()) {
        const before = handles[nth - 1];
        if (before === undefined) continue;
        const between = way.slice(before + 1, index);
        // Sent again only if the handle was never committed, was refused, or a person said so.
        if (between.includes("committed")) expect(between.some((s) => s === "refused" || s === "in-doubt")).toBe(true);
        expect(between.at(-1)).toBe("intent");
      }
      if (way.includes("settled")) expect(way.indexOf("settled")).toBe(way.length - 1);
    }),
    { numRuns: 2000 },
  );
});

/** As far as the table lets these wishes come true, one after the other. */
function walk(wanted: readonly BatchStateName[]): BatchStateName[] {
  const way: BatchStateName[] = ["planned"];
  for (const state of wanted) {
    try {
      assertTransition(way.at(-1) ?? "planned", state);
      way.push(state);
    } catch {
      // A wish against the table.
    }
  }
  return way;
}
