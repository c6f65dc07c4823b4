// The pages in a browser: one report of 100,000 changes, and a history. One Chromium for all.

import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeHistory } from "../../../src/report/html/write-history.ts";
import { writeReport } from "../../../src/report/html/write-page.ts";
import { openFile, startBrowser, type WatchedPage } from "../../support/browser.ts";
import { runOf } from "../plans.ts";
import { attack, changesOf, reportOf } from "./pages.ts";

const total = 100_000;
const folder = mkdtempSync(join(tmpdir(), "loadline-page-"));
const path = join(folder, "report.html");
let browser: Browser;
let report: WatchedPage;
let page: Page;

const text = (id: string) => page.locator(`#${id}`).textContent();
const lines = () => page.locator("#list .lines .line");
/** The changes are shown a frame after they are asked for. */
const counted = (said: string) => page.locator("#count").getByText(said, { exact: true }).waitFor();

beforeAll(async () => {
  const written = await writeReport(path, reportOf(), changesOf(total));
  expect(written).toMatchObject({ changes: total, leftOut: 0 });
  browser = await startBrowser();
  report = await openFile(browser, path, { colorScheme: "light" });
  page = report.page;
  await counted("100,000 changes");
});

afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

describe("a report of 100,000 changes", () => {
  test("holds few lines at a time, counts that add up, and a table for each part", async () => {
    expect(await lines().count()).toBeLessThan(100);
    expect(statSync(path).size).toBeLessThan(8_000_000);
    const cells = await page.locator("#counts tbody tr").first().locator("td").allTextContents();
    const [extracted = 0, ...became] = cells.map((cell) => Number(cell.replaceAll(",", "")));
    expect(extracted).toBe(100_005);
    expect(became.reduce((sum, count) => sum + count, 0)).toBe(extracted);
    for (const part of ["Counts", "Changes", "Rejects", "Warnings and retries", "Batches", "Time and calls"])
      expect(await page.getByRole("region", { name: part, exact: true }).first().count()).toBe(1);
  });

  test("search finds the one, filters count, and together they leave what both want", async () => {
    await page.fill("#search", "the needle");
    await counted("1 of 100,000 changes");
    expect(await lines().allTextContents()).toEqual([expect.stringContaining("LastName: The Needle")]);
    await page.fill("#search", "");
    await page.selectOption("#field", { label: "Phone" });
    // Every tenth, but for the first.
    await counted("9,999 of 100,000 changes");
    expect(await lines().first().textContent()).toBe("~K-10Phone—+49 10");
    await page.selectOption("#action", { label: "create" });
    await counted("0 of 100,000 changes");
    await page.selectOption("#field", "");
    await counted("1 of 100,000 changes");
    await page.selectOption("#action", "");
    await page.selectOption("#outcome", { label: "failed" });
    await counted("1 of 100,000 changes");
    await page.selectOption("#outcome", "");
    await counted("100,000 changes");
  });

  test("keys go to its end and back, open a record and close it", async () => {
    const grid = page.getByRole("grid");
    await grid.focus();
    await page.keyboard.press("End");
    await page.locator(".line[aria-selected=true]", { hasText: "The Needle" }).waitFor();
    const rowCount = Number(await grid.getAttribute("aria-rowcount"));
    expect(rowCount).toBeGreaterThan(2 * total);
    const active = page.locator(".line[aria-selected=true]");
    expect(await active.getAttribute("aria-rowindex")).toBe(String(rowCount));
    expect(await grid.getAttribute("aria-activedescendant")).toBe(await active.getAttribute("id"));
    await page.keyboard.press("Enter");
    expect(await page.locator("#detail td").allTextContents()).toEqual(["—", "The Needle"]);
    await page.keyboard.press("Escape");
    expect(await page.locator("#detail").isVisible()).toBe(false);
    await page.keyboard.press("Home");
    await page.locator(".line[aria-selected=true][aria-rowindex='2']").waitFor();
  });

  test("a redacted value is a mark that search does not find; the others stand side by side", async () => {
    await page.fill("#search", "baker 77777");
    await counted("1 of 100,000 changes");
    await lines().first().click();
    const cells = await page.locator("#detail tbody tr").allTextContents();
    expect(cells).toEqual(["LastNameAdams 77777Baker 77777", "Email••••••"]);
    expect(await page.locator("#detail mark").allTextContents()).toEqual(["Adams", "Baker"]);
    await page.getByRole("button", { name: "Close" }).click();
    await page.fill("#search", "•••");
    await counted("0 of 100,000 changes");
    await page.fill("#search", "");
    await counted("100,000 changes");
  });

  test("a hostile value is shown and not run, wherever it stands", async () => {
    await lines().first().click();
    const detail = page.locator("#detail");
    for (const part of ["h3", "p.why", "tbody th", "td:last-child"])
      expect(await detail.locator(part).first().textContent(), part).toContain(attack);
    expect(await detail.locator("td").first().textContent()).toBe("a<U+202E>b<U+200B>c␛[31m↵\nd<U+2028>e");
    for (const id of ["counts", "rejects", "notices", "batches"]) expect(await text(id), id).toContain(attack);
    expect(await page.locator("header pre").textContent()).toContain(attack);
    expect(await page.evaluate("window.hacked")).toBeUndefined();
    expect(await page.locator("img").count()).toBe(0);
    expect(await page.locator("script").count()).toBe(2);
    await page.keyboard.press("Escape");
  });

  test("is printed as tables, with the first changes that the filters leave", async () => {
    await page.emulateMedia({ media: "print" });
    await page.evaluate("dispatchEvent(new Event('beforeprint'))");
    expect(await page.locator("#print tr.first").count()).toBe(500);
    expect(await page.locator("#print p").textContent()).toBe("The first 500 of 100,000 changes.");
    expect(await page.locator("#list").isVisible()).toBe(false);
    expect(await page.locator("#print").isVisible()).toBe(true);
    await page.emulateMedia({ media: "screen", colorScheme: "dark" });
    expect(await page.evaluate("getComputedStyle(document.body).backgroundColor")).toBe("rgb(13, 17, 23)");
  });

  test("asks for nothing and complains of nothing; what would ask, or would be run, is refused", async () => {
    expect(report.requests).toEqual([`file://${path}`]);
    expect(report.complaints).toEqual([]);
    const tried = await page.evaluate(`(async () => {
      const script = document.createElement("script");
      script.textContent = "window.hacked = true";
      document.body.append(script);
      const asked = await fetch("data:,x").then(() => "answered", () => "refused");
      return [window.hacked, asked];
    })()`);
    expect(tried).toEqual([undefined, "refused"]);
  });
});

