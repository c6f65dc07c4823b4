// A file of SQLite's for the suite, with a connection beside loadline's for what others do to it.

import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { definition } from "../../src/connectors/sqlite/marks.ts";
import { openSqliteData } from "../../src/core/sqlite.ts";
import { type ConnectorRig, toNames, toRoles, type Values } from "./rig.ts";

const fields = { key: "code", text: "title", number: "amount", boolean: "active", date: "born", datetime: "seen" };

const now = "strftime('%Y-%m-%d %H:%M:%f', 'now')";

const table = `CREATE TABLE things (
    id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE, title TEXT CHECK (title NOT LIKE '%no(%'),
    amount DECIMAL(18, 2), active BOOLEAN, born DATE, seen DATETIME, changed TEXT NOT NULL DEFAULT (${now})
  )`;

export async function openSqliteRig(): Promise<ConnectorRig> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "loadline-sqlite-")));
  const path = join(folder, "things.db");
  writeFileSync(path, "");
  const database = openSqliteData(path, { readOnly: false });
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA busy_timeout = 5000; ${table}; ${definition}`);
  /** What a person writes, as the file has it. */
  const held = (values: Values) =>
    toNames(fields, {
      ...values,
      ...(values.boolean === undefined ? {} : { boolean: values.boolean === "true" ? "1" : "0" }),
    });
  const insert = (values: Values, more: Record<string, string> = {}) => {
    const named = { ...held(values), ...more };
    const names = Object.keys(named);
    const places = names.map(() => "?").join(", ");
    database.prepare(`INSERT INTO things (${names.join(", ")}) VALUES (${places})`).run(...Object.values(named));
  };
  return {
    connection: `    { type: sqlite, path: ${JSON.stringify(path)} }`,
    environment: {},
    object: "things",
    noun: "table",
    cursor: "changed",
    fields,
    killedAt: ["committed"],
    refused: { field: fields.text, value: "no(this)" },
    put: async (values) => insert(values),
    async putTogether(records) {
      const changed = String(database.prepare(`SELECT ${now} AS now`).get()?.["now"]);
      for (const values of records) insert(values, { changed });
    },
    async putLate(values, meanwhile) {
      database.exec("BEGIN");
      insert(values);
      await meanwhile();
      database.exec("COMMIT");
    },
    async change(key, values) {
      const named = held(values);
      const sets = Object.keys(named).map((name) => `${name} = ?, `);
      const update = `UPDATE things SET ${sets.join("")} changed = ${now} WHERE code = ?`;
      database.prepare(update).run(...Object.values(named), key);
    },
    remove: async (key) => void database.prepare("DELETE FROM things WHERE code = ?").run(key),
    async live() {
      const rows = database
        .prepare(
          "SELECT code, title, amount, CASE active WHEN 1 THEN 'true' WHEN 0 THEN 'false' END AS active, born, seen || 'Z' AS seen FROM things",
        )
        .all();
      return new Map(rows.map((row) => [String(row["code"]), toRoles(fields, row)]));
    },
    setOtherOrg: async () => undefined,
    async [Symbol.asyncDispose]() {
      database.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
