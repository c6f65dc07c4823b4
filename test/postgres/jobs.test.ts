// The example jobs with a database, against PostgreSQL's own server and the sandbox's Salesforce and HubSpot: they bring
// over what changed and what is gone, and come to rest.

import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { hasPostgres, type PostgresServer, startPostgres } from "../support/postgres.ts";
import { createProject, type Project, repository, type Sandbox, startSandbox } from "../support/rig.ts";

let server: PostgresServer;

describe.skipIf(!hasPostgres)("example jobs with a database", () => {
  beforeAll(async () => {
    server = await startPostgres();
    const tables = readFileSync(join(repository, "fixtures/postgres/tables.sql"), "utf8");
    await server.query(`GRANT CREATE ON DATABASE crm TO etl; SET ROLE etl; ${tables}; RESET ROLE`);
  });
  afterAll(() => server[Symbol.asyncDispose]());

  async function openExamples(): Promise<{ sandbox: Sandbox; project: Project } & AsyncDisposable> {
    const sandbox = await startSandbox({ schema: parse(readFileSync(join(repository, "sandbox.yaml"), "utf8")) });
    const project = createProject();
    for (const name of ["connections.yaml", "jobs"])
      cpSync(join(repository, name), project.path(name), { recursive: true });
    project.env = {
      SF_LOGIN_URL: sandbox.origin,
      HUBSPOT_URL: sandbox.hubspot,
      WAREHOUSE_URL: `postgres://127.0.0.1:${server.port}/${server.database}`,
      WAREHOUSE_USER: server.role,
      WAREHOUSE_PASSWORD: server.password,
    };
    return {
      sandbox,
      project,
      async [Symbol.asyncDispose]() {
        await project[Symbol.asyncDispose]();
        await sandbox[Symbol.asyncDispose]();
      },
    };
  }

  /** What each stream has loaded, those that loaded nothing left out. */
  async function run(project: Project, job: string): Promise<Record<string, number>> {
    const done = await project.run("run", `jobs/${job}.yaml`, "--yes", "--json");
    expect(done.code, done.stderr).toBe(0);
    const streams = Object.entries(done.summary().streams);
    expect(
      streams.filter(([, { failed, rejected, unmatched }]) => failed + rejected + unmatched > 0),
      done.stderr,
    ).toEqual([]);
    return Object.fromEntries(streams.flatMap(([name, { loaded }]) => (loaded > 0 ? [[name, loaded]] : [])));
  }

  const asRole = (sql: string) => server.query(`SET ROLE etl; ${sql}; RESET ROLE`);

  test("postgres-orders-to-salesforce: orders with their lines; lines that are taken out go", async () => {
    await using examples = await openExamples();
    const { sandbox, project } = examples;
    await asRole(`INSERT INTO shop.products VALUES ('PUMP', 'Pump', 120.50), ('HOSE', 'Hose', 9.90);
      INSERT INTO shop.customers VALUES ('C1', 'Acme', 'DE', '040 123456'), ('C2', 'Bolt', NULL, NULL);
      INSERT INTO shop.orders VALUES ('A-1', 'C1', '2026-11-02'), ('A-2', 'C2', '2026-11-03');
      INSERT INTO shop.order_lines VALUES ('A-1', 'PUMP', 2, 120.50), ('A-1', 'HOSE', 1.5, 9.90), ('A-2', 'HOSE', 4, 9.50)`);
    const job = "postgres-orders-to-salesforce";
    const checked = await project.run("check", `jobs/${job}.yaml`);
    expect(checked.code, checked.stderr).toBe(0);
    expect(await run(project, job)).toEqual({ products: 2, prices: 2, accounts: 2, opportunities: 2, lines: 3 });
    await asRole(`UPDATE shop.orders SET cancelled_at = now() WHERE order_no = 'A-2';
      DELETE FROM shop.order_lines WHERE sku = 'HOSE'; UPDATE shop.order_lines SET quantity = 3`);
    expect(await run(project, job)).toEqual({ opportunities: 1, lines: 1, lines_gone: 2 });
    expect(await run(project, job)).toEqual({});
    const live = async (object: string) =>
      (await sandbox.dump(object)).filter((record) => record["IsDeleted"] !== true);
    expect((await live("OpportunityLineItem")).map(({ Quantity, UnitPrice }) => [Quantity, UnitPrice])).toEqual([
      [3, 120.5],
    ]);
    expect((await live("Opportunity")).map((record) => [record["Order_No__c"], record["StageName"]])).toEqual([
      ["A-1", "Closed Won"],
      ["A-2", "Closed Lost"],
    ]);
  });

  test("salesforce-contacts-to-postgres and hubspot-contacts-to-postgres: changes, and what was deleted", async () => {
    await using examples = await openExamples();
    const { sandbox, project } = examples;
    const [salesforce, hubspot] = ["salesforce-contacts-to-postgres", "hubspot-contacts-to-postgres"] as const;
    const create = async (object: string, values: Record<string, string>) =>
      ((await sandbox.api("POST", `sobjects/${object}`, values)).body as { id: string }).id;
    const AccountId = await create("Account", { Name: "Acme" });
    const ann = await create("Contact", { LastName: "Ann", Email: "Ann@acme.example", AccountId });
    const bob = await create("Contact", { LastName: "Bob", FirstName: "B" });
    const put = async (properties: Record<string, string>) =>
      ((await sandbox.hubspotApi("POST", "/crm/v3/objects/contacts", { properties })).body as { id: string }).id;
    const [cid, dee] = [await put({ email: "cid@x.example" }), await put({ email: "dee@x.example", lastname: "Dee" })];
    expect(await run(project, salesforce)).toEqual({ contacts: 2 });
    expect(await run(project, hubspot)).toEqual({ contacts: 2 });
    await sandbox.api("DELETE", `sobjects/Contact/${bob}`);
    await sandbox.api("PATCH", `sobjects/Contact/${ann}`, { FirstName: "A", Email: null });
    await sandbox.hubspotApi("DELETE", `/crm/v3/objects/contacts/${cid}`);
    await sandbox.hubspotApi("PATCH", `/crm/v3/objects/contacts/${dee}`, { properties: { firstname: "D" } });
    await sandbox.advance(60_000);
    expect(await run(project, salesforce)).toEqual({ contacts: 1, gone: 1 });
    expect(await run(project, hubspot)).toEqual({ contacts: 1, gone: 1 });
    const columns = "contact_id, first_name, last_name, email";
    expect(await server.query(`SELECT ${columns}, account_name FROM crm.salesforce_contacts`)).toEqual([
      { contact_id: ann, first_name: "A", last_name: "Ann", email: null, account_name: "Acme" },
    ]);
    expect(await server.query(`SELECT ${columns} FROM crm.hubspot_contacts`)).toEqual([
      { contact_id: dee, first_name: "D", last_name: "Dee", email: "dee@x.example" },
    ]);
  });
});
