// Faults at every endpoint that an extraction calls: the same records come, each once, for a few calls more.

import { rmSync } from "node:fs";
import { parse } from "csv-parse/sync";
import { afterAll, beforeAll, expect, test } from "vitest";
import { seededFraction } from "../../src/core/random.ts";
import { schema } from "../run/support.ts";
import { allCasesVariable } from "../support/cases.ts";
import { ingest } from "../support/ingest.ts";
import { connections, createProject, type Finished, type Project, type Sandbox, startSandbox } from "../support/rig.ts";
import { shuffle } from "./grid.ts";

const data = "/services/data/*";
const endpoints = {
  describe: `GET ${data}/sobjects/*/describe`,
  count: `GET ${data}/queryAll`,
  create: `POST ${data}/jobs/query`,
  poll: `GET ${data}/jobs/query/*`,
  "list of pages": `GET ${data}/jobs/query/*/resultPages`,
  page: `GET ${data}/jobs/query/*/results`,
} as const;

const html = "<html><body>Sign in to the guest network</body></html>";
const faults = {
  "429 with Retry-After": { status: 429, headers: { "Retry-After": "0" } },
  "503 with Retry-After": { status: 503, headers: { "Retry-After": "0" } },
  "500": { status: 500 },
  "401 of an expired session": {
    status: 401,
    body: [{ errorCode: "INVALID_SESSION_ID", message: "Session expired or invalid" }],
  },
  "reset before": { reset: "before" },
  "reset after": { reset: "after" },
  "broken body": { truncate_after: 7 },
  "200 with a page": { status: 200, body: html, headers: { "Content-Type": "text/html" } },
} as const;

/** More than come by REST. */
const records = 2100;
/** The call again, and a sign-in: for each fault. */
const callsMore = 2;

const job = `version: 1
name: out
streams:
  contacts:
    source: { connection: salesforce, object: Contact, incremental: {}, deletes: emit }
    target: { connection: drop, files: contacts.csv }
    map: { key: Ext__c, name: LastName }
`;

let sandbox: Sandbox;
let project: Project;

beforeAll(async () => {
  sandbox = await startSandbox({ schema });
  project = createProject({ ...connections(sandbox), "job.yaml": job });
  const rows = Array.from({ length: records }, (_, index) => `${index},Name ${index}`);
  await ingest(sandbox, "Contact", "Ext__c", `Ext__c,LastName\n${rows.join("\n")}\n`);
});

afterAll(async () => {
  await project[Symbol.asyncDispose]();
  await sandbox[Symbol.asyncDispose]();
});

/** Begins anew and gives the run with what it cost. */
async function extract(faultList: readonly unknown[]): Promise<{ run: Finished; calls: number }> {
  rmSync(project.path(".loadline"), { recursive: true, force: true });
  rmSync(project.path("inbox/contacts.csv"), { force: true });
  await sandbox.setFaults(faultList);
  const before = await countCalls(() => true);
  const run = await project.run("run", "job.yaml", "--json");
  return { run, calls: (await countCalls(() => true)) - before };
}

async function countCalls(isCounted: (endpoint: string) => boolean): Promise<number> {
  const calls = Object.entries(await sandbox.calls()).filter(([endpoint]) => isCounted(endpoint));
  return calls.reduce((sum, [, count]) => sum + count, 0);
}

function keysOfFile(): Set<string> {
  const rows = parse(project.read("inbox/contacts.csv"), { columns: true }) as { key: string }[];
  expect(rows).toHaveLength(records);
  return new Set(rows.map(({ key }) => key));
}

const seed = Number(process.env["LOADLINE_PROPERTY_SEED"] ?? 20_261_121);
const draw = seededFraction(seed);

/** In each extraction every endpoint meets another fault at its first call; in all of a half together every second one. */
function drawOrders(half: number): { match: string; order: [string, unknown][] }[] {
  return Object.values(endpoints).map((match, at) => {
    const own = Object.entries(faults).filter((_, index) => (index + at) % 2 === half);
    return { match, order: shuffle<[string, unknown]>(own, draw) };
  });
}

const isWhole = process.env[allCasesVariable] !== undefined;

test.each(isWhole ? [0, 1] : [seed % 2])(
  "faults at the first calls of all endpoints cost a call or two each, and no record (half %i)",
  async (half) => {
    const orders = drawOrders(half);
    const undisturbed = await extract([]);
    expect(undisturbed.run.code, undisturbed.run.stderr).toBe(0);
    for (let index = 0; index < Object.keys(faults).length / 2; index += 1) {
      const met = orders.map(({ match, order }) => ({ match, fault: order[index]?.[0], do: order[index]?.[1] }));
      const { run, calls } = await extract(met.map(({ match, do: action }) => ({ match, nth: [1], do: action })));
      const shown = met.map(({ match, fault }) => `${fault} at ${match}`);
      expect({ shown, code: run.code, stderr: run.code === 0 ? "" : run.stderr }).toEqual({
        shown,
        code: 0,
        stderr: "",
      });
      expect(keysOfFile().size).toBe(records);
      expect(calls, shown.join(", ")).toBeLessThanOrEqual(undisturbed.calls + callsMore * met.length);
    }
  },
);

test("an org that is down for long stops the run with 75, and resume goes on with the same query job", async () => {
  const { run } = await extract([{ match: endpoints.page, do: { status: 503, headers: { "Retry-After": "0" } } }]);
  expect(run.code).toBe(75);
  await sandbox.setFaults([]);
  const made = await countCalls((endpoint) => /^POST .*\/jobs\/query$/.test(endpoint));
  const resumed = await project.run("resume", "--json");
  expect(resumed.code, resumed.stderr).toBe(0);
  expect(keysOfFile().size).toBe(records);
  expect(await countCalls((endpoint) => /^POST .*\/jobs\/query$/.test(endpoint))).toBe(made);
});

test("pages that hold fewer records than the org promised are an error, not a smaller file", async () => {
  const body = '"Id","SystemModstamp","Ext__c","LastName","IsDeleted","MasterRecordId"\n';
  const short = { status: 200, headers: { "Content-Type": "text/csv", "Sforce-NumberOfRecords": "2100" }, body };
  const { run } = await extract([{ match: endpoints.page, do: short }]);
  expect(run.code).toBe(1);
  expect(run.stderr).toContain("2,100 records promised, 0 arrived");
  const uncounted = { ...short, headers: { "Content-Type": "text/csv", "Sforce-NumberOfRecords": "0" } };
  const second = await extract([{ match: endpoints.page, do: uncounted }]);
  expect(second.run.code).toBe(1);
  expect(second.run.stderr).toContain("the query's pages hold 0 rows, the job says 2,100");
});
