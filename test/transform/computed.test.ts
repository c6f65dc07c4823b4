// Functions that are computed in JavaScript: the same call gives the same answer wherever it stands.

import { readFileSync } from "node:fs";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeNames, writeStates } from "../../scripts/names.ts";
import { literal } from "../../src/core/sql.ts";
import { answerCalls, Refused } from "../../src/transform/computed.ts";
import { Rig } from "../stage/rig.ts";
import { casesOf } from "../support/cases.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.open("UTC");
});
afterAll(() => rig[Symbol.dispose]());

/** What each call gives, in its order; undefined for one that is refused. */
async function compute(calls: readonly string[]): Promise<(string | null | undefined)[]> {
  const values = calls.map((call) => `TRY(struct_pack(v := CAST(${call} AS VARCHAR)))`);
  const { answers } = await rig.engine.one(`SELECT [${values.join(", ")}] AS answers`);
  return (answers as ({ entries: { v: string | null } } | { v: string | null } | null)[]).map((answer) =>
    answer === null ? undefined : "entries" in answer ? answer.entries.v : answer.v,
  );
}

const phones: readonly (readonly [call: string, gives: string | null | undefined])[] = [
  ["phone('030 901820', 'DE')", "+4930901820"],
  ["phone('030/901820', 'Germany')", "+4930901820"],
  ["phone('0049 30 901820', 'DE')", "+4930901820"],
  ["phone('49 30 901820', 'DE')", "+4930901820"],
  ["phone('+49 (0)30 901820', NULL)", "+4930901820"],
  ["phone('tel:+49-30-901820', '')", "+4930901820"],
  ["phone('０３０ ９０１８２０', 'DE')", "+4930901820"],
  ["phone('\u202a+49\u00a030\u00a0901820\u202c', 'XX')", "+4930901820"],
  ["phone('02 1234567', 'IT')", "+39021234567"],
  ["phone('(202) 224-3121', 'USA')", "+12022243121"],
  ["phone('1 202 224 3121', 'us')", "+12022243121"],
  ["phone('011 49 30 901820', 'US')", "+4930901820"],
  ["phone('+800 1234 5678', 'DE')", "+80012345678"],
  ["phone(NULL, 'DE')", null],
  ["phone(' \u200b', 'DE')", null],
  ["coalesce(phone('', 'DE'), phone('030 901820', 'DE'))", "+4930901820"],
  ["list_transform(['030 901820', '0721 1330'], lambda x: phone(x, 'DE'))", "[+4930901820, +497211330]"],
  ["phone('(202) 224-3121 ext. 12', 'US', 'international')", "+1 202 224 3121 ext. 12"],
  ["phone('tel:+1-202-224-3121;ext=12', NULL, 'international')", "+1 202 224 3121 ext. 12"],
  ["phone('+33 6 12 34 56 78', 'FR', 'national')", "06 12 34 56 78"],
  ["phone('+33 6 12 34 56 78', 'DE', 'national')", "+33 6 12 34 56 78"],
  // Two numbers, half a number, a number of a spreadsheet, none.
  ["phone('030 901820 / 030 901821', 'DE')", undefined],
  ["phone('030 901820/1', 'DE')", undefined],
  ["phone('030 901820, 030 901821', 'DE')", undefined],
  ["phone('+4930901820.0', 'DE')", undefined],
  ["phone('4.93E+10', 'DE')", undefined],
  ["phone('030 901820 (office)', 'DE')", undefined],
  ["phone('1-800-FLOWERS', 'US')", undefined],
  ["phone('555-1234', 'US')", undefined],
  ["phone('+1 123 456 7890', 'US')", undefined],
  ["phone('n/a', 'DE')", undefined],
  ["phone('0049 30 901820', 'US')", undefined],
  ["phone('030 901820', NULL)", undefined],
  ["phone('030 901820', 'Korea')", undefined],
  ["phone('030 901820', 'Antarctica')", undefined],
  // What E.164 can't hold.
  ["phone('(202) 224-3121 x12', 'US')", undefined],
  ["country_code('Österreich')", "AT"],
  ["country_code(' the  NETHERLANDS ')", "NL"],
  ["country_code('Corée du Sud')", "KR"],
  ["country_code('대한민국')", "KR"],
  ["country_code('Bolivia (Plurinational State of)')", "BO"],
  ["country_code('Georgia')", "GE"],
  ["country_code('Guinea')", "GN"],
  ["country_code('Ireland')", "IE"],
  ["country_code('Northern Ireland')", "GB"],
  ["country_code('UK')", "GB"],
  ["country_code('004')", "AF"],
  ["country_code('')", null],
  ["country_code('Elfenbeinküste')", "CI"],
  ["country_code('Cote d’Ivoire')", "CI"],
  ["country_code('Holland')", "NL"],
  ["country_code('EL')", "GR"],
  ["country_code('XI')", undefined],
  ["country_code('Korea')", undefined],
  ["country_code('Congo')", undefined],
  ["country_code('America')", undefined],
  ["country_code('4')", undefined],
  ["country_code('Kosovo')", undefined],
  ["country_code('Germny')", undefined],
  ["country_name('GB')", "United Kingdom"],
  ["country_name('Deutschland')", "Germany"],
  ["country_name('CG', 'es')", "República del Congo"],
  ["country_name('DE', 'DE')", "Deutschland"],
  ["country_name('US', 'de_AT')", "Vereinigte Staaten"],
  ["country_name('CN', 'zh-TW')", "中國"],
  ["country_name('CN', 'zh-CN')", "中国"],
  ["country_name('DE', 'xx')", undefined],
  ["state_code('new york', 'USA')", "NY"],
  ["state_code('US-NY', 'US')", "NY"],
  ["state_code('Québec', 'Kanada')", "QC"],
  ["state_code('Ciudad de México', 'MX')", "CMX"],
  ["state_code('CT', 'IN')", "CG"],
  ["state_code('CT', 'US')", "CT"],
  ["state_code('Co. Cork', 'IE')", "CO"],
  ["state_code('', 'US')", null],
  ["state_code('CA-ON', 'US')", undefined],
  ["state_code('Californa', 'US')", undefined],
  ["state_code('Roma', 'Italia')", "RM"],
  ["state_code('Île-de-France', 'FR')", "IDF"],
  ["state_code('mazowieckie', 'PL')", "14"],
  ["state_code('County Cork', 'IE')", "CO"],
  ["state_code('Cork County', 'IE')", "CO"],
  ["state_code('AP', 'US')", "AP"],
  ["state_code('Buenos Aires Province', 'AR')", "B"],
  // A province and a city; a province and a community.
  ["state_code('Buenos Aires', 'AR')", undefined],
  ["state_code('La Rioja', 'ES')", undefined],
  ["state_code('x', 'VA')", undefined],
  ["state_code('Texas', NULL)", undefined],
  ["currency('Euros')", "EUR"],
  ["currency('chf')", "CHF"],
  ["currency('₹')", "INR"],
  ["currency('$', 'US')", "USD"],
  ["currency('kr', 'Schweden')", "SEK"],
  ["currency('£', 'GB')", "GBP"],
  ["currency('Pound sterling')", "GBP"],
  ["currency('RMB')", "CNY"],
  ["currency('')", null],
  ["currency('$')", undefined],
  ["currency('£')", undefined],
  ["currency('¥', 'DE')", undefined],
  ["currency('dollar')", undefined],
  ["currency('DEM')", undefined],
  ["language('Deutsch')", "de"],
  ["language('日本語')", "ja"],
  ["language('de-AT')", "de"],
  ["language('zh-Hant-TW')", "zh"],
  ["language('iw')", "he"],
  ["language('tl')", "tl"],
  ["language('Flämisch')", "nl"],
  ["language(' ')", null],
  ["language('Mandarin')", undefined],
  ["language('xx')", undefined],
  ["iban_valid('de89 3704 0044 0532 0130 00')", "true"],
  ["iban_valid('DE89!370400440532013000')", "false"],
  ["iban_valid('')", null],
  ["NOT iban_valid('x')", "true"],
  ["vat_valid('ATU13585627')", "true"],
  ["vat_valid('CHE-107.787.577')", "true"],
  ["vat_valid('el 094 259 216')", "true"],
  ["vat_valid('GR094259216')", "false"],
  ["vat_valid('XI110305878')", "true"],
  ["vat_valid('XIGD001')", "true"],
  ["vat_valid('XI110305879')", "false"],
  ["vat_valid('be 1000.000.021')", "true"],
  ["vat_valid('BE1000000022')", "false"],
  ["vat_valid('BE0417710407')", "true"],
  ["vat_valid('n/a')", "false"],
  // No form is known of these.
  ["vat_valid('AU51824753556')", undefined],
  ["vat_valid('BR12ABC34501DE35')", undefined],
  ["vat_valid('136695976')", "false"],
  ["vat_valid(NULL)", null],
];

