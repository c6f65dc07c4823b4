// Formats other than plain CSV, up to their staged rows: every value as it is written, every record with its line.

import { gzipSync, zstdCompressSync } from "node:zlib";
import iconv from "iconv-lite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { zipOf } from "../support/zip.ts";
import { FileReader } from "./file-reader.ts";
import { Rig } from "./rig.ts";

let rig: Rig;
let reader: FileReader;
beforeAll(async () => {
  rig = await Rig.open();
  reader = new FileReader(rig);
});
afterAll(() => rig[Symbol.dispose]());

const read = (name: string, content: string | Uint8Array, format: object) =>
  reader.read(name, Buffer.from(content), format);
const refusal = (name: string, content: string | Uint8Array, format: object) =>
  reader.refusalOf(name, Buffer.from(content), format);

describe("JSON", () => {
  const format = { type: "json" };

  test("keeps the digits of numbers, nested values as they are written, and null apart from empty text", async () => {
    const text = `[
  {"id": 12345678901234567890, "price": 1.10, "name": "Ada \\u00e9 \\"x\\"", "note": null, "blank": ""},
  {"id": 1e400, "price": -0.0, "tags": [1.50, {"a" : "]"}], "ok": true, "name": "}"}
]`;
    const { columns, rows } = await read("a.json", text, format);
    expect(columns).toEqual(["id", "price", "name", "note", "blank", "tags", "ok"]);
    expect(rows).toEqual([
      [2, "12345678901234567890", "1.10", 'Ada é "x"', null, "", null, null],
      [3, "1e400", "-0.0", "}", null, null, '[1.50, {"a" : "]"}]', "true"],
    ]);
  });

  test("finds the array at a path, past arrays and objects of the same name", async () => {
    const text = `{"meta": {"items": [1, 2], "n": "{[\\""}, "data": {"other": [{"id": 0}], "items": [{"id": 1},\n{"id": 2}]}, "end": []}`;
    const { rows } = await read("a.json", text, { ...format, records: "/data/items" });
    expect(rows).toEqual([
      [1, "1"],
      [2, "2"],
    ]);
  });

  test("rejects a record that is none, and goes on after it", async () => {
    const text = `[{"id": 1},\n{"id": 2, "id": 3},\n{"id": nope},\n[4],\n5,\n{"id": "\n"},\n,\n{"id": 6, "tags": {"a": {"x": 1}, "b": [{"x": 2}, {"x": 3}]}},\n{"id": 7, "tags": [{"a": ":{", "b": {}, "\\u0061": 1}]}]`;
    const { rows, rejects } = await read("a.json", text, format);
    expect(rows).toEqual([
      [1, "1", null],
      [9, "6", '{"a": {"x": 1}, "b": [{"x": 2}, {"x": 3}]}'],
    ]);
    expect(rejects).toEqual([
      [2, '"id" stands in the object twice: {"id": 2, "id": 3}'],
      [3, expect.stringMatching(/^not valid JSON: .*: \{"id": nope\}$/)],
      [4, "not a JSON object: [4]"],
      [5, "not a JSON object: 5"],
      [6, expect.stringMatching(/^not valid JSON/)],
      [8, expect.stringMatching(/^a comma too many/)],
      [10, expect.stringMatching(/^"a" stands twice in an object of "tags": \{"id": 7/)],
    ]);
  });

  test.each([
    ["cut inside of a record", `[{"id": 1},\n{"id": 2`, [2, "the file ends inside of the record that starts here"]],
    [
      "with a string that is not closed",
      `[{"id": 1},\n{"id": "2}\n]`,
      [2, "the file ends inside of the record that starts here"],
    ],
    ["that goes on after its end", `[{"id": 1}] x`, [1, "the file is not valid JSON"]],
    ["with an object instead of an array", `{"data": [{"id": 1}]}`, [1, "the file is not an array"]],
    ["that is empty", ``, [1, "the file is not valid JSON"]],
    ["with names that differ in case only", `[{"id": 1},\n{"ID": 2}]`, [2, '"ID" and "id" are one column to loadline']],
  ])("refuses a file %s", async (_what, text, answer) => {
    expect(await refusal("a.json", text, format)).toEqual(answer);
  });

  test("takes names that mean something to JavaScript", async () => {
    const { columns, rows } = await read("a.json", `[{"__proto__": "x", "constructor": "y"}]`, format);
    expect(columns).toEqual(["__proto__", "constructor"]);
    expect(rows).toEqual([[1, "x", "y"]]);
  });

  test("takes an empty array for no records", async () => {
    expect(await read("a.json", "[ ]", format)).toMatchObject({ rows: [], rejects: [] });
  });

  test("reads a file of many chunks as one of few", async () => {
    const records = Array.from({ length: 8_000 }, (_, id) => ({ id: String(id), text: `ä]},{\\"`.repeat(id % 50) }));
    const { rows, rejects } = await read("a.json", JSON.stringify(records, null, 1), format);
    expect(rejects).toEqual([]);
    expect(rows.map(([, ...cells]) => cells)).toEqual(records.map(({ id, text }) => [id, text]));
    expect(rows.at(-1)?.[0]).toBe(2 + 7_999 * 4);
  });
});

describe("JSON Lines", () => {
  const format = { type: "jsonl" };

  test("has a record a line, and rejects a line that is none", async () => {
    const text = Buffer.concat([
      Buffer.from(`\ufeff{"id": 1, "name": "x"}\r\n\n{"id": 2\n{"id": 3, "name": {"first": "y"}}\n{"id": "`),
      Buffer.from([0xff]),
      Buffer.from(`"}\n{"id": 4}`),
    ]);
    const { columns, rows, rejects } = await read("a.jsonl", text, format);
    expect(columns).toEqual(["id", "name"]);
    expect(rows).toEqual([
      [1, "1", "x"],
      [4, "3", '{"first": "y"}'],
      [6, "4", null],
    ]);
    expect(rejects).toEqual([
      [3, expect.stringMatching(/^not valid JSON/)],
      [5, expect.stringMatching(/^not valid utf-8/)],
    ]);
  });

  test("refuses a line beyond all measure", async () => {
    const text = `{"id": 1}\n{"id": "${"x".repeat(5 << 20)}"}\n`;
    expect(await refusal("a.jsonl", text, format)).toEqual([2, "the record that starts here is longer than 4 MB"]);
    // Shorter as it is written, longer in the copy that is staged: quotes are doubled there.
    const nested = `{"id": 1}\n{"id": ["${'","'.repeat(1_000_000)}"]}\n`;
    expect(await refusal("a.jsonl", nested, format)).toEqual([
      2,
      "the record that starts here is longer than 4 MB as it is staged",
    ]);
  });
});

describe("XML", () => {
  const format = { type: "xml", records: "/feed/customer" };

  test("has children, attributes and text as columns, and what is nested as JSON", async () => {
    const text = `<?xml version="1.0"?>
<feed xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <customer id="1"><name>M&#252;ller &amp; <![CDATA[<Co>]]></name><fax xsi:nil="true"/><note/></customer>
  <customer id="2"><name>B</name><tag>x</tag><tag>y</tag>
    <address kind="home"><city>Bonn</city></address>text</customer>
  <customer id="3"><note lang="en">at <b>noon, </b><b>not</b> later<!-- --> &amp; <![CDATA[so]]></note></customer>
  <customer id="5"><address>No. <i>1<u>st</u></i><city>Bonn</city></address></customer>
  <customer id="4"><name xsi:nil="true">Ann</name></customer>
  <other><customer id="3"/></other>
</feed>`;
    const { columns, rows, rejects } = await read("a.xml", text, format);
    expect(columns).toEqual(["@id", "name", "fax", "note", "tag", "address", "#text"]);
    expect(rows).toEqual([
      [3, "1", "Müller & <Co>", null, "", null, null, null],
      [4, "2", "B", null, null, '["x","y"]', '{"@kind":"home","city":"Bonn"}', expect.stringContaining("text")],
      [6, "3", null, null, expect.stringContaining('"#pieces":'), null, null, null],
      [7, "5", null, null, null, null, expect.stringContaining('"city":"Bonn"'), null],
    ]);
    const mixed = [rows[2]?.[4], rows[3]?.[6]].map((cell) => JSON.parse(`${cell}`));
    expect(mixed).toEqual([
      {
        "@lang": "en",
        b: ["noon, ", "not"],
        "#text": "at  later & so",
        "#pieces": ["at ", { b: "noon, " }, { b: "not" }, " later & so"],
      },
      {
        i: { u: "st", "#text": "1", "#pieces": ["1", { u: "st" }] },
        city: "Bonn",
        "#text": "No. ",
        "#pieces": ["No. ", { i: { "#pieces": ["1", { u: "st" }] } }, { city: "Bonn" }],
      },
    ]);
    expect(rejects).toEqual([[8, '"name" is said to have no value (xsi:nil), and has one: Ann']]);
  });

  test("with text at every level grows by what is nested, and does not double with each level", async () => {
    const text = `<feed><customer>${"<a>x".repeat(60)}<b/>${"</a>".repeat(60)}</customer></feed>`;
    expect(`${(await read("a.xml", text, format)).rows[0]?.[1]}`.length).toBeLessThan(100_000);
  });

  test("is read in the encoding that it declares", async () => {
    const text = iconv.encode(
      `<?xml version='1.0' encoding='ISO-8859-15'?><feed><customer><a>€</a></customer></feed>`,
      "iso-8859-15",
    );
    expect((await read("a.xml", text, format)).rows).toEqual([[1, "€"]]);
  });

  test("takes an empty list for no records", async () => {
    expect(await read("a.xml", "<feed>\n</feed>", format)).toMatchObject({ rows: [], rejects: [] });
  });

  test.each([
    ["not well-formed", "<feed>\n<customer><a>1</b></customer></feed>", [2, "the file is not well-formed XML"]],
    ["cut off", "<feed>\n<customer><a>1</a></customer>", [2, "the file is not well-formed XML"]],
    ["with an attribute twice", `<feed>\n<customer a="1" a="2"/></feed>`, [2, "the file is not well-formed XML"]],
    [
      "with an entity of its own",
      `<!DOCTYPE feed [<!ENTITY a "x"><!ENTITY b "&a;&a;">]>\n<feed><customer><n>&b;</n></customer></feed>`,
      [2, "the file is not well-formed XML"],
    ],
    [
      "with an entity from elsewhere",
      `<!DOCTYPE feed [<!ENTITY a SYSTEM "file:///etc/passwd">]>\n<feed><customer><n>&a;</n></customer></feed>`,
      [2, "the file is not well-formed XML"],
    ],
    [
      "in another encoding than it says",
      Buffer.from("<feed>\n<customer><n>\xfc</n></customer></feed>", "latin1"),
      [1, "the file is not valid utf-8"],
    ],
    ["with other elements", "<feed><client/></feed>", [1, "there is no element /feed/customer"]],
    ["of another kind", "<html></html>", [1, "there is no element /feed/customer"]],
    ["nested beyond all measure", `<feed><customer>${"<a>".repeat(200)}`, [1, "the file is nested too deep"]],
    [
      "with a text beyond all measure",
      `<feed>\n<customer><a>${"x".repeat(5 << 20)}`,
      [2, "the record that starts here is longer than 4 MB"],
    ],
  ])("refuses a file %s", async (_what, text, answer) => {
    expect(await refusal("a.xml", text, format)).toEqual(answer);
  });
});

describe("Parquet", () => {
  async function write(select: string): Promise<Buffer> {
    return reader.writeParquet(select);
  }

  test("bytes without the mark of text are text where they are UTF-8, and reject their row where not", async () => {
    const bytes = await reader.writeParquet(
      `SELECT * FROM (VALUES (1, encode('Zoë')), (2, '\\xFF\\x00'::BLOB), (3, NULL), (4, encode(''))) t(id, name)`,
    );
    const { columns, rows, rejects } = await reader.read("a.parquet", bytes, { type: "parquet" });
    expect(columns).toEqual(["id", "name"]);
    expect(rows).toEqual([
      [1, "1", "Zoë"],
      [3, "3", null],
      [4, "4", ""],
    ]);
    expect(rejects).toEqual([[2, '"name" holds bytes that are no text in UTF-8']]);
    const nested = await reader.writeParquet("SELECT {'a': 'x'::BLOB} AS s");
    expect(await reader.refusalOf("b.parquet", nested, { type: "parquet" })).toEqual([
      null,
      'the column "s" holds bytes in nested values, which can\'t be read as they are',
    ]);
  });

  test("has all columns as text, times in ISO 8601, and the number of the row as its line", async () => {
    const bytes = await write(`SELECT * FROM (VALUES
      ('007', 1.50::DECIMAL(9, 2), DATE '2026-02-28', TIMESTAMPTZ '2026-02-28 10:00:00.5+02', [1, 2], {'a': 'x'}, true),
      (NULL, NULL, NULL, NULL, NULL, NULL, NULL)) AS t(id, price, born, seen, list, address, ok)`);
    const { columns, rows } = await read("a.parquet", bytes, { type: "parquet" });
    expect(columns).toEqual(["id", "price", "born", "seen", "list", "address", "ok"]);
    expect(rows).toEqual([
      [1, "007", "1.50", "2026-02-28", "2026-02-28T08:00:00.5Z", "[1,2]", '{"a":"x"}', "true"],
      [2, null, null, null, null, null, null, null],
    ]);
  });

  test("writes a double in full, without a needless point, and times in a list as JSON", async () => {
    const bytes =
      await write(`SELECT * FROM (VALUES (912260031::DOUBLE, 1e16::DOUBLE, 0.1::FLOAT, [TIMESTAMPTZ '2026-03-29 02:30:00+02'])) AS t(id, wide, part, seen)
      UNION ALL SELECT -0.5, 'nan'::DOUBLE, 16777216, NULL`);
    expect((await read("a.parquet", bytes, { type: "parquet" })).rows).toEqual([
      [1, "912260031", "10000000000000000", "0.1", '["2026-03-29 00:30:00+00"]'],
      [2, "-0.5", "nan", "16777216", null],
    ]);
  });

  test("is refused where it is none, or cut off", async () => {
    const bytes = await write("SELECT range AS id FROM range(10000)");
    for (const broken of [Buffer.from("id\n1\n"), bytes.subarray(0, bytes.length - 50)]) {
      expect(await refusal("a.parquet", broken, { type: "parquet" })).toEqual([
        null,
        "the file can't be read as Parquet",
      ]);
    }
  });
});

describe("an encoding", () => {
  const text = 'a,größe,c\n1,Ünïcödé,x\n2,"ä\nö",y\n';
  test.each([
    ["utf-16", iconv.encode(text, "utf-16le", { addBOM: true })],
    ["utf-16", iconv.encode(text, "utf-16be", { addBOM: true })],
    ["utf-16be", iconv.encode(text, "utf-16be")],
    ["latin-1", iconv.encode(text, "latin1")],
    ["ISO-8859-15", iconv.encode(text, "iso-8859-15")],
    ["macintosh", iconv.encode(text, "macintosh")],
    ["cp850", iconv.encode(text, "cp850")],
    ["utf8", Buffer.from(`\ufeff${text}`)],
  ])("%s gives the same records", async (encoding, bytes) => {
    const { columns, rows } = await read("a.csv", bytes, { encoding });
    expect(columns).toEqual(["a", "größe", "c"]);
    expect(rows).toEqual([
      [2, "1", "Ünïcödé", "x"],
      [3, "2", "ä\nö", "y"],
    ]);
  });

  test("is kept apart over chunks, compressed too", async () => {
    const records = Array.from({ length: 30_000 }, (_, id) => [String(id), "äß€😀".repeat(id % 20)]);
    const content = ["a,b", ...records.map((cells) => cells.join(","))].join("\n");
    const { rows } = await read("a.csv.gz", gzipSync(iconv.encode(content, "utf-16be")), { encoding: "utf-16" });
    expect(rows).toEqual(records.map((cells, index) => [index + 2, ...cells]));
  });
});

describe("an archive", () => {
  test("zstd: frames in a row are one file", async () => {
    const bytes = Buffer.concat([zstdCompressSync("a,b\n1,2\n"), zstdCompressSync("3,4\n5\n")]);
    const { rows, rejects } = await read("a.csv.zst", bytes, {});
    expect(rows).toEqual([
      [2, "1", "2"],
      [3, "3", "4"],
    ]);
    expect(rejects).toEqual([[4, "1 cell, the header has 2"]]);
  });

  test.each([
    ["cut off", zstdCompressSync("a,b\n1,2\n".repeat(100)).subarray(0, 20)],
    ["with bytes after its end", Buffer.concat([zstdCompressSync("a,b\n1,2\n"), Buffer.from("GARBAGE")])],
    ["that is none", Buffer.from("a,b\n1,2\n")],
  ])("zstd: refuses a file %s", async (_what, bytes) => {
    expect(await refusal("a.csv.zst", bytes, {})).toEqual([null, "the compressed file is damaged"]);
  });

  const grown = "the file unpacks to more than 200 times its size";
  const zeros = Buffer.alloc(80 << 20, "0");

  test("that grows beyond all measure is refused: gzip and zstd", async () => {
    expect(await refusal("a.csv.gz", gzipSync(zeros), {})).toEqual([null, grown]);
    expect(await refusal("a.csv.zst", zstdCompressSync(zeros), {})).toEqual([null, grown]);
  });

  test("that grows beyond all measure is refused: zip, by its directory", async () => {
    expect(await refusal("a.zip", zipOf({ "a.csv": zeros }), {})).toEqual([null, grown]);
  });

  test("that says less than it holds is refused: zip", async () => {
    const zip = zipOf({ "a.csv": "a,b\n1,2\n" }, 4);
    expect(await refusal("a.zip", zip, {})).toEqual([null, "the compressed file is damaged"]);
  });

  test("that says less than it holds is refused at a busy moment too: zip", async () => {
    const names = Array.from({ length: 100 }, (_, index) => `busy-${index}.zip`);
    const zip = zipOf({ "a.csv": "a,b\n1,2\n" }, 4);
    const refusals = await Promise.all(names.map((name) => refusal(name, zip, {})));
    expect(refusals).toEqual(names.map(() => [null, "the compressed file is damaged"]));
  });
});

describe("a file beyond all measure", () => {
  const widen = (count: number, write: (index: number) => string) =>
    Array.from({ length: count }, (_, index) => write(index)).join(",");

  test("of 10,000 columns is refused", async () => {
    const content = `${widen(10_000, (index) => `c${index}`)}\n${widen(10_000, String)}\n`;
    expect(await reader.refusalOf("a.csv", Buffer.from(content), {})).toEqual([
      1,
      "the file has 10,000 columns; 1,000 are the most",
    ]);
  });

  test("of 1,000 columns is read, strictly and record by record", async () => {
    const content = `${widen(1000, (index) => `c${index}`)}\n${widen(1000, String)}\n`;
    const cells = Array.from({ length: 100 }, (_, index) => String(index));
    expect((await reader.read("a.csv", Buffer.from(content), {}, 100)).rows).toEqual([[2, ...cells]]);
    const { rows, rejects } = await reader.read("b.csv", Buffer.from(`${content}x\n`), {}, 100);
    expect(rows).toEqual([[2, ...cells]]);
    expect(rejects).toEqual([[3, "1 cell, the header has 1,000"]]);
  });

  test.each([
    ["letters", "x"],
    ["spaces", " "],
    ["quotes", '"'],
  ])("with a line of 64 MB of %s is refused at the line", async (_what, character) => {
    const content = Buffer.concat([
      Buffer.from("a,b\n1,2\n3,"),
      Buffer.alloc(64 << 20, character),
      Buffer.from("\n4,5\n"),
    ]);
    expect(await reader.refusalOf("a.csv", content, {})).toEqual([
      3,
      "the record that starts here is longer than 4 MB",
    ]);
  });
});
