import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { literal } from "../../src/core/sql.ts";
import { bindType, serialize } from "../../src/stage/bind.ts";
import {
  inspectColumn,
  inspectExpression,
  type ParsedExpression,
  parseStatement,
} from "../../src/transform/expressions.ts";
import { allowedFunctions, ownFunctions } from "../../src/transform/functions.ts";
import { nameInSql } from "../../src/transform/quoted-names.ts";
import { Rig } from "../stage/rig.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.open("Europe/Berlin");
});
afterAll(() => rig[Symbol.dispose]());

async function inspect(sql: string) {
  return inspectExpression(await serialize(rig.engine, parseStatement(sql)), sql);
}

/** In one statement. */
async function inspectAll(all: readonly string[]): Promise<Map<string, ParsedExpression>> {
  const rows = await rig.engine.all(`SELECT sql, json_serialize_sql(statement) AS tree
    FROM (VALUES ${all.map((sql) => `(${literal(sql)}, ${literal(parseStatement(sql))})`).join()}) AS given(sql, statement)`);
  return new Map(rows.map(({ sql, tree }) => [String(sql), inspectExpression(String(tree), String(sql))]));
}

async function compute(sql: string): Promise<unknown> {
  const { value } = await rig.engine.one(`SELECT CAST((${sql}) AS VARCHAR) AS value`);
  return value;
}

test("a column alone is read as the engine reads it, whatever word it is, and named as the engine takes it", async () => {
  const keywords = await rig.engine.all("SELECT keyword_name AS word FROM duckdb_keywords()");
  const words = keywords.map(({ word }) => String(word));
  const odd = [
    "Name",
    "a.b",
    "odd name",
    "Größe",
    "1st",
    "rowid",
    "current_date",
    "current_user",
    " x",
    'say "a"',
    "a--b",
  ];
  const named = words.map(nameInSql);
  const parsed = await inspectAll([...words, ...named, ...odd, ...odd.map((name) => `"${name}"`)]);
  const told = [...parsed].filter(([sql, { problems }]) => {
    const alone = inspectColumn(sql);
    if (alone !== undefined) expect([sql, alone]).toEqual([sql, parsed.get(sql)]);
    return alone !== undefined && problems.length === 0;
  });
  expect(told.length).toBeGreaterThanOrEqual(words.length);
  for (const [index, word] of words.entries()) {
    expect([word, parsed.get(named[index] ?? "")?.columns]).toEqual([word, [{ path: [word], offset: 0 }]]);
  }
});

describe("the columns of an expression, with their places", () => {
  test.each([
    ["trim(Email)", [["Email", 5]]],
    ["list_transform(a, lambda x: 1)", [["a", 15]]],
    ["list_transform(a, x -> 'b')", [["a", 15]]],
    ["Email.trim().lower()", [["Email", 0]]],
    [
      "a || b || a",
      [
        ["a", 0],
        ["b", 5],
        ["a", 10],
      ],
    ],
    ['"odd name" + 1', [["odd name", 0]]],
    [
      "list_transform([a], lambda x: x || b)",
      [
        ["a", 16],
        ["b", 35],
      ],
    ],
    ["current_date", []],
    [
      "case when a = '' then null else b end",
      [
        ["a", 10],
        ["b", 32],
      ],
    ],
    ["cast(a as integer) + 1", [["a", 5]]],
    ["1 -- a", []],
    ["upper(Account.Owner.Name)", [["Account.Owner.Name", 6]]],
  ])("%s", async (sql, columns) => {
    const found = await inspect(sql);
    expect(found.problems).toEqual([]);
    expect(found.columns.map(({ path, offset }) => [path.join("."), offset])).toEqual(columns);
  });
});

