// npm run pictures: the pictures of docs/pictures, of what the real program prints and writes. In: the built program, the
// example job and a few hundred rows of its vendor, a sandbox, Chromium, GitHub's reader of Markdown. Out: a plan on a terminal,
// as Markdown and as a page, the report of a run in light and dark, the history. What must hold: nothing in them is drawn by hand; each has less than 200 kB.

import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { stringify } from "csv-stringify/sync";
import type { Browser, Page } from "playwright-core";
import { parse as parseYaml } from "yaml";
import { startBrowser } from "../test/support/browser.ts";
import { startSandbox } from "../test/support/rig.ts";

const root = join(import.meta.dirname, "..");
const pictures = join(root, "docs/pictures");
const bytesMax = 250_000;
const columns = 110;
const contactsTaken = 600;
const job = "jobs/vendor-contacts.yaml";
const inbox = "inbox/contacts_1.csv";

type Row = Record<string, string>;

async function main(): Promise<void> {
  mkdirSync(pictures, { recursive: true });
  const folder = join(mkdtempSync(join(tmpdir(), "loadline-pictures-")), "acme");
  const schema: unknown = parseYaml(readFileSync(join(root, "sandbox.yaml"), "utf8"));
  await using sandbox = await startSandbox({ schema, killable: true });
  await using browser = await startBrowser();
  prepareProject(folder, sandbox.origin);
  runDays(folder);
  changeRows(folder, 21, 3);
  await drawTerminal(browser, printedPlan(folder));
  await drawMarkdown(browser, folder);
  await drawPlanPage(browser, folder);
  await drawPages(browser, folder);
  rmSync(join(folder, ".."), { recursive: true, force: true });
}

function prepareProject(folder: string, origin: string): void {
  for (const name of ["jobs", "inbox"]) mkdirSync(join(folder, name), { recursive: true });
  const written = readFileSync(join(root, "jobs/vendor-contacts-to-salesforce.yaml"), "utf8");
  const text = written
    .replace("vendor-contacts-to-salesforce", "vendor-contacts")
    .replace("rejects: { max: 2% }", "rejects: { max: 10% }\nreport: true")
    .replace("source_rows_min: 1", "source_rows_min: 100");
  writeFileSync(join(folder, job), text);
  cpSync(join(root, "sandbox.yaml"), join(folder, "sandbox.yaml"));
  cpSync(join(root, "fixtures/contacts-vendor/accounts.csv"), join(folder, "inbox/accounts.csv"));
  const contacts: Row[] = parse(readFileSync(join(root, "fixtures/contacts-vendor/contacts_south.csv")), {
    columns: true,
  });
  writeRows(folder, contacts.slice(0, contactsTaken));
  writeFileSync(
    join(folder, "connections.yaml"),
    `version: 1
connections:
  vendor: { type: file, path: ./inbox }
  salesforce:
    type: salesforce
    login_url: ${origin}
    auth: { client_credentials: { client_id: "\${SF_CLIENT_ID}", client_secret: "\${SF_CLIENT_SECRET}" } }
`,
  );
  writeFileSync(join(folder, ".env"), "SF_CLIENT_ID=sandbox\nSF_CLIENT_SECRET=sandbox\n");
}

/** Some nights: a rehearsal, the first load, changes, a delivery that was cut, and the whole one again. */
function runDays(folder: string): void {
  loadline(folder, "run", job, "--sandbox");
  loadline(folder, "plan", job);
  loadline(folder, "run", job);
  for (const [start, step] of [
    [3, 7],
    [5, 11],
    [1, 2],
  ] as const) {
    changeRows(folder, start, step);
    loadline(folder, "run", job);
  }
  const whole = readFileSync(join(folder, inbox), "utf8");
  writeRows(folder, readRows(folder).slice(0, 20));
  loadline(folder, "run", job);
  writeFileSync(join(folder, inbox), whole);
  changeRows(folder, 13, 4);
  loadline(folder, "run", job);
}

function readRows(folder: string): Row[] {
  return parse(readFileSync(join(folder, inbox), "utf8"), { columns: true });
}

function writeRows(folder: string, rows: readonly Row[]): void {
  writeFileSync(join(folder, inbox), stringify([...rows], { header: true }));
}

/** Every so many rows a colleague moved, got married or was spelt wrong; two are new, two broken. */
function changeRows(folder: string, start: number, step: number): void {
  const rows = readRows(folder);
  for (let index = start; index < rows.length; index += step * 9) {
    const [row, next, other] = [rows[index], rows[index + 1], rows[index + 2]];
    if (row !== undefined) row["title"] = row["title"] === "Head of Sales" ? "Chief Sales Officer" : "Head of Sales";
    if (next !== undefined) next["phone"] = `+49 30 555${String(1000 + index + start)}`;
    if (other !== undefined) Object.assign(other, { last_name: `${other["last_name"]}-Vasić`, title: "Procurement" });
  }
  const [first, second] = [rows[start], rows[start + 1]];
  if (first !== undefined) first["email"] = "not an address";
  if (second !== undefined) second["last_name"] = "";
  for (const name of ["Noor", "Tomasz"])
    rows.push({
      ...rows[2],
      contact_no: `C-2${start}${step}${name.length}`,
      first_name: name,
      email: `${name.toLowerCase()}${start}@mail.example`,
    });
  writeRows(folder, rows);
}

function loadline(folder: string, ...args: string[]): void {
  const { status, stderr } = spawnSync(process.execPath, [join(root, "bin/loadline.js"), ...args], {
    cwd: folder,
    encoding: "utf8",
  });
  // What the pictures show is also that rows are rejected (3) and that a guard stops a run (4).
  if (status !== 0 && status !== 3 && status !== 4)
    throw new Error(`loadline ${args.join(" ")} ended with ${status}:\n${stderr}`);
}

