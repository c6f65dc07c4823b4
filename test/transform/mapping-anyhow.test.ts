// What a row becomes is its own affair: whatever stands beside it, in which order, in how many files, on how many threads,
// and whether the pass had to be careful for another row.

import { stringify } from "csv-stringify/sync";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ownFunctions } from "../../src/transform/functions.ts";
import { type Field, type Files, Rig } from "../stage/rig.ts";
import { casesOf } from "../support/cases.ts";
import { oddTexts } from "./functions/computing.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.open("Europe/Berlin");
});
afterAll(() => rig[Symbol.dispose]());

/** By the function: how it is called, what it reads, and what it mostly refuses. */
const calls: readonly (readonly [call: string, good: readonly string[], strange: readonly string[]])[] = [
  ["email(x)", ["Ann <ann@x.com>", "ann@gmial.com", "mailto:ann@x.com"], ["ann@"]],
  ["split_name(x, 'last')", ["Dr. med. Ann Lee", "Berg, Jan van der"], ["Ann & Bob"]],
  ["parse_decimal(x, 'de')", ["1,234", "-0,5"], ["1.5", "1.234"]],
  ["country_code(x)", ["Deutschland", "Côte d'Ivoire", "UK"], ["Korea", "FR"]],
  ["phone(x, 'DE')", ["030 901820", "+1 202 224 3121"], ["030 901820 x5"]],
  ["parse_date(x, ['%d.%m.%Y', 'excel'])", ["29.02.2024", "61"], ["29.02.2025", "60"]],
  ["truncate(x, 5)", ["Müller-Lüdenscheidt", "👨‍👩‍👧‍👦abcdef"], []],
  ["parse_bool(x, 'de')", ["ja", "NEIN"], ["yes"]],
  ["account_name(x)", ["ACME, Inc.", "Müller & Co."], ["a very long name that is too long here"]],
  ["blank_to(x, '-')", ["a", "\u00a0"], []],
  ["collapse_spaces(x)", ["a  b", "a\u00a0\u202fb", "ü"], []],
  ["country_name(x, 'de')", ["USA", "Holland"], ["Congo"]],
  ["currency(x, 'US')", ["€", "$", "Euro"], ["£"]],
  ["domain(x)", ["ann@x.com", "xn--mnchen-3ya.de", "https://WWW.x.com/a"], ["x"]],
  ["iban_valid(x)", ["DE89 3704 0044 0532 0130 00", "DE88"], []],
  ["join_list(split_list(x, ','), ';')", ["a,b", "a"], ["a;b,c"]],
  ["language(x)", ["Deutsch", "en-US"], ["xx"]],
  ["mask(x)", ["DE89370400440532013000"], []],
  ["parse_datetime(x, '%d.%m.%Y %H:%M')", ["01.04.2026 02:30"], ["29.03.2026 25:30", "01.04.2026 24:00"]],
  ["parse_money(x, 'en')", ["($1,234.50)", "5 €"], ["1.234,50"]],
  ["parse_percent(x, 'de')", ["12,5 %"], ["%"]],
  ["proper(x)", ["MCDONALD", "VAN DER BERG"], []],
  ["state_code(x, 'US')", ["California", "ny"], ["Bayern"]],
  ["strip_html(x)", ["<p>a</p>", "a < b"], []],
  ["trim(x)", [" a ", "\u200ba"], []],
  ["strptime(x, '%Y-%m-%d')", ["2026-01-31", "2024-02-29", "1999-12-31"], ["2026-01-32"]],
  ["url(x)", ["WWW.x.com/"], ["javascript:alert(1)"]],
  [
    "json_extract(CASE WHEN x LIKE '{%' THEN x ELSE '{}' END, '$.a')",
    ['{"a": [1.5]}', '{"a": 1e2}'],
    ['{"a": 0.12345678901234567890}'],
  ],
  [
    "json_extract_string(CASE WHEN x LIKE '{%' THEN x ELSE '{}' END, '$.a')",
    ['{"a": 0.12345678901234567890}', '{"a": "x"}'],
    ['{"a": 1.50'],
  ],
  ["ltrim(x)", [" a ", "\u200ba"], []],
  ["rtrim(x)", [" a ", "a\u200b"], []],
  ["vat_valid(x)", ["DE 136 695 976"], ["AU51824753556"]],
];
/** Of no text, or tested where they are. */
const left = [
  "current_date",
  "current_timestamp",
  "divide",
  "get_current_timestamp",
  "mod",
  "now",
  "pseudonym",
  "today",
  "try_strptime",
];

