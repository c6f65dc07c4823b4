// What a careful pass computes without TRY: it must not fail, or the pass would.

import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { literal } from "../../src/core/sql.ts";
import { findCertain } from "../../src/pipeline/stage/certain-fields.ts";
import { Rig } from "../stage/rig.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.open("UTC");
});
afterAll(() => rig[Symbol.dispose]());

const readers = [
  "coalesce(email(x), x)",
  "coalesce(phone(trim(x), 'DE'), phone(x, 'US'))",
  "phone(x, x)",
  "country_name(lower(x), 'fr')",
  "email(x)",
  "lower(email(trim(x)))",
  "url(x)",
  "domain(collapse_spaces(x))",
  "join_list(split_list(x, ','), ';')",
  "truncate(split_name(x, 'last'), 80)",
  "parse_bool(x)",
  "NOT parse_bool(upper(x))",
  "parse_decimal(x, 'de')",
  "parse_decimal(trim(x), 'en')",
  "parse_decimal(x, 'fr')",
  "parse_date(x, '%d.%m.%Y')",
  "parse_date(trim(x), '%Y-%m-%d')",
  "parse_date(x, '%Y-%m-%dT%H:%M:%S')",
  "strptime(x, '%Y-%m-%d %H:%M:%S')",
  "strptime(x, '%Y-%m-%dT%H:%M:%S%z')",
];

const odd = [
  ...["", " ", "\t\u00a0", "x", "Yes", "ＮＯ", "0", "1", "on ", "maybe", "\0", "-", ".", ",", "%", "'"],
  ...["1.234,56", "1,234.56", "1 234,56", "-0", "+1", "1e5", "9".repeat(28), "9".repeat(29), `1${"0".repeat(40)}`],
  ...[
    "0,00000000001",
    "1.5",
    "1,5",
    "\u22121,5",
    "1_000",
    "NaN",
    "infinity",
    "31.02.2020",
    "29.02.2000",
    "1.1.20",
    "01.01.0000",
  ],
  ...[
    "31.12.9999",
    " 01.02.2024\u200b",
    "2024-02-30",
    "2024-02-29",
    "0000-01-01",
    "2024-02-29T00:00:00",
    "2024-02-29T12:00:00",
  ],
  ...[
    "2024-13-01 00:00:00",
    "2024-02-29 12:34:56",
    "2024-01-01 25:00:00",
    "2024-01-01T00:00:00+02:00",
    "2024-01-01T00:00:00+99:99",
    "epoch",
  ],
  ...["a@b.example", " A@B.Example\u00a0", "a\u200b@b.example", "ä@b.example", "İ@x.example", "a b@c"],
];

/** Of each text, what the question says and whether the expression fails. */
async function ask(
  sql: string,
  texts: readonly string[],
): Promise<{ x: string; isCertain: boolean; fails: boolean }[]> {
  const certain = await findCertain(rig.engine, [
    {
      field: { target: "f", expression: { sql, place: { file: "job.yaml", line: 1, column: 1 } } },
      nested: { calls: [], sql },
    },
  ] as unknown as Parameters<typeof findCertain>[1]);
  const rows = await rig.engine.all(
    `SELECT x, coalesce(${certain.get("f") ?? "false"}, false) AS certain, TRY(struct_pack(v := ${sql})) IS NULL AS fails
    FROM (SELECT unnest([${texts.map(literal).join(", ")}]) AS x)`,
  );
  return rows.map(({ x, certain: yes, fails }) => ({ x: String(x), isCertain: yes === true, fails: fails === true }));
}

test.each(readers)(
  "%s fails for no text that it certainly reads, and certainly reads what people write",
  async (sql) => {
    const drawn = fc.sample(
      fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(..."0123456789.,-+: TZ'eE%") })),
      300,
    );
    const answers = await ask(sql, [...odd, ...drawn.filter((text) => !text.includes("\0")), "\0"]);
    expect(answers.filter(({ isCertain, fails }) => isCertain && fails)).toEqual([]);
    // Else all rows would go one by one.
    const read = answers.filter(({ fails }) => !fails);
    expect(read.filter(({ isCertain }) => isCertain).length).toBeGreaterThan(read.length * 0.8);
  },
);

test.each(["CAST(x AS INTEGER)", "x || email(x)", "x.email()", "email(x) = x"])(
  "nothing is known of %s",
  async (sql) => {
    const fields = [{ field: { target: "f", expression: { sql } }, nested: { calls: [], sql } }];
    expect((await findCertain(rig.engine, fields as unknown as Parameters<typeof findCertain>[1])).size).toBe(0);
  },
);
