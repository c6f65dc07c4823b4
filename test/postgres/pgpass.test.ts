// Password and service files as libpq reads them, and addresses.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { readService } from "../../src/connectors/postgres/named-address.ts";
import { findPassword } from "../../src/connectors/postgres/password.ts";
import { postgresUrl } from "../../src/connectors/postgres/url.ts";
import { readDatabaseUrl } from "../../src/connectors/sql/url.ts";

const address = { host: "db.example", port: 5432, database: "crm" };

test.each([
  ["db.example:5432:crm:etl:secret", "secret"],
  ["# db.example:5432:crm:etl:no\nother:*:*:*:no\n*:*:*:etl:first\n*:*:*:*:second", "first"],
  ["db.example:5432:crm:etl:with\\:colon and \\\\", "with:colon and \\"],
  ["db.example:5432:crm:somebody:no", undefined],
  ["db.example:5432:crm:etl", undefined],
  ["", undefined],
])("%j has the password %j", (text, password) => {
  expect(findPassword(text, { address, user: "etl" })).toBe(password);
});

test("a socket is localhost there, or its folder", () => {
  const socket = { ...address, host: "/run/postgresql" };
  expect(findPassword("/run/postgresql:5432:*:*:there", { address: socket, user: "etl" })).toBe("there");
  expect(findPassword("localhost:*:*:*:here", { address: socket, user: "etl" })).toBe("here");
});

test.each([
  ["postgres://db.example/crm", { host: "db.example", port: 5432, database: "crm" }],
  ["postgresql://[::1]:5433/a%20b", { host: "::1", port: 5433, database: "a b" }],
  ["postgres://%2Frun%2Fpg/crm", { host: "/run/pg", port: 5432, database: "crm" }],
])("%s is an address", (url, wanted) => {
  expect(readDatabaseUrl(url, postgresUrl)).toEqual({ address: wanted });
});

test.each([
  "mysql://db/crm",
  "postgres://db",
  "postgres://etl@db/crm",
  "postgres://etl:x@db/crm",
  "postgres://db/crm?sslmode=disable",
  "postgres://db/a/b",
])("%s is none", (url) => {
  expect(readDatabaseUrl(url, postgresUrl)).toHaveProperty("problem");
});

const services = `# of the warehouse
[warehouse]
host=db.example
port=5433
dbname=crm
user=etl
sslmode=verify-full

[here]
dbname=crm
sslmode=disable
[here]
dbname=other
[open]
host=db.example
dbname=crm
sslmode=disable
[tuned]
dbname=crm
options=-c geqo=off
`;

test("a service is an address with what goes with it; what can't be taken is refused by name", () => {
  const folder = mkdtempSync(join(tmpdir(), "loadline-service-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "services.conf");
  const place = { file: "connections.yaml", line: 1, column: 1 };
  const read = (name: string, text = services) => {
    writeFileSync(file, text);
    return readService(name, { file, environment: {}, place });
  };
  expect(read("warehouse")).toEqual({ address: { host: "db.example", port: 5433, database: "crm" }, user: "etl" });
  expect(read("here")).toEqual({ address: { host: "localhost", port: 5432, database: "crm" } });
  // The user's own file, by its variable; then the system's.
  const usual = { file: undefined, environment: { PGSERVICEFILE: join(folder, "none"), PGSYSCONFDIR: folder }, place };
  writeFileSync(join(folder, "pg_service.conf"), "[shared]\nhost=/run/postgresql\ndbname=crm\n");
  expect(readService("shared", usual).address.host).toBe("/run/postgresql");
  expect(() => read("warehose")).toThrow("there is no service warehose");
  expect(() => read("open")).toThrow("without TLS a password is shown");
  expect(() => read("tuned")).toThrow("options has no meaning here");
  expect(() => read("x", "[x]\nhost=a,b\ndbname=c")).toThrow("several hosts");
  expect(() => read("x", "[x]\nhost=a")).toThrow("it names no database");
  expect(() => read("x", "[x]\nldap://ldap.example/x")).toThrow("line 2 is no parameter=value");
});
