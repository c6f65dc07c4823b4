// Every example job runs, in a copy of the example project, against the sandbox, and does what its comments say. The load of
// the vendor's 20,000 contacts is the demo's (demo.test.ts).

import { cpSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeDelivery } from "../scripts/contacts.ts";
import { createProject, type Finished, type Project, repository } from "./support/rig.ts";

/** The example project as it is in the repository, without state. */
function copyExamples(): Project {
  const project = createProject();
  for (const name of ["connections.yaml", "sandbox.yaml", "jobs", "fixtures"]) {
    cpSync(join(repository, name), project.path(name), { recursive: true });
  }
  return project;
}

function countsOf(run: Finished, stream: string): Record<string, number> {
  const { watermark, rejectReasons, warnings, rejectsPut, presentValues, ...counts } = run.summary().streams[
    stream
  ] ?? {
    watermark: null,
    rejectReasons: [],
  };
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));
}

/** A line of a rejects file: the source's columns and ours. */
type Reject = Record<"loadline_error" | "loadline_field" | "loadline_line" | "loadline_file" | "contact_no", string>;

function readRejects(project: Project, run: Finished, stream: string): Reject[] {
  return parse(project.read(`.loadline/sandbox/runs/${run.summary().run}/rejects/${stream}.csv`), { columns: true });
}

test("the vendor's delivery is what the script writes", () => {
  for (const [name, content] of Object.entries(writeDelivery())) {
    expect(readFileSync(join(repository, "fixtures/contacts-vendor", name), "utf8") === content, name).toBe(true);
  }
});

test("each example job is run somewhere", () => {
  const here = [
    ...["campaign-members", "deals-to-hubspot", "erasure-requests-delete", "event-leads-insert", "partners-mirror"],
    ...["salesforce-contacts-to-csv", "vendor-contacts-to-salesforce", "vendor-feed-to-salesforce"],
    "vendor-orders-to-salesforce",
  ];
  const inTwoWay = [
    ...["hubspot-contacts-to-salesforce", "hubspot-deletions-to-salesforce", "salesforce-contacts-to-hubspot"],
    ...["two-way-to-hubspot", "two-way-to-salesforce"],
  ];
  // Those with a database are run against a real server (postgres/jobs.test.ts, mysql/jobs.test.ts).
  const names = readdirSync(join(repository, "jobs")).filter((name) => !/postgres|mysql/.test(name));
  expect(names.sort()).toEqual([...here, ...inTwoWay].map((name) => `${name}.yaml`).sort());
});

test("an example job can be planned without a credential, and a load into the org wants --yes", async () => {
  await using project = copyExamples();
  project.env = { SF_CLIENT_ID: undefined, SF_CLIENT_SECRET: undefined };
  const planned = await project.run("plan", "jobs/partners-mirror.yaml", "--sandbox", "--json");
  expect(planned.code).toBe(0);
  const refused = await project.run("run", "jobs/partners-mirror.yaml");
  expect(refused.code).toBe(4);
  expect(refused.stderr).toContain("connection salesforce is protected");
});

describe("vendor-feed-to-salesforce", () => {
  const job = "jobs/vendor-feed-to-salesforce.yaml";
  const drop = "fixtures/sftp/feed";
  const server = ".loadline/sandbox/data/sftp/feed";

  test("takes each file of the drop once, loads contacts with their accounts, and moves the files away", async () => {
    await using project = copyExamples();
    const first = await project.run("run", job, "--sandbox", "--json");
    expect(first.code, first.stderr).toBe(0);
    expect(countsOf(first, "accounts")).toEqual({ extracted: 4, creates: 4, loaded: 4 });
    expect(countsOf(first, "contacts")).toEqual({ extracted: 7, rejected: 1, creates: 6, loaded: 6 });
    const [orphan] = readRejects(project, first, "contacts");
    expect(orphan?.loadline_error).toContain("9999");
    expect(project.list(`${server}/archive`).filter((name) => name.endsWith(".csv"))).toEqual([
      "accounts_2026-11-19.csv",
      "contacts_2026-11-19.csv",
    ]);

    // The next night brings a new file, and an old one under another name.
    const header = "number;account;first_name;last_name;email;title\n";
    const night = "contacts_2026-11-20.csv";
    project.write({
      [`${drop}/${night}`]: `${header}K-2;4711;Ole;Brandt;ole.brandt@hafen.example;Head of Finance\nK-8;4714;Jo;Frey;jo@dockside.example;\n`,
      [`${drop}/${night}.done`]: "",
      [`${drop}/contacts_again.csv`]: project.read(`${drop}/contacts_2026-11-19.csv`),
      [`${drop}/contacts_again.csv.done`]: "",
      // This one is still being written.
      [`${drop}/contacts_2026-11-21.csv`]: header,
    });
    const second = await project.run("run", job, "--sandbox", "--json");
    expect(second.code, second.stderr).toBe(0);
    expect(countsOf(second, "contacts")).toEqual({ extracted: 2, creates: 1, updates: 1, loaded: 2 });
  });
});

