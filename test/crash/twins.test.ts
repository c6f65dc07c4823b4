// A twin that is killed where it has written what nothing is agreed on yet. npm run crash:twins kills both at
// each of their steps.

import { expect, test } from "vitest";
import { toSalesforce } from "../support/twins.ts";
import { TwinsToKill } from "./twins.ts";

test("a twin that is killed loses nobody's edit, doubles no record and echoes nothing, while the other goes on", async () => {
  await using twins = await TwinsToKill.open();
  const end = await twins.kill({ job: toSalesforce, failpoint: "agreed:1", continuation: "resume" });
  expect(end).toEqual({ isKilled: true, problems: [] });
});
