import { describe, expect, test } from "vitest";
import { overviewJson, renderRuns } from "../../src/report/runs-view.ts";
import { renderRun, runJson } from "../../src/report/show-view.ts";
import { displayWidth } from "../../src/report/visible-text.ts";
import { batchOf, plain, runOf, runStreamOf, summaryOf } from "./plans.ts";

const history = [
  runOf({ id: "20261121-201455-contacts-aaaa", status: "running", summary: null, exitCode: null, next: null }),
  runOf({
    id: "20261120-201455-contacts-bbbb",
    status: "in-doubt",
    exitCode: 5,
    next: "loadline resume 20261120-201455-contacts-bbbb",
    summary: JSON.stringify(summaryOf({ contacts: { loaded: 12_345, failed: 3 } }, { seconds: 185 })),
  }),
  runOf(),
];

describe("the history", () => {
  test("is a table with numbers at the right and the next command without the run's id", () => {
    expect(renderRuns(history, { width: 140, color: false })).toBe(
      [
        "run                            job       command  status    started (UTC)           took  loaded  failed  next",
        "20261121-201455-contacts-aaaa  contacts  run      running   2026-11-20 20:14",
        "20261120-201455-contacts-bbbb  contacts  run      in-doubt  2026-11-20 20:14  3 min 05 s  12,345       3  resume",
        "20261120-201455-contacts-7f3a  contacts  run      loaded    2026-11-20 20:14        42 s   1,200       0",
      ].join("\n"),
    );
  });

  test("leaves out what the run's id says already, then less, where the screen is narrow", () => {
    const titles = (width: number) => renderRuns(history, { width, color: false }).split("\n")[0]?.split(/ {2,}/);
    expect(titles(100)).toEqual(["run", "command", "status", "took", "loaded", "failed", "next"]);
    expect(titles(60)).toEqual(["run", "status", "loaded", "failed"]);
  });

  test("tells sandbox runs from live ones where there are any", () => {
    const text = renderRuns([runOf({ sandbox: true }), runOf()], { width: 140, color: false });
    expect(text.split("\n").map((line) => /where|sandbox|live/.exec(line)?.[0])).toEqual(["where", "sandbox", "live"]);
  });

  test("may be empty", () => {
    expect(renderRuns([], plain)).toBe("No runs yet.");
  });

  test("is plain fields in JSON", () => {
    expect(history.map(overviewJson)[1]).toEqual({
      run: "20261120-201455-contacts-bbbb",
      job: "contacts",
      command: "run",
      waiting: 0,
      drift: null,
      status: "in-doubt",
      exitCode: 5,
      started: "2026-11-20T20:14:55.123Z",
      finished: "2026-11-20T20:15:37.523Z",
      seconds: 185,
      loaded: 12_345,
      failed: 3,
      next: "loadline resume 20261120-201455-contacts-bbbb",
      sandbox: false,
    });
  });
});

const doubtful = batchOf(2, { state: "in-doubt", rows: 100, succeeded: 0, inDoubt: 100, message: "7505e2 is gone" });

describe("one run", () => {
  test("shows its summary, streams, parts, batches and rejects", () => {
    const stream = runStreamOf([batchOf(1, { succeeded: 997, failed: 3 })], {
      extracted: 1000,
      creates: 1000,
      loaded: 997,
      failed: 3,
    });
    expect(renderRun(runOf({ streams: [stream] }), plain)).toBe(`20261120-201455-contacts-7f3a  loaded
  run jobs/contacts.yaml
  started 2026-11-20 20:14 UTC, exit 0, 42 s, 17 API calls to salesforce
  /state/runs/20261120-201455-contacts-7f3a

  stream    extracted  creates  loaded  failed
  contacts      1,000    1,000     997       3

contacts → salesforce Contact
  settled; upsert, org 00D1; present values: 1 keyed query
  writes: creates in bulk

  part            size  sha256
  contacts.csv  123 kB  0123456789ab

  batch  action  state     rows  loaded  failed  via   handle
      1  create  settled  1,000     997       3  bulk  7505e1

  rejects: /state/runs/20261120-201455-contacts-7f3a/rejects/contacts.csv`);
  });

  test("with writes in doubt asks for the decision and names both commands", () => {
    const text = renderRun(runOf({ status: "in-doubt", streams: [runStreamOf([batchOf(1), doubtful])] }), plain);
    expect(text.slice(text.indexOf("  batch 2:"))).toBe(`  batch 2: 7505e2 is gone

! A decision is wanted: 100 rows in 1 batch may or may not have been written. Look in the target for
  the keys in these files:
    /x/batches/contacts-00002.csv
  they are there:      loadline resume 20261120-201455-contacts-7f3a --in-doubt landed
  they are not there:  loadline resume 20261120-201455-contacts-7f3a --in-doubt not-landed`);
  });

  test("of many batches shows those that went wrong, in order, and counts the rest", () => {
    const batches = Array.from({ length: 500 }, (_, index) => batchOf(index + 1));
    batches[299] = batchOf(300, { succeeded: 990, failed: 10 });
    batches[399] = batchOf(400, { state: "committed", succeeded: 0 });
    const lines = renderRun(runOf({ streams: [runStreamOf(batches)] }), plain).split("\n");
    const numbers = lines.flatMap((line) => /^ +(\d+) {2}create/.exec(line)?.[1] ?? []);
    expect(numbers).toEqual([...Array.from({ length: 18 }, (_, index) => String(index + 1)), "300", "400"]);
    expect(lines).toContain("  … and 480 more batches");
  });

  test("that did not end is shown without a summary and says how to go on", () => {
    const text = renderRun(runOf({ status: "stopped", summary: null, exitCode: 75, next: "loadline resume x" }), plain);
    expect(text).toContain("  started 2026-11-20 20:14 UTC, exit 75, has not ended\n");
    expect(text.endsWith("\n\nNext: loadline resume x")).toBe(true);
  });

  test("fits the screen but for commands and paths", () => {
    const lines = renderRun(runOf({ streams: [runStreamOf([batchOf(1), doubtful])] }), {
      width: 60,
      color: false,
    }).split("\n");
    const wide = lines.filter((line) => displayWidth(line) > 60);
    expect(wide.every((line) => line.includes("loadline resume "))).toBe(true);
  });

  test("is plain fields in JSON, with all batches and the decisions that are wanted", () => {
    const stream = runStreamOf([batchOf(1), doubtful], { rejected: 1 });
    const json = runJson(runOf({ streams: [stream] }));
    expect(json.summary?.seconds).toBe(42.4);
    expect(json.streams).toEqual([
      {
        ...stream,
        rejects: "/state/runs/20261120-201455-contacts-7f3a/rejects/contacts.csv",
        conflicts: null,
        unmatched: null,
        duplicates: null,
      },
    ]);
    expect(json.decisions).toEqual([
      { stream: "contacts", batch: 2, rows: 100, path: "/x/batches/contacts-00002.csv", message: "7505e2 is gone" },
    ]);
    expect(JSON.parse(JSON.stringify(json))).toEqual(json);
  });
});