/** So many of them stand in one map: a careful pass over all would take a minute. The first ones are of all kinds. */
const together = 4;
type Call = (typeof calls)[number];
const groups: readonly (readonly Call[])[] = Array.from({ length: Math.ceil(calls.length / together) }, (_, place) =>
  calls.slice(place * together, (place + 1) * together),
);

const fields: Record<string, Field> = {
  Key__c: { kind: "text", externalId: true },
  ...Object.fromEntries(Array.from({ length: together }, (_, place) => [`F${place}`, { kind: "text" } as const])),
};
const rules = `
validate:
  - { field: F0, max_length: 12 }
  - { field: F1, pattern: "[ -~]*", severity: warn }
  - { field: F2, one_of: ["1.2340000000", "61", DE, "true", CI], severity: fail }
  - { expr: "F0 <> 'ann@gmial.com'", severity: warn }
  - { expr: "CAST(F2 AS DOUBLE) < 0" }`;

function streamOf(group: readonly Call[]): string {
  const map = group.map(([call], place) => `  F${place}: ${JSON.stringify(call.replaceAll(/\bx\b/g, `c${place}`))}`);
  return `
source: { connection: drop, files: "*" }
target: { connection: org, object: Thing, key: Key__c, mode: upsert }
map:
  Key__c: key
${map.join("\n")}${rules}`;
}

type Cells = readonly string[];
/** Half of them have in each cell what is read there, the others anything. */
function drawRows(group: readonly Call[]): readonly Cells[] {
  const good = group.map(([, reads]) => fc.constantFrom(...reads, ""));
  const any = group.map(([, reads, strange]) => fc.constantFrom(...reads, ...strange, ...oddTexts));
  const drawn = [good, any].flatMap((cells) => fc.sample(fc.tuple(...cells), { numRuns: 12, seed: 12 }));
  return drawn.map((cells, place) => [`k${place}`, ...cells]);
}

function filesOf(given: readonly Cells[], size: number): Files {
  const header = ["key", ...Array.from({ length: together }, (_, place) => `c${place}`)];
  const count = Math.ceil(given.length / size);
  const nameOf = (place: number) => `${String(place).padStart(4, "0")}.csv`;
  const rowsOf = (place: number) => given.slice(place * size, (place + 1) * size);
  const full = (cells: Cells) => [...cells, ...header.slice(cells.length).map(() => "")];
  return Object.fromEntries(
    Array.from({ length: count }, (_, place) => [
      nameOf(place),
      stringify([header, ...rowsOf(place).map(full)], { quoted: true }),
    ]),
  );
}

/** By key: what became of each row. */
async function stage(
  group: readonly Call[],
  given: readonly Cells[],
  size = given.length,
): Promise<Map<string, unknown>> {
  const used = Object.fromEntries(Object.entries(fields).slice(0, group.length + 1));
  const { rows } = await rig.stage(streamOf(group), used, filesOf(given, size));
  return new Map(
    rows.map((row) => {
      const values = Object.keys(used).map((field) => row[field]);
      return [String(row["Key__c"]), { values, problems: row["_problems_"], warnings: row["_warnings_"] }];
    }),
  );
}

test("each of our functions is tried", () => {
  const tried = calls.flatMap(([call]) => call.match(/\w+(?=\()/g) ?? []);
  expect([...new Set([...tried, ...left])].sort()).toEqual(ownFunctions.map(({ name }) => name).sort());
});

/** In the gate those that differ most. */
const isInGate = (group: readonly Call[]) => group === groups[0] || group.some(([call]) => call.startsWith("json"));
const tried = casesOf(groups.length) < groups.length ? groups.filter(isInGate) : groups;

test.each(tried.map((group) => [group.map(([call]) => call).join(", "), group] as const))(
  "a row becomes the same in any order and number of files, on one thread and on several, beside any other row: %s",
  async (_, group) => {
    const rows = drawRows(group);
    await rig.engine.run("SET threads = 2");
    const expected = await stage(group, rows);
    expect(expected.size).toBe(rows.length);
    const of = (some: readonly Cells[]) => new Map(some.map(([key = ""]) => [key, expected.get(key)]));
    const good = rows.filter(([key = ""]) => (expected.get(key) as { problems: unknown }).problems === null);
    expect(good.length).toBeGreaterThan(2);
    // Alone they need no careful pass.
    expect(await stage(group, good)).toEqual(of(good));
    await rig.engine.run("SET threads = 1");
    expect(await stage(group, rows.toReversed(), 9)).toEqual(of(rows));
  },
);
