import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { noCounts } from "../../src/core/model.ts";
import { registerSecret } from "../../src/core/secret.ts";
import type { RunEvent, Step } from "../../src/report/events.ts";
import { openProgress, type Progress } from "../../src/report/progress.ts";
import { screenOf, type TestScreen } from "./screen.ts";

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubEnv("TERM", "xterm");
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

async function open(isTerminal: boolean, verbose = false): Promise<{ screen: TestScreen; progress: Progress }> {
  const screen = screenOf(isTerminal);
  return { screen, progress: await openProgress({ screen, color: false, verbose }) };
}

function started(step: Step): RunEvent {
  return { type: "step-started", stream: "contacts", step };
}

function bytes(done: number, total: number): RunEvent {
  return { type: "progress", stream: "contacts", step: "extract", done, total, unit: "bytes" };
}

const planned: RunEvent = {
  type: "planned",
  stream: "contacts",
  counts: { ...noCounts(), creates: 1200, unchanged: 5 },
  how: "one scan",
  warnings: 0,
  batches: 2,
};
const ended: RunEvent = { type: "run-ended", run: "r", status: "loaded", exitCode: 0, seconds: 1, waitedSeconds: 0 };

describe("where lines can't be drawn again", () => {
  test("a step says every 10 s how far it is, and once that it ended", async () => {
    const { screen, progress } = await open(false);
    progress.consume(started("extract"));
    progress.consume(bytes(50_000_000, 200_000_000));
    expect(screen.lines).toEqual([]);
    vi.advanceTimersByTime(10_000);
    progress.consume(bytes(150_000_000, 200_000_000));
    vi.advanceTimersByTime(10_000);
    progress.consume(bytes(200_000_000, 200_000_000));
    progress.consume(started("stage"));
    vi.advanceTimersByTime(2000);
    progress.consume(planned);
    expect(screen.lines).toEqual([
      "  extract   contacts  50 MB of 200 MB, 5.0 MB/s, ETA 30 s",
      "  extract   contacts  150 MB of 200 MB, 7.5 MB/s, ETA 7 s",
      "✓ extract   contacts  200 MB in 20 s",
      "✓ stage     contacts  2.0 s",
      "  plan      contacts  1,200 to create, 5 unchanged",
    ]);
    progress.stop();
  });

  test("batches in flight are told with the rows that are loaded", async () => {
    const { screen, progress } = await open(false);
    progress.consume(started("load"));
    progress.consume({
      type: "progress",
      stream: "contacts",
      step: "load",
      done: 500,
      total: 18_204,
      unit: "rows",
      detail: "3 batches in flight",
    });
    vi.advanceTimersByTime(10_000);
    expect(screen.lines).toEqual([
      "  load      contacts  500 of 18,204 rows, 50 rows/s, ETA 5 min 54 s, 3 batches in flight",
    ]);
    progress.stop();
  });

  test("a step within a step starts with its first progress and ends before it", async () => {
    const { screen, progress } = await open(false);
    progress.consume(started("diff"));
    progress.consume({ type: "progress", stream: "contacts", step: "snapshot", done: 2000, unit: "rows" });
    vi.advanceTimersByTime(1000);
    progress.consume(planned);
    expect(screen.lines.slice(0, 2)).toEqual([
      "✓ snapshot  contacts  2,000 rows in 1.0 s",
      "✓ diff      contacts  1.0 s",
    ]);
    progress.stop();
  });

  test("a step that broke off is marked, with how far it came", async () => {
    const { screen, progress } = await open(false);
    progress.consume(started("extract"));
    progress.consume(bytes(50_000_000, 200_000_000));
    progress.consume(ended);
    expect(screen.lines).toEqual(["✗ extract   contacts  50 MB of 200 MB in 0.0 s"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("nothing is said while there is nothing to say", async () => {
    const { screen, progress } = await open(false);
    progress.consume(started("extract"));
    progress.consume(planned);
    const before = screen.written;
    vi.advanceTimersByTime(60_000);
    expect(screen.written).toBe(before);
    progress.stop();
    expect(vi.getTimerCount()).toBe(0);
  });

  test("retries and batches are told only to who asks for them; warnings always", async () => {
    const events: RunEvent[] = [
      { type: "run-started", run: "r1", job: "contacts", command: "run", folder: "/x" },
      { type: "connected", connection: "salesforce", org: "00D1" },
      { type: "retry", message: "503, again in 2 s" },
      {
        type: "batch",
        stream: "contacts",
        number: 2,
        of: 9,
        state: "committed",
        rows: 1,
        handle: "750",
        message: null,
      },
      { type: "warning", message: "the daily\nlimit is near" },
    ];
    const [quiet, verbose] = [await open(false), await open(false, true)];
    for (const event of events) for (const { progress } of [quiet, verbose]) progress.consume(event);
    expect(quiet.screen.lines).toEqual(["run r1", "! the daily↵limit is near"]);
    expect(verbose.screen.lines).toEqual([
      "run r1",
      "  connected to salesforce, org 00D1",
      "  retry: 503, again in 2 s",
      "  batch 2 of 9 of contacts: committed, 1 row, 750",
      "! the daily↵limit is near",
    ]);
  });

  test("a credential in a message is not printed", async () => {
    registerSecret("progress-secret-1");
    const { screen, progress } = await open(false, true);
    progress.consume({ type: "retry", message: "GET /x?token=progress-secret-1 failed" });
    expect(screen.lines).toEqual(["  retry: GET /x?token=**secret** failed"]);
  });
});

describe("on a terminal", () => {
  test("a step is a line with a bar, rows or bytes, rate and time left", async () => {
    const { screen, progress } = await open(true);
    progress.consume(started("extract"));
    vi.advanceTimersByTime(10_000);
    progress.consume(bytes(50_000_000, 200_000_000));
    vi.advanceTimersByTime(200);
    expect(screen.written).toContain(
      "  extract   contacts  █████░░░░░░░░░░░░░░░  25 %  ETA 31 s  50 MB of 200 MB  4.9 MB/s",
    );
    progress.stop();
  });

  test.each([
    [70, "  extract   contacts  ███░░░░░░░░░░░  25 %  ETA 31 s  50 MB of 200 MB"],
    [60, "  extract   contacts  █████░░░░░░░░░░░░░░░  25 %  ETA 31 s"],
    [40, "  extract   contacts  ██░░░░░░░░░  25 %"],
  ])("on %d columns the bar shrinks, then what tells least goes", async (columns, line) => {
    const { screen, progress } = await open(true);
    screen.columns = columns;
    progress.consume(started("extract"));
    vi.advanceTimersByTime(10_000);
    progress.consume(bytes(50_000_000, 200_000_000));
    vi.advanceTimersByTime(200);
    progress.stop();
    expect(screen.written).toContain(`${line}\u001b[0K`);
  });

  test("what ended stands above what goes on, and nothing moves after the end", async () => {
    const { screen, progress } = await open(true);
    progress.consume(started("diff"));
    progress.consume({ type: "progress", stream: "contacts", step: "snapshot", done: 10, unit: "rows" });
    vi.advanceTimersByTime(500);
    progress.consume(planned);
    progress.consume(ended);
    expect(vi.getTimerCount()).toBe(0);
    const written = screen.written;
    expect(written.indexOf("✓ snapshot")).toBeLessThan(written.indexOf("✓ diff"));
    expect(written.indexOf("✓ diff")).toBeLessThan(written.indexOf("1,200 to create"));
    vi.advanceTimersByTime(60_000);
    expect(screen.written).toBe(written);
  });

  test("stopping at any moment, and twice, leaves no timer, a cursor and line wrapping", async () => {
    const { screen, progress } = await open(true);
    progress.stop();
    progress.consume(started("extract"));
    progress.consume(bytes(1, 2));
    vi.advanceTimersByTime(300);
    progress.stop();
    progress.stop();
    expect(vi.getTimerCount()).toBe(0);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the sequences that hide the cursor or stop wrapping
    expect(screen.written).not.toMatch(/\u001b\[\?(25|7)l/);
  });

  test("a line that is printed meanwhile is not lost when everything stops", async () => {
    const { screen, progress } = await open(true);
    progress.consume(started("load"));
    progress.consume({ type: "warning", message: "nearly there" });
    progress.stop();
    expect(screen.written).toContain("! nearly there");
  });

  test("signals are left to the program", async () => {
    const before = process.listenerCount("SIGINT");
    const { progress } = await open(true);
    progress.consume(started("load"));
    expect(process.listenerCount("SIGINT")).toBe(before);
    progress.stop();
  });
});
