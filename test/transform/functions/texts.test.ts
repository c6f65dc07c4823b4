// Functions that tidy, cut and hide texts, and those that read addresses, lists and names of companies.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Rig } from "../../stage/rig.ts";
import { computeAll, computeOver, drawTexts, oddTexts, refused } from "./computing.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.open("UTC");
});
afterAll(() => rig[Symbol.dispose]());

const family = "'👨‍👩‍👧‍👦'";

const calls: Record<string, [call: string, gives: string | null | typeof refused][]> = {
  "collapse_spaces: runs of anything blank": [
    ["collapse_spaces('a\u00a0 \u3000b\tc\r\nd')", "a b c d"],
    ["collapse_spaces(' \u200b ')", null],
    ["collapse_spaces('👨‍👩‍👧  می\u200cخواهم')", "👨‍👩‍👧 می\u200cخواهم"],
    ["collapse_spaces(12)", "12"],
  ],
  "what divides by nothing is refused, and no value where it is written otherwise": [
    ["7 % 0", refused],
    ["mod(7.5, 0)", refused],
    ["7 // 0", refused],
    ["divide(7, '0')", refused],
    ["-7 % 4", "-3"],
    ["7 // NULL", null],
  ],
  "a language or a form that is not there is no other one": [
    ["country_name('DE', CAST(NULL AS VARCHAR))", refused],
    ["phone('030 901820', 'DE', CAST(NULL AS VARCHAR))", refused],
  ],
  "parse_bool: capitals of Turkish": [
    ["parse_bool('YANLIŞ', 'tr')", "false"],
    ["parse_bool('hayır', 'tr')", "false"],
    ["parse_bool('hayır', ['İPTAL'], ['HAYIR'])", "false"],
    ["parse_bool('iptal', ['İPTAL'], ['HAYIR'])", "true"],
  ],
  "parse_datetime: zones": [
    ["strptime('2026-01-01T00:00:00Z', '%Y-%m-%dT%H:%M:%S%z')", "2026-01-01 00:00:00+00"],
    ["parse_datetime('2026-01-01T00:00:00+99:99', '%Y-%m-%dT%H:%M:%S%z')", refused],
    ["parse_datetime('2026-01-01T00:00:00+0160', '%Y-%m-%dT%H:%M:%S%z')", refused],
    ["parse_datetime('1 MAYIS 2026 10:00', '%d %B %Y %H:%M', 'tr')", "2026-05-01 10:00:00"],
    ["parse_datetime('1 NİSAN 2026 10:00', '%d %B %Y %H:%M', 'tr')", "2026-04-01 10:00:00"],
  ],
  "what only looks like a blank is one": [["blank_to('\u3164', 'none')", "none"]],
  "truncate: no more than so many, and nothing in halves": [
    [`truncate(${family} || 'ab', 3)`, ""],
    [`truncate('a' || ${family}, 7)`, "a"],
    [`truncate('a' || ${family} || 'b', 8)`, "a👨‍👩‍👧‍👦"],
    ["truncate('Zoe\u0308', 3)", "Zo"],
    ["truncate('🇩🇪🇫🇷', 3)", "🇩🇪"],
    ["truncate('a\r\nb', 2)", "a"],
    ["truncate('abc', -1)", refused],
    ["truncate('abc', 1 + 0.5)", refused],
    ["truncate('abc', 1 + 1.0)", "ab"],
    ["truncate('abc', -1, 'word')", refused],
    ["truncate('abc', NULL)", null],
    ["truncate('abc', 3)", "abc"],
    ["truncate('', 3)", ""],
    ["truncate('äöü', 3, 'bytes')", "ä"],
    ["truncate('äöü', 4, 'bytes')", "äö"],
    ["truncate('a€b', 3, 'bytes')", "a"],
    ["truncate('a😀b', 4, 'bytes')", "a"],
    ["truncate('a😀b', 5, 'bytes')", "a😀"],
    ["truncate('😀', 2, 'bytes')", ""],
    ["truncate('Zoe\u0308', 4, 'bytes')", "Zo"],
    ["truncate('abc def', 3, 'word')", "abc"],
    ["truncate('abc def', 5, 'word')", "abc"],
    ["truncate('abc  def', 5, 'word')", "abc"],
    ["truncate('abcdefgh', 5, 'word')", "abcde"],
    ["truncate('abc def', 7, 'word')", "abc def"],
    ["truncate('abc', 1, 'words')", refused],
    ["truncate(NULL, 3)", null],
  ],
  "mask: the last ones at most, of a text that is long enough": [
    ["mask('1234567')", "*******"],
    ["mask('12345678')", "****5678"],
    ["mask('Zoe\u0308👍🏽👍🏽', 2)", "***👍🏽👍🏽"],
    ["mask(' ')", null],
  ],
  blank_to: [
    ["blank_to('\u200b', 'x')", "x"],
    ["blank_to(' a ', 'x')", " a "],
    ["blank_to(CAST(NULL AS DATE), DATE '2026-01-31')", "2026-01-31"],
  ],
  "split_list and join_list: an item is one": [
    ["split_list(' a ; b;;', ';')", "[a, b]"],
    ["split_list('a;b', '')", refused],
    ["split_list(';', ';')", null],
    ["split_list('a|b', '|')", "[a, b]"],
    ["split_list('a\\b', '\\')", "[a, b]"],
    ["split_list('x..y', '.')", "[x, y]"],
    // The blank after one separator is not taken from the next.
    ["split_list('a ;  ; b ', ' ; ')", "[a, b]"],
    ["split_list('a   b', ' ')", "[a, b]"],
    ["split_list('a' || repeat('.-', 50000) || ' b', repeat('.-', 50000))", "[a, b]"],
    ["join_list(split_list('b,a,b', ','), ';')", "b;a;b"],
    // Would be the same text as of ['a', '| b'].
    ["join_list(['a |', 'b'], ' | ')", refused],
    ["join_list(['a', '| b'], ' | ')", "a | | b"],
    ["join_list(['a;b'], ';')", refused],
    ["join_list(['a', ';'], ';')", refused],
    ["join_list([' ', NULL], ';')", null],
    ["join_list(['\u200b', 'a', '\t'], ';')", "a"],
    ["join_list([]::VARCHAR[], ';')", null],
    ["join_list([1, 2], ';')", "1;2"],
  ],
  "email: what Salesforce or HubSpot takes": [
    ["email('a..b.@docomo.ne.jp')", "a..b.@docomo.ne.jp"],
    ["email('o''neil!#$%&*+/=?^_`{|}~-@x.com')", "o'neil!#$%&*+/=?^_`{|}~-@x.com"],
    ["email('Jörg@Müller.DE')", "jörg@müller.de"],
    ["email('ann@xn--mller-kva.de')", "ann@xn--mller-kva.de"],
    ["email('İ@x.example')", "İ@x.example"],
    ["email('\"Lee, Ann\" <Ann@X.com>')", "ann@x.com"],
    ["email('<mailto:Ann@x.com>')", "ann@x.com"],
    ["email('MAILTO:Ann@x.com')", "ann@x.com"],
    ["email('\u00a0Ann@x.com\u200b')", "ann@x.com"],
    [`email('${"a".repeat(64)}@x.com')`, `${"a".repeat(64)}@x.com`],
    ["email('ann@mu\u0308nchen.de')", "ann@münchen.de"],
    [`email('ann@${"a".repeat(63)}.com')`, `ann@${"a".repeat(63)}.com`],
    [`email('ann@${"a".repeat(64)}.com')`, refused],
    ["email(' ')", null],
    ...[
      ...[
        "ann",
        "@x.com",
        "ann@",
        "ann@x",
        "ann@.com",
        "ann@x..com",
        "ann@x.c",
        "ann@-x.com",
        "ann@x-.com",
        ".ann@x.com",
      ],
      ...["ann@x.com; bob@x.com", "ann@x.com,", "ann@x.com.", "an n@x.com", "ann@@x.com", "ann@x.1", "ann@1.2.3.4"],
      ...[
        '"ann"@x.com',
        "ann(x)@x.com",
        "ann\u200b@x.com",
        "n/a",
        "<ann@x.com> <bob@x.com>",
        `${"a".repeat(65)}@x.com`,
      ],
      ...[`a@${"x.".repeat(130)}com`, "ann@x.com (Ann)", "ａｎｎ＠x.com"],
    ].map((text): [string, typeof refused] => [`email('${text}')`, refused]),
  ],
  "url: one writing, http and https alone": [
    ["url('example.com')", "https://example.com"],
    ["url(' HTTPS://EXAMPLE.com:443/ ')", "https://example.com"],
    ["url('http://example.com:8080')", "http://example.com:8080"],
    ["url('http://example.com:443')", "http://example.com:443"],
    ["url('https://example.com./A/?Q=1#F')", "https://example.com/A/?Q=1#F"],
    ["url('http://192.168.0.1/x')", "http://192.168.0.1/x"],
    ["url('https://x.com:65535')", "https://x.com:65535"],
    ["url('https://x.com:65536')", refused],
    ["url('https://x.com:0')", refused],
    ["url('http://255.1.1.1')", "http://255.1.1.1"],
    ["url('http://256.1.1.1')", refused],
    [`url('https://${"a".repeat(64)}.com')`, refused],
    ["url('')", null],
    ...[
      ...["javascript:alert(1)", "ftp://example.com", "mailto:ann@x.com", "ann@x.com", "http://a:b@x.com", "https://"],
      ...[
        "http:/x.com",
        "x",
        "localhost",
        "https://x.com/a b",
        "https://x.com https://y.com",
        "https://x.com:port/",
        "n/a",
      ],
    ].map((text): [string, typeof refused] => [`url('${text}')`, refused]),
  ],
  "domain: of whichever address": [
    ["domain('Ann Lee <Ann@Sales.X.co.uk>')", "sales.x.co.uk"],
    ["domain('mailto:ann@x.com?subject=a@b.com')", "x.com"],
    ["domain('https://user@WWW.X.com:80/a@b?c')", "x.com"],
    ["domain('www.x.com')", "x.com"],
    // To a browser a page of x.com.
    ["domain('http://x.com\\@y.com')", refused],
    ["domain('www.com')", "www.com"],
    ["domain('X.com/about')", "x.com"],
    ["domain('ann@www.x.com')", "x.com"],
    ["domain('MÜNCHEN.de')", "münchen.de"],
    ["domain('ann@xn--mnchen-3ya.de')", "münchen.de"],
    ["domain('https://XN--MNCHEN-3YA.de/x')", "münchen.de"],
    ["domain('mu\u0308nchen.de')", "münchen.de"],
    ["domain('ｘ.com')", "x.com"],
    ["domain('faß.de')", "faß.de"],
    ["domain('xn--a.com')", refused],
    // A page of a site, and a name with a slash.
    ["domain('tiktok.com/@acme.de')", "tiktok.com"],
    ["domain('a/b@z.com')", "z.com"],
    ["domain('https://x.com:99999')", refused],
    ["domain('Acme')", refused],
    ["domain('ftp://x.com')", refused],
    ["domain('ann@')", refused],
    ["domain(' ')", null],
  ],
  "account_name: what is left of a name to compare": [
    ["account_name('ACME, Inc.')", "acme"],
    ["account_name('Acme Incorporated')", "acme"],
    ["account_name('ACME GmbH & Co. KG')", "acme"],
    ["account_name('Foo S.p.A.')", "foo"],
    ["account_name('Foo S. à r.l.')", "foo"],
    ["account_name('Foo A/S')", "foo"],
    ["account_name('Łódź Sp. z o.o.')", "lodz"],
    ["account_name('Ørsted A/S')", "orsted"],
    ["account_name('L''Oréal S.A.')", "loreal"],
    ["account_name('L’ORÉAL SA')", "loreal"],
    ["account_name('Straße 1 e.K.')", "strasse 1"],
    ["account_name('Procter & Gamble Co.')", "procter and gamble"],
    ["account_name('トヨタ自動車株式会社')", "トヨタ自動車"],
    ["account_name('ООО «Ромашка»')", "ромашка"],
    ["account_name('ＡＣＭＥ　Ｌｔｄ．')", "acme"],
    ["account_name('Zoe\u0308 AG')", "zoe"],
    ["account_name('AG')", "ag"],
    ["account_name('Co. AG')", "co"],
    ["account_name(' - ')", null],
  ],
};