describe("event-leads-insert", () => {
  test("inserts each visitor once, and refuses the same file a second time", async () => {
    await using project = copyExamples();
    const job = "jobs/event-leads-insert.yaml";
    const first = await project.run("run", job, "--sandbox", "--json");
    expect(countsOf(first, "leads")).toEqual({ extracted: 12, duplicates: 1, rejected: 2, creates: 9, loaded: 9 });
    expect(readRejects(project, first, "leads").map(({ loadline_field: field }) => field)).toEqual([
      "LastName",
      "Company",
    ]);
    const second = await project.run("run", job, "--sandbox", "--json");
    expect(second.code).toBe(4);
    expect(second.stderr).toContain("--again");
    const visitors = project.read("fixtures/drop/event_visitors_2026-11-18.csv").split("\n");
    project.write({ "fixtures/drop/event_visitors_2026-11-18.csv": `${visitors[0]}\n${visitors[1]}\n` });
    const third = await project.run("run", job, "--sandbox", "--json");
    expect(countsOf(third, "leads")).toEqual({ extracted: 1, unchanged: 1 });
    const again = await project.run("run", job, "--sandbox", "--json", "--again");
    expect(countsOf(again, "leads")).toEqual({ extracted: 1, creates: 1, loaded: 1 });
  });
});

test("campaign-members tells members by campaign and contact, makes each once and leaves those who responded alone", async () => {
  await using project = copyExamples();
  const run = async () => project.run("run", "jobs/campaign-members.yaml", "--sandbox", "--json");
  const first = await run();
  expect(first.code, first.stderr).toBe(0);
  expect(countsOf(first, "campaigns")).toEqual({ extracted: 6, duplicates: 4, creates: 2, loaded: 2 });
  expect(countsOf(first, "contacts")).toEqual({ extracted: 6, duplicates: 2, rejected: 1, creates: 3, loaded: 3 });
  expect(countsOf(first, "members")).toEqual({ extracted: 6, duplicates: 1, rejected: 1, creates: 4, loaded: 4 });
  // Of the four one has responded: its row finds it outside of target.where.
  expect(countsOf(await run(), "members")).toMatchObject({ extracted: 6, unmatched: 1, unchanged: 3 });
  const file = "fixtures/drop/event_registrations_2026-11.csv";
  project.write({ [file]: project.read(file).replace("jonas@weiss.example,,", "jonas@weiss.example,yes,") });
  const third = await run();
  expect(countsOf(third, "members")).toMatchObject({ unmatched: 1, updates: 1, unchanged: 2, loaded: 1 });
  expect(third.summary().streams["members"]).toMatchObject({ creates: 0 });
});

test("vendor-orders-to-salesforce makes orders with owners, record types and lines, and names what it can't place", async () => {
  await using project = copyExamples();
  const first = await project.run("run", "jobs/vendor-orders-to-salesforce.yaml", "--sandbox", "--json");
  expect(first.code, first.stderr).toBe(0);
  expect(countsOf(first, "prices")).toEqual({ extracted: 3, creates: 3, loaded: 3 });
  expect(countsOf(first, "accounts")).toEqual({ extracted: 5, duplicates: 2, rejected: 1, creates: 2, loaded: 2 });
  expect(countsOf(first, "opportunities")).toEqual({ extracted: 5, duplicates: 1, rejected: 1, creates: 3, loaded: 3 });
  expect(countsOf(first, "lines")).toEqual({ extracted: 5, rejected: 2, creates: 3, loaded: 3 });
  const errors = (stream: string) => readRejects(project, first, stream).map((reject) => reject.loadline_error);
  expect(errors("accounts")).toEqual(["no User has Email (hidden) where IsActive = true"]);
  expect(errors("contacts")[0]).toContain("its parent accounts A-30 was rejected: orders_2026-11.csv line 5: OwnerId");
  expect(errors("lines")[1]).toContain("PUMP-99");
  const changes = await project.run("show", "latest", "--changes", "--json", "--stream", "opportunities");
  const made = changes.stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { fields: Record<string, { after: string }> });
  expect(new Set(made.map(({ fields }) => fields["RecordTypeId"]?.after)).size).toBe(2);
});

