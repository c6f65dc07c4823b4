// Debian's Chromium, without a window. In: nothing. Out: a browser, and pages of it that keep what a test wants to know:
// which requests went out, what the console says. What must hold: without Chromium a test fails and says so.

import { existsSync } from "node:fs";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

const program = "/usr/bin/chromium";

export async function startBrowser(): Promise<Browser> {
  if (!existsSync(program)) throw new Error(`there is no ${program}: apt-get install chromium`);
  return chromium.launch({ executablePath: program, args: ["--no-sandbox"] });
}

export interface WatchedPage {
  page: Page;
  requests: string[];
  /** Errors and warnings of the console, and what no script has caught. */
  complaints: string[];
}

export async function openFile(
  browser: Browser,
  path: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const page = await browser.newPage(options);
  const watched: WatchedPage = { page, requests: [], complaints: [] };
  page.on("request", (request) => watched.requests.push(request.url()));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) watched.complaints.push(message.text());
  });
  page.on("pageerror", (error) => watched.complaints.push(error.message));
  await page.goto(`file://${path}`);
  return watched;
}
