import { expect, test } from "vitest";
import { startPolling } from "../../src/load/polls.ts";

test("a batch is first asked about when one as large, or smaller, was done in the run before", () => {
  const first = (rows: number) =>
    startPolling([
      { rows: 1000, ms: 10_000 },
      { rows: 50_000, ms: 20_000 },
    ])(rows).firstMs();
  // Smaller than any that is known; as large; between two; the larger took no longer than it must; and no more than half a minute.
  expect([500, 1000, 49_999, 50_000, 1_000_000, 10_000_000].map(first)).toEqual([
    100, 8500, 8500, 17_000, 20_000, 30_000,
  ]);
  expect(startPolling()(1000).firstMs()).toBe(100);
});