describe("what may not run is refused by name", () => {
  test.each([
    ["(select 1)", "a subquery can't be used in a job"],
    ["row_number() over ()", "a window function can't be used in a job"],
    ["random()", "the function random can't be used in a job"],
    ["uuid()", "the function uuid can't be used in a job"],
    ["sum(a)", "the function sum can't be used in a job"],
    ["getenv('HOME')", "the function getenv can't be used in a job"],
    ["read_text('/etc/passwd')", "the function read_text can't be used in a job"],
    ["lwer(a)", "the function lwer can't be used in a job; did you mean lower?"],
    ["Account.Name.trim()", "methods don't chain to a parent's field: write trim(Account.Name)"],
    ["columns(*)", "* can't be used in a job"],
    ["a -> '$.b'", "-> can't be used in a job"],
    ["a -> 0", "-> can't be used in a job"],
    ["1.2345678901234567890e0", "the number 1.2345678901234567890e0 has more digits than a double holds (17)"],
    ["$1", "a parameter can't be used in a job"],
    ["a), (b", "one expression is wanted here, this is more than one"],
    ["1) from t where (a", "an expression is wanted here, not a query"],
  ])("%s", async (sql, message) => {
    const { problems } = await inspect(sql);
    expect(problems.map((problem) => problem.message.replace(/; did you mean (?!lower).*/, ""))).toContain(message);
  });

  test.each(["a ||", "a) from t; drop table x; --", "'a", ""])("what does not parse: %s", async (sql) => {
    expect((await inspect(sql)).problems).not.toEqual([]);
  });
});

describe("binding tells a type without reading a row", () => {
  const columns = new Map([
    ["a", "VARCHAR"],
    ["n", "DECIMAL(18,2)"],
  ]);

  test.each([
    ["a", "VARCHAR"],
    ["n >= 0", "BOOLEAN"],
    ["a::date", "DATE"],
    ["parse_bool(a)", "BOOLEAN"],
    ["parse_decimal(a, 'de')", "DECIMAL(38,10)"],
  ])("%s is %s", async (sql, type) => {
    expect(await bindType(rig.engine, sql, columns, { nested: false })).toEqual({ type });
  });

  test("or says what is wrong", async () => {
    expect(await bindType(rig.engine, "upper(n, 2)", columns, { nested: false })).toMatchObject({
      complaint: expect.stringContaining("upper"),
    });
  });
});