test("phones and countries are read as people write them, or refused", async () => {
  const answers = await compute(phones.map(([call]) => call));
  expect(phones.map(([call], index) => [call, answers[index]])).toEqual(phones);
});

test("names are written down as Node has them (npm run names)", () => {
  expect(readFileSync("src/values/names/data.ts", "utf8")).toBe(writeNames());
  expect(readFileSync("src/values/names/state-names.ts", "utf8")).toBe(writeStates());
});

test("a country's name in every language reads as that country again", async () => {
  const { names, countryCodes } = await import("../../src/values/names/data.ts");
  const codes = countryCodes.split("|").map((row) => row.slice(0, 2));
  expect(codes).toHaveLength(249);
  const wrong = await rig.engine.all(`SELECT code, language, country_name(code, language) AS name,
      TRY(country_code(country_name(code, language))) AS again
    FROM unnest([${codes.map(literal).join(", ")}]) c(code), unnest([${Object.keys(names).map(literal).join(", ")}]) l(language)
    WHERE again IS DISTINCT FROM code OR name IS NULL`);
  expect(wrong).toEqual([]);
});

test("a state's code and its name in English read as that state, but for names that two share", async () => {
  const { stateNames } = await import("../../src/values/names/state-names.ts");
  const rows = Object.entries(stateNames).flatMap(([country, list]) =>
    list.split(";").map((row) => [country, ...row.split("|").slice(0, 2)]),
  );
  expect(rows.length).toBeGreaterThan(5000);
  const listed = rows.map((row) => `(${row.map((text) => literal(text ?? "")).join(", ")})`).join(", ");
  const wrong = await rig.engine.all(`SELECT country, code, name, TRY(state_code(code, country)) AS by_code,
      TRY(state_code(name, country)) AS by_name FROM (VALUES ${listed}) v(country, code, name)
    WHERE by_code IS DISTINCT FROM code OR by_name <> code OR (by_name IS NULL AND computed_state_code('why', name, country)
      NOT LIKE 'it may be % or %')`);
  expect(wrong).toEqual([]);
});

