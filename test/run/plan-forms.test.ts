// plan, show --format: a plan as Markdown, JSON, CSV, Parquet and HTML, of the run and of a plan file; no value of a redacted
// field in any of them.

import { readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { parse } from "csv-parse/sync";
import { expect, test } from "vitest";
import { literal } from "../../src/core/sql.ts";
import { Engine } from "../../src/stage/engine.ts";
import { openFile, startBrowser } from "../support/browser.ts";
import { contactsJob, rehearse } from "./support.ts";

const job = contactsJob({ mode: "mirror", top: "guards: { deletes: 100 }\nredact: [Email]" });
const csv = (rows: readonly string[]) => `id,last,email\n${rows.join("\n")}\n`;
const first = Array.from({ length: 12 }, (_, index) => `K${index},Name ${index},n${index}@x.com`);
const attack = "</script><img src=x onerror=alert(1)> | =cmd() `a` @team #12 a\\|b";
const second = [
  `K2,"${attack}",n2@x.com`,
  ...first.slice(3, 8),
  ...Array.from({ length: 4 }, (_, index) => `N${index},New ${index},new${index}@x.com`),
  "X1,,x@x.com",
];

async function readRows(path: string): Promise<Record<string, unknown>[]> {
  const folder = dirname(path);
  using engine = await Engine.open({ folder, spillFolder: folder });
  return await engine.all(`SELECT * FROM read_parquet(${literal(path)})`);
}

test("a plan is printed in each form, from its run and from its file alike, without what is redacted", async () => {
  await using place = await rehearse(job, { "inbox/contacts.csv": csv(first) });
  const { project } = place;
  await project.run("run", "job.yaml");
  project.write({ "inbox/contacts.csv": csv(second) });
  const plan = await project.run("plan", "job.yaml", "--format", "json", "--out", "c.plan");
  expect([plan.code, plan.stderr]).toEqual([0, expect.stringContaining("plan written to c.plan")]);
  const lines = plan.stdout.trimEnd().split("\n");
  expect(
    lines
      .map((line) => (JSON.parse(line) as { action: string }).action)
      .sort()
      .join(),
  ).toBe(`${"create,".repeat(4)}${"delete,".repeat(6)}update`);
  const print = async (...args: string[]) => {
    const { code, stdout, stderr } = await project.run(...args);
    expect([args, code, stderr]).toEqual([args, 0, ""]);
    return stdout;
  };
  expect(await print("show", "latest", "--changes", "--json")).toBe(plan.stdout);
  for (const named of ["latest", "c.plan"]) {
    expect(await print("show", named, "--format", "json", "--stream", "contacts")).toBe(plan.stdout);
    const table = await print("show", named, "--format", "csv");
    expect(table).toBe(await print("show", named, "--changes", "--csv"));
    const markdown = await print("show", named, "--format", "markdown");
    expect(markdown).toMatch(/^### Plan of contacts: 4 to create, 1 to update, 6 to delete, 5 unchanged\n/);
    // A spreadsheet, a browser and GitHub each get it as it is.
    expect(markdown).toContain(`\`\`${attack.replaceAll("|", "\\|")}\`\``);
    expect(parse(table) as string[][]).toContainEqual(expect.arrayContaining(["LastName", "Name 2", attack]));
    expect(await print("show", named, "--format", "parquet", "--format-out", "c.parquet")).toBe("c.parquet\n");
    const rows = await readRows(project.path("c.parquet"));
    const cells = (parse(table, { columns: true }) as Record<string, string>[]).map((row) => Object.values(row));
    const asText = (value: unknown) => (value === null ? "" : String(value));
    expect(rows.map(({ record: _, redacted: __, ...row }) => Object.values(row).map(asText))).toEqual(cells);
    expect(rows.at(-1)?.["record"]).toBe(11);
    const kinds = new Set(rows.map(({ field, redacted }) => `${field} ${redacted}`));
    expect([...kinds].sort()).toEqual(["Email true", "Ext__c false", "LastName false"]);
    await print("show", named, "--format", "html", "--format-out", `${named}.html`);
    for (const name of ["c.parquet", `${named}.html`]) expect(statSync(project.path(name)).mode & 0o777).toBe(0o600);
    for (const text of [plan.stdout, table, markdown, JSON.stringify(rows)]) expect(text).not.toContain("@x.com");
  }

  await using browser = await startBrowser();
  for (const named of ["latest", "c.plan"]) {
    const { page, requests, complaints } = await openFile(browser, project.path(`${named}.html`));
    await page.locator("#count").getByText("11 changes", { exact: true }).waitFor();
    await page.fill("#search", "onerror");
    await page.locator("#count").getByText("1 of 11 changes", { exact: true }).waitFor();
    await page.locator("#list .line.update").first().click();
    const sides = await page.locator("#detail td").allTextContents();
    expect(sides).toEqual(["Name 2", attack]);
    expect(await page.textContent("body")).not.toContain("@x.com");
    expect([requests.length, complaints]).toEqual([1, []]);
    const where = named === "latest" ? "rejects/contacts.csv" : "the file of the plan";
    expect(await page.textContent("#rejects")).toContain(where);
    expect(await page.textContent("header")).toContain(
      named === "latest" ? "loadline show c.plan, then loadline apply c.plan" : "loadline approve c.plan",
    );
    await page.close();
  }
  expect((await project.run("show", "c.plan")).stdout).toContain("Rejects: 1 row, kept in the plan's file");
  const wanted = await project.run("show", "c.plan", "--format", "html");
  expect([wanted.code, wanted.stderr]).toEqual([2, expect.stringContaining("add --format-out plan.html")]);
});

test("a form that can't come about is refused before a plan is made; of a plan that fails Markdown says why", async () => {
  await using place = await rehearse(job, { "inbox/contacts.csv": csv(first) });
  const { project } = place;
  const refusals = [
    [["plan", "job.yaml", "other.yaml", "--format", "csv"], "--format is of the plan of one job"],
    [["plan", "job.yaml", "--format", "csv", "--json"], "--format csv and --json are two forms"],
    [["plan", "job.yaml", "--format", "csv", "--all"], "--all lists changes for people"],
    [["plan", "job.yaml", "--format-out", "x.html"], "none is asked for"],
    [["plan", "job.yaml", "--format", "html", "--format-out", "nowhere/x.html"], "there is no folder"],
    [
      ["plan", "job.yaml", "--out", "x", "--format", "html", "--format-out", "./x"],
      "names the file of the plan itself",
    ],
    [["plan", "job.yaml", "--format", "pdf"], "markdown, json, csv, parquet, html"],
    [["run", "job.yaml", "--format", "csv"], "add --dry-run"],
  ] as const;
  for (const [args, said] of refusals) {
    const refused = await project.run(...args);
    expect([args, refused.code, refused.stdout]).toEqual([args, 2, ""]);
    expect(refused.stderr).toContain(said);
  }
  expect(project.list(".loadline/runs")).toEqual([]);

  const made = await project.run("run", "job.yaml", "--dry-run", "--format", "html", "--json");
  expect([made.code, made.summary().status]).toEqual([0, "planned"]);
  const page = `.loadline/runs/${made.summary().run}/plan.html`;
  expect(made.stderr).toContain(`plan as html: ${page}`);
  expect(project.read(page)).toContain('id="data"');
  expect((await project.run("show", "latest", "--changes", "--csv", "--format", "csv")).code).toBe(2);

  const stopped = contactsJob({ mode: "mirror", top: "guards: { creates: 1 }" });
  project.write({ "job.yaml": stopped });
  const guarded = await project.run("plan", "job.yaml", "--format", "markdown", "--format-out", "plan.md");
  expect(guarded.code).toBe(4);
  expect(readFileSync(project.path("plan.md"), "utf8")).toContain(
    "**A run of this plan would stop before it writes anything:**",
  );
  project.write({ "job.yaml": stopped.replace("LastName: last", "LastName: nope") });
  const failed = await project.run("plan", "job.yaml", "--format", "markdown");
  expect(failed.code).toBe(2);
  expect(failed.stdout).toMatch(/^### contacts: failed\n\n {4}/);
});
