import { describe, expect, test } from "vitest";
import { cutBatches } from "./cut-batches.ts";
import { type DatabaseName, databases } from "./cut-databases.ts";

/** Few, for the gate; `npm run databases:cuts` has 200 each. A file's cuts are processes that are killed. */
const few: Record<DatabaseName, { batches: number; seed: number }> = {
  postgres: { batches: 8, seed: 3 },
  mysql: { batches: 8, seed: 3 },
  sqlite: { batches: 6, seed: 9 },
};

for (const name of Object.keys(few) as DatabaseName[]) {
  const { isThere, open } = databases[name];
  describe.skipIf(!isThere)(`batches into ${name}, cut before and after COMMIT`, () => {
    test("are neither lost nor doubled, and doubled where their marks are forgotten", async () => {
      await using database = await open();
      expect(await cutBatches(database, { ...few[name], remembers: true })).toMatchObject({ lost: 0, doubled: 0 });
      const { lost, doubled, cut } = await cutBatches(database, { ...few[name], remembers: false });
      expect([lost, cut > 0, doubled > 0]).toEqual([0, true, true]);
    });
  });
}
