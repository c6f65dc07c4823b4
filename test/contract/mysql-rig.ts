// MariaDB's own server for the suite, behind a relay for what happens on the way.

import { type MariadbServer, startMariadb } from "../support/mariadb.ts";
import { startMysqlRelay } from "./mysql-relay.ts";
import { type ConnectorRig, toNames, toRoles } from "./rig.ts";

const fields = { key: "code", text: "title", number: "amount", boolean: "active", date: "born", datetime: "seen" };
const textMax = 80;

/** Collations of people's databases know no case. */
const table = `
  CREATE TABLE things (
    id int UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    code varchar(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL UNIQUE,
    title varchar(${textMax}), amount decimal(18, 2), active bool, born date, seen timestamp(3) NULL,
    changed timestamp(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
    CONSTRAINT \`no round brackets\` CHECK (title NOT LIKE '%no(%')
  ) CHARACTER SET utf8mb4`;

/** One server for all tests of a file. */
let running: Promise<MariadbServer> | undefined;

function sharedMariadb(): Promise<MariadbServer> {
  running ??= startMariadb();
  return running;
}

export async function stopMariadb(): Promise<void> {
  await (await running)?.[Symbol.asyncDispose]();
  running = undefined;
}

export async function openMysqlRig(): Promise<ConnectorRig> {
  const server = await sharedMariadb();
  await server.query(`DROP TABLE IF EXISTS things, loadline_batch; ${table};
    CREATE TABLE loadline_batch (mark varchar(200) CHARACTER SET ascii COLLATE ascii_bin PRIMARY KEY, results longblob NOT NULL,
      written timestamp(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)) ENGINE = InnoDB`);
  await server.query(`GRANT PROCESS ON *.* TO ${server.user}@'%'`);
  const relay = await startMysqlRelay(server.port, server.database);
  const insert = (values: Record<string, string>) => {
    const names = Object.keys(values);
    return `INSERT INTO things (${names.join(", ")}) VALUES (${names.map(() => "?").join(", ")})`;
  };
  const bound = (values: Record<string, string>) => Object.entries(values).map(([name, value]) => stored(name, value));
  const put = async (values: Record<string, string>) => void (await server.query(insert(values), bound(values)));
  return {
    connection: `    type: mysql\n    url: "mysql://127.0.0.1:${relay.port}/${server.database}"\n    auth: { user: ${server.user}, password: "\${MYSQL_PASSWORD}" }`,
    environment: { MYSQL_PASSWORD: server.password },
    object: "crm.things",
    noun: "table",
    cursor: "changed",
    fields,
    textMax,
    firstInstant: "1970-01-01T00:00:01.000Z",
    killedAt: ["committed"],
    refused: { field: fields.text, value: "no(this)" },
    put: (values) => put(toNames(fields, values)),
    async putTogether(records) {
      const [row] = await server.query("SELECT NOW(6) AS now");
      for (const values of records) await put({ ...toNames(fields, values), changed: row?.["now"] ?? "" });
    },
    async putLate(values, meanwhile) {
      const client = await server.connect();
      const named = toNames(fields, values);
      await client.query("BEGIN");
      await client.query(insert(named), bound(named));
      await meanwhile();
      await client.query("COMMIT");
      await client.end();
    },
    async change(key, values) {
      const named = toNames(fields, values);
      const sets = Object.keys(named).map((name) => `${name} = ?, `);
      const update = `UPDATE things SET ${sets.join("")} changed = NOW(6) WHERE code = ?`;
      await server.query(update, [...bound(named), key]);
    },
    remove: async (key) => void (await server.query("DELETE FROM things WHERE code = ?", [key])),
    live: async () => {
      const rows = await server.query(
        "SELECT code, title, amount, CASE active WHEN 1 THEN 'true' WHEN 0 THEN 'false' END AS active, born, CONCAT(seen, 'Z') AS seen FROM things",
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

/** As MySQL writes it. */
function stored(name: string, value: string): string {
  if (name === fields.boolean) return value === "true" ? "1" : "0";
  return name === fields.datetime ? value.replace("T", " ").replace("Z", "") : value;
}