test("the history has a line for each run, filters, and marks rehearsals", async () => {
  const file = join(folder, "runs.html");
  const runs = [
    runOf({ id: "r3", sandbox: true }),
    runOf({ id: "r2", status: "failed", job: "accounts", next: "loadline resume r2", summary: null }),
    runOf({ id: "r1", job: attack }),
  ];
  await writeHistory(file, { title: "acme", runs, madeAt: "2026-11-21T00:00:00.000Z" });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readFileSync(file, "utf8")).not.toContain("<script>window");
  const history = await openFile(browser, file);
  const shown = async () => {
    const ids = await history.page.locator("#runs tbody tr:not([hidden]) th").allTextContents();
    return ids.join(" ");
  };
  expect(await history.page.locator("#count").textContent()).toBe("3 of 3 runs");
  await history.page.selectOption("#where", "rehearsal");
  expect(await shown()).toBe("r3");
  await history.page.selectOption("#where", "");
  await history.page.selectOption("#status", "failed");
  expect(await shown()).toBe("r2");
  await history.page.selectOption("#status", "");
  await history.page.fill("#search", "resume");
  expect(await history.page.locator("#count").textContent()).toBe("1 of 3 runs");
  expect(await history.page.locator("rect.rehearsal").count()).toBe(1);
  expect(await history.page.locator("#runs .tag").allTextContents()).toEqual(["rehearsal"]);
  expect(history).toMatchObject({ requests: [`file://${file}`], complaints: [] });
});
