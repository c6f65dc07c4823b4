// PostgreSQL's own server for the suite, behind a relay for what happens on the way.

import { definitionOf } from "../../src/connectors/postgres/marks.ts";
import { type PostgresServer, startPostgres } from "../support/postgres.ts";
import { startPostgresRelay } from "./postgres-relay.ts";
import { type ConnectorRig, toNames, toRoles } from "./rig.ts";

const fields = { key: "code", text: "title", number: "amount", boolean: "active", date: "born", datetime: "seen" };
const textMax = 80;

const table = `
  CREATE SCHEMA crm AUTHORIZATION etl;
  CREATE TABLE crm.things (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code varchar(40) NOT NULL UNIQUE,
    title varchar(${textMax}) CONSTRAINT "no round brackets" CHECK (title !~ 'no[(]'),
    amount numeric(18, 2), active boolean, born date, seen timestamptz,
    changed timestamptz NOT NULL DEFAULT clock_timestamp()
  );
  ALTER TABLE crm.things OWNER TO etl;`;

/** One server for all tests of a file. */
let running: Promise<PostgresServer> | undefined;

function sharedPostgres(): Promise<PostgresServer> {
  running ??= startPostgres();
  return running;
}

export async function stopPostgres(): Promise<void> {
  await (await running)?.[Symbol.asyncDispose]();
  running = undefined;
}

export async function openPostgresRig(): Promise<ConnectorRig> {
  const server = await sharedPostgres();
  await server.query(`DROP SCHEMA IF EXISTS crm, loadline CASCADE; ${table} ${definitionOf(server.role)}`);
  const relay = await startPostgresRelay(server.port, server.database);
  const insert = (values: Record<string, string>) => {
    const names = Object.keys(values);
    return `INSERT INTO crm.things (${names.join(", ")}) VALUES (${names.map((_, index) => `$${index + 1}`).join(", ")})`;
  };
  const put = async (values: Record<string, string>) =>
    void (await server.query(insert(values), Object.values(values)));
  return {
    connection: `    type: postgres\n    url: "postgres://127.0.0.1:${relay.port}/${server.database}"\n    auth: { user: ${server.role}, password: "\${PG_PASSWORD}" }`,
    environment: { PG_PASSWORD: server.password },
    object: "crm.things",
    noun: "table",
    cursor: "changed",
    fields,
    textMax,
    killedAt: ["intent", "committed", "stored"],
    refused: { field: fields.text, value: "no(this)" },
    put: (values) => put(toNames(fields, values)),
    async putTogether(records) {
      const [row] = await server.query("SELECT clock_timestamp() AS now");
      for (const values of records) await put({ ...toNames(fields, values), changed: row?.["now"] ?? "" });
    },
    async putLate(values, meanwhile) {
      const client = await server.connect();
      const named = { ...toNames(fields, values) };
      await client.query("BEGIN");
      await client.query(insert(named), Object.values(named));
      await meanwhile();
      await client.query("COMMIT");
      await client.end();
    },
    async change(key, values) {
      const named = toNames(fields, values);
      const sets = Object.keys(named).map((name, index) => `${name} = $${index + 2}, `);
      const update = `UPDATE crm.things SET ${sets.join("")} changed = clock_timestamp() WHERE code = $1`;
      await server.query(update, [key, ...Object.values(named)]);
    },
    remove: async (key) => void (await server.query("DELETE FROM crm.things WHERE code = $1", [key])),
    live: async () => {
      const rows = await server.query(
        "SELECT code, title, amount, CASE WHEN active THEN 'true' WHEN NOT active THEN 'false' END AS active, born, seen FROM crm.things",
      );
      return new Map(rows.map((row) => [row["code"] ?? "", toRoles(fields, row)]));
    },
    setMishaps: async (mishaps) => relay.arm(mishaps),
    mishapsMet: async () => relay.met,
    setOtherOrg: async (isOther) => {
      relay.database = isOther ? "other" : server.database;
    },
    [Symbol.asyncDispose]: () => relay[Symbol.asyncDispose](),
  };
}