const odd = fc.oneof(
  fc.constantFrom(...phones.flatMap(([call]) => /^phone\('(.*?)'/.exec(call)?.[1] ?? [])),
  fc.string({ unit: "binary", maxLength: 12 }).filter((text) => !text.includes("\0")),
  fc.stringMatching(/^[+0]?[0-9]{1,15}$/),
  fc.stringMatching(/^0[0-9]{2,4}[ /-][0-9 ]{3,9}( ?x[0-9]{1,4})?$/),
);
const countries = fc.constantFrom("DE", "US", "IT", "FR", "RU", "GB", "Japan", "nowhere", null);
const forms = ["e164", "international", "national"];

test("a number that was read reads as itself, in any order, and a careful pass agrees", async () => {
  const sql = (text: string | null) => (text === null ? "NULL" : literal(text));
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(odd, countries), { minLength: 1, maxLength: 60 }), async (calls) => {
      const rows = calls.map(
        ([text, country], place) => `(${place}, CAST(${sql(text)} AS VARCHAR), CAST(${sql(country)} AS VARCHAR))`,
      );
      await rig.engine.run(`CREATE OR REPLACE TABLE calls AS FROM (VALUES ${rows.join(", ")}) v(n, x, c)`);
      for (const form of forms) {
        const read = (text: string) => `TRY(struct_pack(v := phone(${text}, c, '${form}')))`;
        const wrong = await rig.engine.all(`SELECT *, ${read("once.v")} AS twice
          FROM (SELECT x, c, ${read("x")} AS once, computed_phone('reads', x, c, '${form}') AS reads,
            computed_phone('why', x, c, '${form}') AS why FROM calls)
          WHERE (once IS NOT NULL AND twice IS DISTINCT FROM once) OR reads <> CAST(once IS NOT NULL AS VARCHAR)
            OR (why IS NULL) <> (once IS NOT NULL)`);
        expect(wrong).toEqual([]);
      }
      const ordered = (order: string) =>
        rig.engine.all(`SELECT n, TRY(phone(x, c)) AS p FROM (FROM calls ORDER BY ${order}) ORDER BY n`);
      expect(await ordered("x DESC, c")).toEqual(await ordered("n"));
    }),
    { numRuns: casesOf(64) },
  );
});

// Rows that two threads share: 122,880 are one group of the engine's, which is not shared out.
test("many rows give the same on one thread and on two, and as each distinct value by itself", async () => {
  await rig.engine.run(`CREATE TABLE many AS
    SELECT i, '030 ' || (2000000 + i * 7919 % 300) AS p, ['DE', 'Germany'][1 + i % 2] AS c FROM range(130000) r(i)`);
  const sum = async () =>
    (await rig.engine.one("SELECT CAST(sum(hash(i, phone(p, c))) AS VARCHAR) AS s FROM many"))["s"];
  const alone = await sum();
  await rig.engine.prepareFor(1e9);
  expect(await sum()).toBe(alone);
  const joined = await rig.engine.one(`SELECT CAST(sum(hash(i, q)) AS VARCHAR) AS s FROM many
    JOIN (SELECT p, c, phone(p, c) AS q FROM (SELECT DISTINCT p, c FROM many)) USING (p, c)`);
  expect(joined["s"]).toBe(alone);
});

test("each distinct call is computed once, and what is remembered is bounded", () => {
  let computed = 0;
  const answer = answerCalls((text, other) => {
    computed += 1;
    return text === "no" ? new Refused("it is no") : `${text}/${other}`;
  });
  for (let round = 0; round < 3; round += 1) {
    expect(answer("value", [" a ", "b"])).toBe("a/b");
    expect(answer("reads", ["a", "b"])).toBe("true");
    expect(answer("why", ["no", "b"])).toBe("it is no");
    expect(() => answer("value", ["no", "b"])).toThrow();
    expect(answer("value", ["a", null])).toBe("a/undefined");
    expect(answer("value", [null, "b"])).toBeNull();
  }
  expect(computed).toBe(3);
  // No two calls are taken for one.
  expect(answer("value", ["a\n1:b", "c"])).not.toBe(answer("value", ["a", "b\n1:c"]));
  computed = 0;
  for (let number = 0; number < 600_000; number += 1) answer("value", [String(number), null]);
  answer("value", ["599999", null]);
  answer("value", ["0", null]);
  expect(computed).toBe(600_001);
});