describe("our functions of texts", () => {
  test.each(Object.entries(calls))("%s", async (_, table) => {
    const given = await computeAll(
      rig,
      table.map(([call]) => call),
    );
    expect(table.map(([call], index) => [call, given[index]])).toEqual(table);
  });

  test.each([
    ["email(x)", ["ann", "@", "x.com", "<", ">", "mailto:", "?", "ä", "\u00a0"]],
    ["url(x)", ["http://", "HTTPS://", "x.com", "www.", ":80", ":443", "/", "/A", "?q", "ä", "İ"]],
    ["domain(x)", ["http://", "www.", "x.com", "ann", "@", "/a", ":80", "ä"]],
    ["collapse_spaces(x)", ["a", "\u3000", "\n", "\u200b", "👍🏽"]],
    [
      "account_name(x)",
      ["acme", "GmbH", "S.A.", "pt ", " ltd", "株式会社", "co", " kg", "&", "ＡＧ", "ß", "İ", "ооо "],
    ],
  ])("what %s gives, it gives again of that", async (sql, words) => {
    const given = await computeOver(rig, sql, [...oddTexts, ...drawTexts(words)]);
    const once = [...new Set(given.values())].filter((value) => typeof value === "string");
    const again = await computeOver(rig, sql, once);
    expect([...again].filter(([text, value]) => text !== value)).toEqual([]);
  });

  test("truncate gives a beginning, of so many at most, whole graphemes, and as many as can be", async () => {
    const texts = [
      ...oddTexts,
      ...drawTexts(["👨‍👩‍👧‍👦", "e\u0301", "🇩🇪", "ä", "\r\n", "漢字", "word"]),
      "ä".repeat(50_000),
    ];
    const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });
    for (const [unit, size] of [
      ["characters", (text: string) => [...text].length],
      ["bytes", (text: string) => Buffer.byteLength(text)],
    ] as const) {
      for (const count of [0, 1, 2, 5, 9]) {
        const given = await computeOver(rig, `truncate(x, ${count}, '${unit}')`, texts);
        for (const [text, value] of given) {
          let wanted = "";
          for (const { segment } of graphemes.segment(text.slice(0, 200))) {
            if (size(wanted + segment) > count) break;
            wanted += segment;
          }
          expect(value, `${JSON.stringify(text.slice(0, 40))} ${count} ${unit}`).toBe(wanted);
        }
      }
    }
    const words = await computeOver(rig, "truncate(x, 9, 'word')", texts);
    for (const [text, value] of words) {
      expect(text.startsWith(String(value))).toBe(true);
      expect([...String(value)].length).toBeLessThanOrEqual(9);
    }
  });

  test("a list that is joined is what it was apart", async () => {
    const given = await computeOver(
      rig,
      "split_list(join_list(split_list(x, ','), ';'), ';') IS NOT DISTINCT FROM split_list(x, ',')",
      [...oddTexts.filter((text) => !text.includes(";")), ...drawTexts(["a", "b", "ä", "\u00a0", "|", "\\"])].filter(
        (text) => !text.includes(";"),
      ),
    );
    expect([...given].filter(([, value]) => value !== "true")).toEqual([]);
  });
});
