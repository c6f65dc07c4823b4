// Every type of PostgreSQL's that a column may have, with odd values. In `values` and `unheld` SQL, in `refused` the text of a
// file.

export interface KeptType {
  type: string;
  /** They come back character for character. */
  values: readonly string[];
  /** What the column would keep as another value, or not at all, and what is said of it. */
  refused?: readonly (readonly [text: string, said: string])[];
  /** What it holds and others can't. */
  unheld?: { value: string; said: string };
}

const keeps = (text: string) => `PostgreSQL would keep it as ${text}: write it so`;
const noDay = "is no day of the years 1 to 9999";
const noNumber = "is no number that others can hold";
const noClock = "is no time of a day before 24:00";

export const ownTypes = `CREATE TYPE mood AS ENUM ('', 'sad', '∅x', 'so "so"'); CREATE DOMAIN cents AS numeric(12, 2) CHECK (VALUE >= 0);
  CREATE DOMAIN photo AS bytea; CREATE DOMAIN doc AS jsonb; CREATE DOMAIN local_time AS timestamp(3); CREATE EXTENSION citext`;

export const kept: readonly KeptType[] = [
  { type: "text", values: ["''", "NULL", "'∅'", `'␀ "x", y' || chr(10) || 'z'`, "' both '", "'é🙂'", "'NULL'"] },
  { type: "varchar(5)", values: ["''", "'12345'", "'é🙂xyz'"], refused: [["123456", "the field takes 5"]] },
  { type: "char(5)", values: ["'ab'", "''", "'∅'"], refused: [["123456", "the field takes 5"]] },
  { type: "citext", values: ["'Ab'", "''"] },
  { type: "name", values: ["'pg_class'", "''"] },
  { type: "boolean", values: ["true", "false"], refused: [["2", "is not"]] },
  {
    type: "smallint",
    values: ["-32768", "32767"],
    refused: [
      ["32768", "between"],
      ["1.5", "whole"],
    ],
  },
  { type: "integer", values: ["-2147483648", "2147483647"], refused: [["2147483648", "between"]] },
  {
    type: "bigint",
    values: ["-9223372036854775808", "9223372036854775807"],
    refused: [["9223372036854775808", "between"]],
  },
  { type: "oid", values: ["0", "4294967295"], refused: [["-1", "beyond what the field takes"]] },
  {
    type: "numeric",
    values: ["0.1", "-12345678901234567890.5", "0.00000000000000000001", "1e20", "repeat('9', 200)::numeric", "0"],
    unheld: { value: "'NaN'", said: noNumber },
  },
  {
    type: "numeric(38, 10)",
    values: ["1234567890123456789012345678.0123456789", "-0.5"],
    refused: [["0.00000000001", "digits after the point"]],
  },
  {
    type: "real",
    values: ["0.1", "16777216", "1.1754944e-38", "3.4028235e+38", "-1.5", "0", "1e-7"],
    refused: [
      ["16777217", "more digits than the single"],
      ["0.123456789", "more digits than the single"],
    ],
    unheld: { value: "'NaN'", said: noNumber },
  },
  {
    type: "double precision",
    values: ["0.30000000000000004", "1e-7", "1.7976931348623157e308", "-5e-324", "9007199254740992", "0"],
    refused: [
      ["9007199254740993", "more digits than the double"],
      ["1e400", "more digits than the double"],
    ],
    unheld: { value: "'Infinity'", said: noNumber },
  },
  {
    type: "cents",
    values: ["0.10", "9999999999.99"],
    refused: [
      ["0.001", "digits after the point"],
      ["-1", "cents_check"],
    ],
  },
  {
    type: "date",
    values: ["'0001-01-01'", "'2024-02-29'", "'9999-12-31'"],
    refused: [["2023-02-29", "is not"]],
    unheld: { value: "'0044-03-15 BC'", said: noDay },
  },
  {
    type: "timestamptz",
    values: ["'2026-03-29 01:30:00.123456+00'", "'9999-12-31 23:59:59+00'", "'0001-01-01 00:00:00+00'"],
    unheld: { value: "'infinity'", said: noDay },
  },
  {
    type: "timestamptz(3)",
    values: ["'2026-03-29 01:30:00.123+00'"],
    refused: [["2026-03-29T01:30:00.1234Z", "is finer than"]],
  },
  {
    type: "timestamp",
    values: ["'2026-03-29 02:30:00.123456'", "'9999-12-31 23:59:59.999999'", "'0001-01-01'"],
    refused: [
      ["2026-03-29T02:30:00Z", "is an instant"],
      ["2026-02-30", "is not a date and time"],
    ],
    unheld: { value: "'-infinity'", said: noDay },
  },
  { type: "local_time", values: ["'2026-03-29 02:30:00.5'"], refused: [["2026-03-29 02:30:00.0001", "is finer than"]] },
  {
    type: "time",
    values: ["'23:59:59.999999'", "'00:00'"],
    refused: [
      ["24:00", "is not a time of day"],
      ["12:00:00.0000001", "is finer than a microsecond"],
    ],
    unheld: { value: "'24:00'", said: noClock },
  },
  { type: "time(0)", values: ["'23:59:59'"], refused: [["12:00:00.5", "is finer than"]] },
  { type: "timetz", values: ["'12:00:00.5+02'", "'23:59:59-07:30'"], refused: [["12:00+2", keeps("12:00:00+02")]] },
  {
    type: "interval",
    values: ["'1 year 2 mons -3 days 04:05:06.000007'", "'0'", "'-1 month'", "'1000000 hours'"],
    refused: [
      ["PT90M", keeps("PT1H30M")],
      ["soon", "interval"],
    ],
  },
  { type: "interval(0)", values: ["'1 second'"], refused: [["PT1.5S", keeps("PT2S")]] },
  { type: "uuid", values: ["'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'"], refused: [["a0", "is not a UUID"]] },
  { type: "mood", values: ["''", "'∅x'", `'so "so"'`], refused: [["glad", "glad"]] },
  {
    type: "json",
    values: [`'{"b":1,  "a":[1.50, null], "b":2}'`, "'null'", `'""'`],
    refused: [['{"a":', "json"]],
  },
  {
    type: "jsonb",
    values: [`'{"b":1,  "a":[1.50, null], "b":2}'`, "'null'", `'""'`, `'"∅"'`],
    refused: [
      ["{", "json"],
      ['"\\ud800"', "json"],
    ],
  },
  { type: "doc", values: [`'{"a":[]}'`], refused: [["[1,", "json"]] },
  { type: "xml", values: [`'<a b="1">é<!-- x --></a>'`], refused: [["<a>", "invalid XML"]] },
  { type: "bytea", values: ["'\\x00ff5c'", "''"], refused: [["\\x0", "is not bytes"]] },
  { type: "photo", values: ["'\\xe288856e'"], refused: [["\\xg0", "is not bytes"]] },
  { type: "inet", values: ["'10.0.0.1'", "'10.0.0.1/8'", "'::1'"], refused: [["10.0.0.1/32", keeps("10.0.0.1")]] },
  {
    type: "cidr",
    values: ["'10.0.0.0/8'"],
    refused: [
      ["10/8", keeps("10.0.0.0/8")],
      ["10.0.0.1/8", "cidr"],
    ],
  },
  { type: "macaddr", values: ["'08:00:2b:01:02:03'"], refused: [["08002B010203", keeps("08:00:2b:01:02:03")]] },
  { type: "macaddr8", values: ["'08:00:2b:01:02:03:04:05'"] },
  {
    type: "bit(4)",
    values: ["B'0101'"],
    refused: [
      ["01011", keeps("0101")],
      ["01", keeps("0100")],
    ],
  },
  { type: "bit varying(4)", values: ["B''", "B'011'"], refused: [["01101", keeps("0110")]] },
];

/** Refused as they stand, in the plan. */
export const never: readonly { type: string; said: string }[] = [
  { type: "text[]", said: "is an array" },
  { type: "int[][]", said: "is an array" },
  { type: "money", said: "is of type money" },
  { type: "int4range", said: "is of type int4range" },
  { type: "point", said: "is of type point" },
  { type: "tsvector", said: "is of type tsvector" },
  { type: "pg_lsn", said: "is of type pg_lsn" },
  { type: "regclass", said: "is of type regclass" },
];