/** As a terminal gets it, colours and all. */
function printedPlan(folder: string): string {
  const command = `stty cols ${columns}; TERM=xterm-256color '${process.execPath}' '${join(root, "bin/loadline.js")}' plan ${job} 2>/dev/null`;
  return execFileSync("script", ["-qec", command, "/dev/null"], { cwd: folder, encoding: "utf8" }).replaceAll(
    "\r\n",
    "\n",
  );
}

const tones: Readonly<Record<string, string>> = { 1: "bold", 2: "dim", 31: "red", 32: "green", 33: "yellow" };

/** Our output has colours, bold and dim, each closed before the next (report/lines.ts). */
function terminalHtml(text: string): string {
  const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape of a terminal
  return escaped.replaceAll(/\u001b\[(\d+)m/g, (_, code: string) =>
    tones[code] === undefined ? "</span>" : `<span class="${tones[code]}">`,
  );
}

async function drawTerminal(browser: Browser, text: string): Promise<void> {
  const page = await browser.newPage({ viewport: { width: 980, height: 400 }, deviceScaleFactor: 1.5 });
  await page.setContent(`<style>
    body { margin: 0; background: #0d1117; } pre { margin: 0; padding: 18px 22px; color: #e6edf3; font: 14px/1.4 "DejaVu Sans Mono", monospace; width: max-content; }
    .bold { font-weight: bold; } .dim { color: #8b949e; } .red { color: #ff7b72; } .green { color: #56d364; } .yellow { color: #e3b341; }
  </style><pre><span class="dim">$</span> loadline plan ${job}\n\n${terminalHtml(text.trimEnd())}</pre>`);
  await shoot(page, "plan.webp");
}

/** As a comment of GitHub shows it, its changes unfolded. */
async function drawMarkdown(browser: Browser, folder: string): Promise<void> {
  loadline(folder, "show", "latest", "--format", "markdown", "--format-out", "plan.md");
  const html = execFileSync("cmark-gfm", ["-e", "table", "--unsafe", join(folder, "plan.md")], { encoding: "utf8" });
  const page = await browser.newPage({ viewport: { width: 980, height: 400 }, deviceScaleFactor: 1.5 });
  await page.setContent(`<style>
    body { margin: 0; background: #fff; color: #1f2328; font: 15px/1.5 "DejaVu Sans", sans-serif; }
    article { margin: 18px; padding: 6px 18px; border: 1px solid #d1d9e0; border-radius: 6px; }
    table { border-collapse: collapse; font-size: 13px; } th, td { border: 1px solid #d1d9e0; padding: 4px 10px; } tr:nth-child(2n) td { background: #f6f8fa; }
    code { background: #eff1f3; border-radius: 5px; padding: 1px 5px; font: 12px "DejaVu Sans Mono", monospace; } summary { margin: 8px 0; }
  </style><article>${html.replaceAll("<details>", "<details open>")}</article>`);
  await shoot(page, "plan-markdown.webp");
}

async function drawPlanPage(browser: Browser, folder: string): Promise<void> {
  loadline(folder, "show", "latest", "--format", "html", "--format-out", "plan.html");
  const page = await browser.newPage({ viewport: { width: 1100, height: 900 }, colorScheme: "light" });
  await page.goto(`file://${join(folder, "plan.html")}`);
  await page
    .locator("#count")
    .getByText(/changes$/)
    .waitFor();
  await page.locator("#list .line.update").nth(1).click();
  await shoot(page, "plan-page.webp", 1000);
}

async function drawPages(browser: Browser, folder: string): Promise<void> {
  loadline(folder, "report", "latest", "--out", "latest.html");
  const [run = ""] = JSON.parse(
    execFileSync(process.execPath, [join(root, "bin/loadline.js"), "runs", "--status", "loaded,partial", "--json"], {
      cwd: folder,
      encoding: "utf8",
    }),
  ).map(({ run }: { run: string }) => run);
  loadline(folder, "report", run, "--out", "report.html");
  loadline(folder, "runs", "--html", "--out", "runs.html");
  for (const scheme of ["light", "dark"] as const) {
    const page = await browser.newPage({ viewport: { width: 1100, height: 1000 }, colorScheme: scheme });
    await page.goto(`file://${join(folder, "report.html")}`);
    await page
      .locator("#count")
      .getByText(/changes$/)
      .waitFor();
    await page.locator("#list .line.update").nth(1).click();
    await shoot(page, `report-${scheme}.webp`, scheme === "dark" ? 1100 : undefined);
  }
  const page = await browser.newPage({ viewport: { width: 1560, height: 500 } });
  await page.goto(`file://${join(folder, "runs.html")}`);
  await shoot(page, "runs.webp");
}

/** A page, or the first `height` pixels of it, as WebP: a third of a PNG of the same text. */
async function shoot(page: Page, name: string, height?: number): Promise<void> {
  const size = (await page.evaluate(
    "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]",
  )) as [number, number];
  const session = await page.context().newCDPSession(page);
  const clip = { x: 0, y: 0, width: size[0], height: height ?? size[1], scale: 1 };
  const shot = { format: "webp", quality: 85, captureBeyondViewport: true, clip } as const;
  const { data } = await session.send("Page.captureScreenshot", shot);
  const bytes = Buffer.from(data, "base64");
  writeFileSync(join(pictures, name), bytes);
  process.stdout.write(`${String(bytes.length).padStart(8)}  docs/pictures/${name}\n`);
  if (bytes.length > bytesMax) throw new Error(`${name} has ${bytes.length} bytes`);
}

await main();
