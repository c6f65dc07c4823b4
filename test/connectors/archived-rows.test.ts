// How far HubSpot's list of archived records is read before reading all records is the cheaper way.

import { expect, test } from "vitest";
import { archivedRowsMax } from "../../src/connectors/hubspot/changes.ts";

test("archived records are listed while that and the searches are fewer calls than reading all", () => {
  // A million records, 20,000 of them changed: 100 searches and two counts.
  expect(archivedRowsMax({ expected: 20_000, allCalls: 10_000 })).toBe(989_700);
  // Ten calls in any case.
  expect(archivedRowsMax({ expected: 0, allCalls: 11 })).toBe(1000);
});
