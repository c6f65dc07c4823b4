// Local times and instants over every quarter of an hour around changes of the clocks, in zones whose clocks change in odd ways.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { storeInstant } from "../../src/values/instant.ts";
import type { AmbiguousTime } from "../../src/values/value.ts";
import { instantOfLocal } from "../../src/values/zone.ts";
import { Rig } from "../stage/rig.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.open("UTC");
});
afterAll(() => rig[Symbol.dispose]());

/** Half an hour's change; a change at midnight; none. */
const zones: readonly (readonly [zone: string, from: string])[] = [
  ["Europe/Berlin", "2026-03-27"],
  ["Europe/Berlin", "2026-10-23"],
  ["Australia/Lord_Howe", "2026-04-03"],
  ["Australia/Lord_Howe", "2026-10-02"],
  ["America/Sao_Paulo", "2018-11-02"],
  ["Asia/Kathmandu", "2026-03-27"],
];

const read = (timezone: string, onAmbiguousTime: AmbiguousTime) => instantOfLocal("l", { timezone, onAmbiguousTime });

describe.each(zones)("in %s from %s", (zone, from) => {
  test("an instant's local time is that instant, or one of the two that it may be", async () => {
    const instants = `SELECT i, timezone('${zone}', i) AS l FROM (SELECT unnest(generate_series(
      TIMESTAMPTZ '${from}', TIMESTAMPTZ '${from}' + INTERVAL 5 DAY, INTERVAL 15 MINUTE)) AS i)`;
    const readings = `SELECT i, count(*) OVER (PARTITION BY l) AS times, ${read(zone, "reject")} AS sure,
      ${read(zone, "earlier")} AS earlier, ${read(zone, "later")} AS later FROM (${instants})`;
    const wrong = await rig.engine.all(`SELECT CAST(i AS VARCHAR) AS i, times FROM (${readings})
      WHERE CASE WHEN times = 1 THEN sure IS DISTINCT FROM i OR earlier <> i OR later <> i
        ELSE sure IS NOT NULL OR NOT (i IN (earlier, later)) OR earlier >= later END`);
    expect(wrong).toEqual([]);
  });

  test("a local time that never was is none, or the times on both sides of the gap", async () => {
    const locals = `SELECT l FROM (SELECT unnest(generate_series(TIMESTAMP '${from}', TIMESTAMP '${from}' + INTERVAL 5 DAY,
      INTERVAL 15 MINUTE)) AS l) WHERE l NOT IN (SELECT timezone('${zone}', i) FROM (SELECT unnest(generate_series(
      TIMESTAMPTZ '${from}' - INTERVAL 2 DAY, TIMESTAMPTZ '${from}' + INTERVAL 8 DAY, INTERVAL 15 MINUTE)) AS i))`;
    const wrong = await rig.engine.all(`SELECT CAST(l AS VARCHAR) AS l FROM (${locals})
      WHERE ${read(zone, "reject")} IS NOT NULL OR ${read(zone, "earlier")} >= ${read(zone, "later")}
        OR timezone('${zone}', ${read(zone, "later")}) <= l OR timezone('${zone}', ${read(zone, "earlier")}) >= l`);
    expect(wrong).toEqual([]);
  });
});

test.each([
  ["America/Sao_Paulo", "2018-11-04", "does not exist"],
  ["America/Sao_Paulo", "2018-11-04 00:30", "does not exist"],
  ["America/Sao_Paulo", "2018-02-17T23:30", "comes twice"],
  ["Pacific/Apia", "2011-12-30", "does not exist"],
  ["Europe/Berlin", "2026-02-30T10:00Z", "is not a date and time"],
  ["Europe/Berlin", "2026-06-01T10:00:60+02:00", "second 60"],
  ["Europe/Berlin", "2026-06-01T10:00:00.1234+02", "finer than a millisecond"],
  ["Europe/Berlin", "9999-01-01T10:00:00+02:00", "the times that the target holds"],
])("in %s it is said of %s that it %s", async (timezone, text, said) => {
  const range = { first: "1700-01-01", last: "4000-12-31", lastInstant: "4000-12-31T00:00:00Z", holder: "the target" };
  const reading = { timezone, onAmbiguousTime: "reject" } as const;
  const { stored, complaint } = storeInstant({ column: "v", type: "VARCHAR" }, range, reading);
  const row = await rig.engine.one(
    `SELECT ${stored} AS stored, ${complaint} AS complaint FROM (SELECT '${text}' AS v)`,
  );
  expect([row["stored"], row["complaint"]]).toEqual([null, expect.stringContaining(said)]);
});
