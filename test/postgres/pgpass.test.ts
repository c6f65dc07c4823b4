// Password files as libpq reads them, and addresses.

import { expect, test } from "vitest";
import { findPassword } from "../../src/connectors/postgres/password.ts";
import { readPostgresUrl } from "../../src/connectors/postgres/url.ts";

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

test("a socket is localhost there", () => {
  const socket = { ...address, host: "/run/postgresql" };
  expect(findPassword("localhost:*:*:*:here", { address: socket, user: "etl" })).toBe("here");
});

test.each([
  ["postgres://db.example/crm", { host: "db.example", port: 5432, database: "crm" }],
  ["postgresql://[::1]:5433/a%20b", { host: "::1", port: 5433, database: "a b" }],
  ["postgres://%2Frun%2Fpg/crm", { host: "/run/pg", port: 5432, database: "crm" }],
])("%s is an address", (url, wanted) => {
  expect(readPostgresUrl(url)).toEqual({ address: wanted });
});

test.each([
  "mysql://db/crm",
  "postgres://db",
  "postgres://etl@db/crm",
  "postgres://etl:x@db/crm",
  "postgres://db/crm?sslmode=disable",
  "postgres://db/a/b",
])("%s is none", (url) => {
  expect(readPostgresUrl(url)).toHaveProperty("problem");
});