describe("our functions", () => {
  /** Those with the name of a built-in function: they tell the run's time, see more that is invisible, match the whole of a format, refuse to divide by nothing, keep the digits of a number. */
  const replaced = [
    ...["now", "get_current_timestamp", "current_timestamp", "today", "current_date"],
    ...["trim", "ltrim", "rtrim", "strptime", "try_strptime"],
    ...["mod", "%", "divide", "//"],
    ...["json_extract", "json_extract_string", "->>"],
  ];

  test("none shadows a built-in, but for those that tell the time or read more strictly", async () => {
    const rows = await rig.engine.all(`SELECT function_name AS name, bool_or(internal) AS built_in,
      bool_or(NOT internal) AS ours FROM duckdb_functions() GROUP BY function_name HAVING bool_or(NOT internal)`);
    expect(rows.map(({ name }) => name).sort()).toEqual(
      ownFunctions.flatMap(({ name, operator }) => [name, operator ?? []].flat()).sort(),
    );
    const shadowing = rows.filter((row) => row["built_in"] === true).map(({ name }) => String(name));
    expect(shadowing.filter((name) => !replaced.includes(name))).toEqual([]);
  });

  test("one that is called with too few or too many arguments, or with what it can't take, is answered with its signature", async () => {
    for (const { name, signature } of ownFunctions) {
      const many = Array.from({ length: 9 }, () => "a").join(", ");
      const [problem] = (await inspect(`upper(${name}(${many}))`)).problems;
      expect(problem, name).toMatchObject({ offset: 6, length: name.length });
      expect(problem?.message).toMatch(new RegExp(`^${name} takes .*, here are 9$`));
      expect(problem?.next).toBe(`write ${signature}; loadline help ${name} has examples`);
    }
    const told = async (sql: string) =>
      (await inspect(sql)).problems.map(({ message, offset }) => `${offset}: ${message}`);
    expect(await told("parse_decimal(a)")).toEqual(["0: parse_decimal takes 2 arguments, here is 1"]);
    expect(await told("a.trim().proper(1)")).toEqual(["9: proper takes one argument, here are 2"]);
    expect(await told("a.parse_decimal('xx')")).toEqual([
      '16: parse_decimal: the locale "xx" is not known, a language and a region is wanted: de, en-US',
    ]);
    expect(await told("parse_decimal(a, 5)")).toEqual(["17: parse_decimal: the locale is a text: 'de', 'en-US'"]);
    expect(await told("parse_decimal(a, b)")).toEqual([]);
    expect(await told("truncate(a, 2.7)")).toEqual(["12: truncate: the count is a whole number, 80 say"]);
    expect(await told("parse_bool(a, ['x'], ['', 'X'])")).toEqual(['22: parse_bool: "X" stands in both lists']);
    for (const zone of ["Z", " UTC", " +00:00"]) {
      const [complaint] = await told(`parse_datetime(a, '%Y-%m-%dT%H:%M:%S${zone}')`);
      expect(complaint).toContain(`its ${zone.trim()} is not read as a zone`);
    }
    expect(await told("parse_date(a, '%Y-%m-%dT00:00:00Z')")).toEqual([]);
  });

  test("every function that is allowed exists in the engine", async () => {
    const rows = await rig.engine.all("SELECT DISTINCT function_name AS name FROM duckdb_functions()");
    const known = new Set(rows.map(({ name }) => name));
    const words = new Set(["coalesce", "if", "try", "struct_pack", "row", "ifnull", "nullif", "extract"]);
    expect([...allowedFunctions].filter((name) => !known.has(name) && !words.has(name))).toEqual([]);
  });

  test.each([
    ["email(' Ann@Example.COM ')", "ann@example.com"],
    ["email('  ')", null],
    ["proper(' anna MARIA o''neil ')", "Anna Maria O'Neil"],
    ["proper('')", null],
    ["parse_bool(' Yes ')", "true"],
    ["parse_bool('off')", "false"],
    ["parse_bool('')", null],
    ["parse_decimal('1.234,56', 'de')", "1234.5600000000"],
    ["parse_decimal('1,234.56', 'en-US')", "1234.5600000000"],
    ["parse_decimal('1\u202f234,5', 'fr')", "1234.5000000000"],
    ["parse_decimal(' ', 'de')", null],
    ["parse_date('3.4.2020', '%d.%m.%Y')", "2020-04-03"],
    ["parse_date(' ', '%d.%m.%Y')", null],
  ])("%s is %s", async (sql, value) => {
    expect(await compute(sql)).toBe(value);
  });

  test.each([
    "parse_bool('maybe')",
    "parse_decimal('x', 'de')",
    "parse_date('x', '%d.%m.%Y')",
    "parse_date('1.1.0000', '%d.%m.%Y')",
  ])("%s is an error", async (sql) => {
    await expect(compute(sql)).rejects.toThrow();
  });

  test("the time is the run's start, in the job's zone", async () => {
    expect(await compute("now()")).toBe("2026-05-05 23:30:00+00");
    expect(await compute("current_timestamp")).toBe("2026-05-05 23:30:00+00");
    expect(await compute("today()")).toBe("2026-05-06");
    expect(await compute("current_date")).toBe("2026-05-06");
  });
});

describe("an expression can't leave the run folder", () => {
  test.each([
    "SELECT * FROM read_text('/etc/hostname')",
    "COPY (SELECT 1) TO '/tmp/loadline-escape.csv'",
    "INSTALL httpfs",
    "SET memory_limit = '1GB'",
  ])("%s", async (sql) => {
    await expect(rig.engine.run(sql)).rejects.toThrow();
  });
});