test("deals-to-hubspot makes companies of one flat file, and a deal leaves the company that it had", async () => {
  await using project = copyExamples();
  const run = async () => project.run("run", "jobs/deals-to-hubspot.yaml", "--sandbox", "--json");
  const first = await run();
  expect(first.code, first.stderr).toBe(0);
  expect(countsOf(first, "companies")).toEqual({ extracted: 4, duplicates: 1, creates: 3, loaded: 3 });
  expect(countsOf(first, "deals")).toEqual({ extracted: 4, rejected: 1, creates: 3, loaded: 3 });
  const file = "fixtures/drop/deals_2026-11.csv";
  project.write({
    [file]: project.read(file).replace("Fjord Analytics,fjord.example", "Olive Branch Foods,olive-branch.example"),
  });
  const second = await run();
  expect(countsOf(second, "deals")).toEqual({ extracted: 4, rejected: 1, unchanged: 2, updates: 1, loaded: 1 });
  const changes = await project.run("show", "latest", "--changes", "--stream", "deals");
  expect(changes.stdout).toMatch(/companies\.vendor_company… +fjord\.example → olive-branch\.example/);
});

describe("partners-mirror", () => {
  test("deletes who left the list, clears a tier, leaves a column alone that is absent, and stops when too many would go", async () => {
    await using project = copyExamples();
    const job = "jobs/partners-mirror.yaml";
    const first = await project.run("run", job, "--sandbox", "--json");
    expect(countsOf(first, "partners")).toEqual({ extracted: 12, creates: 12, loaded: 12 });
    const list = project.read("fixtures/drop/partners.csv");
    const next = list.replace(/^P-003.*\n/m, "").replace(",Gold,https://elbe", ",,https://elbe");
    project.write({ "fixtures/drop/partners.csv": next });
    const second = await project.run("run", job, "--sandbox", "--json");
    expect(countsOf(second, "partners")).toEqual({
      extracted: 11,
      updates: 1,
      unchanged: 10,
      mirrorDeletes: 1,
      loaded: 2,
    });
    const sent = project.list(`.loadline/sandbox/runs/${second.summary().run}/batches`);
    const batches = sent.map((name) => project.read(`.loadline/sandbox/runs/${second.summary().run}/batches/${name}`));
    expect(batches.join("")).toContain("#N/A");
    expect(batches.join("")).not.toContain("Fax");

    project.write({ "fixtures/drop/partners.csv": next.replaceAll(/^P-00[12].*\n/gm, "") });
    const stopped = await project.run("run", job, "--sandbox", "--json");
    expect(stopped.code).toBe(4);
    expect(stopped.summary().status).toBe("stopped");
    expect(stopped.stderr).toContain("guards.deletes");
  });
});

/** The first records of a file, of so many lines: up to a line that is inside no quotes. */
function cutFile(text: string, lines: number): string {
  const all = text.split("\n");
  const isInside = (count: number) => (all.slice(0, count).join("").split('"').length - 1) % 2 === 1;
  let count = lines;
  while (isInside(count)) count += 1;
  return `${all.slice(0, count).join("\n")}\n`;
}

// Two jobs begin with one load of so many contacts that they are taken by a bulk query.
describe("once the vendor's contacts are loaded", () => {
  let project: Project;
  let loaded = 0;
  beforeAll(async () => {
    project = copyExamples();
    for (const name of ["contacts_north.csv", "contacts_south.csv"]) {
      const path = `fixtures/contacts-vendor/${name}`;
      project.write({ [path]: cutFile(project.read(path), 1600) });
    }
    const run = await project.run("run", "jobs/vendor-contacts-to-salesforce.yaml", "--sandbox", "--json");
    loaded = run.summary().streams["contacts"]?.loaded ?? 0;
    expect(loaded, run.stderr).toBeGreaterThan(2500);
  });
  afterAll(() => project[Symbol.asyncDispose]());

  test("salesforce-contacts-to-csv takes all contacts, then those that changed", async () => {
    const job = "jobs/salesforce-contacts-to-csv.yaml";
    const first = await project.run("run", job, "--sandbox", "--json");
    expect(countsOf(first, "contacts")).toEqual({ extracted: loaded, creates: loaded, loaded });
    const written = readExport(project, first);
    expect(written).toHaveLength(loaded);
    expect(new Set(written.map(({ contact_no: number }) => number)).size).toBe(loaded);
    expect(written.every(({ deleted }) => deleted === "false")).toBe(true);
    expect(written.filter(({ account }) => account !== "").length).toBeGreaterThan(loaded * 0.75);
    const second = await project.run("run", job, "--sandbox", "--json");
    expect(countsOf(second, "contacts")).toEqual({ extracted: loaded, duplicates: loaded });
    expect(readExport(project, second)).toEqual([]);
  });

  test("erasure-requests-delete deletes the contacts that are there and counts the one that is not", async () => {
    const erased = await project.run("run", "jobs/erasure-requests-delete.yaml", "--sandbox", "--json");
    expect(countsOf(erased, "contacts")).toEqual({ extracted: 4, unmatched: 1, deletes: 3, loaded: 3 });
  });
});

function readExport(project: Project, run: Finished): Record<string, string>[] {
  const name = `.loadline/sandbox/files/exports/contacts-${run.summary().run}.csv`;
  return parse(project.read(name), { columns: true });
}
