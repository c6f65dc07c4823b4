import { zstdCompressSync } from "node:zlib";
import iconv from "iconv-lite";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { createProject } from "../support/rig.ts";
import { zipOf } from "../support/zip.ts";

const connections = "version: 1\nconnections:\n  feeds: { type: file, path: ./inbox }\n";
const german = `Stand 2026
Nr;Name;select;geboren;Umsatz;aktiv;e-mail;code
1;" Müller ";x;1.2.1990;1.234,50;yes;a@x.com;007
2;Meier;y;13.12.1985;7,00;no;b@x.com;008
3;;z;;0,5;yes;c@x.com;010
Summe: 3
`;

test.each([
  [
    "german.csv",
    Buffer.from(iconv.encode(german, "windows-1252")),
    { type: "csv", delimiter: ";", skip_lines: 1, footer_lines: 1, encoding: "windows-1252" },
    {
      Nr: "trim(Nr)",
      Name: "trim(Name)",
      select: 'trim("select")',
      geboren: "parse_date(geboren, '%d.%m.%Y')",
      Umsatz: "parse_decimal(Umsatz, 'de')",
      aktiv: "parse_bool(aktiv)",
      "e-mail": 'email("e-mail")',
      code: "trim(code)",
    },
  ],
  [
    "headless.tsv.zst",
    zstdCompressSync("1\t'a\tb'\t02/03/2026\n2\t'c'\t04/05/2026\n"),
    { type: "csv", delimiter: "\t", quote: "'", columns: ["column_1", "column_2", "column_3"] },
    { column_1: "trim(column_1)", column_2: "trim(column_2)", column_3: "trim(column_3)" },
  ],
  [
    "american.zip",
    zipOf({ "a.csv": 'id,when,total\n1,02/13/2026,"1,234.50"\n2,01/01/2026,7.00\n' }),
    { type: "csv", delimiter: "," },
    { id: "trim(id)", when: "parse_date(\"when\", '%m/%d/%Y')", total: "parse_decimal(total, 'en')" },
  ],
  [
    "a.jsonl",
    '{"id": 1, "on": "2026-01-01"}\n{"id": 2}\n',
    { type: "jsonl" },
    { id: "trim(id)", on: "parse_date(\"on\", '%Y-%m-%d')" },
  ],
  [
    "a.json",
    '{"n": 1, "data": {"items": [{"id": 1.5}]}}',
    { type: "json", records: "/data/items" },
    { id: "trim(id)" },
  ],
  [
    "a.xml",
    '<feed><head><v>1</v></head><c id="1"><n>x</n></c><c id="2"><n>y</n></c></feed>',
    { type: "xml", records: "/feed/c" },
    { "@id": 'trim("@id")', n: "trim(n)" },
  ],
])("%s is guessed, and the job passes check", async (name, content, format, map) => {
  await using project = createProject({ "connections.yaml": connections, [`inbox/${name}`]: content });
  const guess = await project.run("guess", `inbox/${name}`);
  expect(guess.stderr).toBe("");
  const [stream] = Object.values(parse(guess.stdout).streams) as [{ source: object; map: object }];
  expect(stream.source).toEqual({ connection: "feeds", files: name, format });
  expect(stream.map).toEqual(map);
  project.write({ "job.yaml": guess.stdout });
  expect(await project.run("check", "job.yaml")).toMatchObject({ code: 0, stderr: "" });
  expect(await project.run("run", "job.yaml")).toMatchObject({ code: 0 });
});

test("what is no file of records is said", async () => {
  await using project = createProject({
    "connections.yaml": connections,
    "inbox/a.csv": "",
    "inbox/b.json": '{"a": 1}',
  });
  for (const [file, code] of [
    ["inbox/none.csv", 2],
    ["inbox/a.csv", 1],
    ["inbox/b.json", 1],
  ] as const) {
    const guess = await project.run("guess", file);
    expect(guess.code).toBe(code);
    expect(guess.stdout).toBe("");
  }
});

test.each([
  // Records that end in a delimiter, below a header that does not: the first is a record all the same.
  [
    "rows.csv",
    "id,name\n1,A,\n2,B,\n",
    2,
    { columns: ["id", "name", "column_3"], skip_lines: 1 },
    "a name of the header",
  ],
  // More digits behind the point than parse_decimal has room for.
  ["places.csv", "id,lat\n1,43.07506559999999\n2,-71.2\n", 2, { delimiter: "," }, undefined],
  ["caret.csv", "id^name\n1^A\n2^B\n", 2, { delimiter: "^" }, undefined],
  ["sign.csv", "id\u00a7name\n1\u00a7A\n", 1, { delimiter: "," }, 'if "\u00a7" parts it, set format.delimiter'],
  ["years.csv", "id,2024,2023\n1,5,6\n", 1, { delimiter: "," }, "the first line is taken for the header"],
  ["escape.csv", 'id,name\n1,"A \\"x\\""\n', 0, { delimiter: "," }, "a backslash stands before a quote"],
  ["names.csv", "id,sum\nNumber,In EUR\n1,2\n2,3\n", 3, { delimiter: "," }, "may be a second line of the header"],
])(
  "%s: columns in their order, no record lost, and what is in doubt is said",
  async (name, text, rows, format, doubt) => {
    await using project = createProject({ "connections.yaml": connections, [`inbox/${name}`]: text });
    const guess = await project.run("guess", `inbox/${name}`);
    expect(guess.code, guess.stderr).toBe(0);
    const [stream] = Object.values((parse(guess.stdout) as { streams: Record<string, Guessed> }).streams);
    expect(stream?.source.format).toMatchObject(format);
    const doubts = guess.stdout.split("\n").filter((line) => line.startsWith("# in doubt"));
    expect(doubts.join("\n")).toMatch(doubt === undefined ? /^$/ : doubt);
    project.write({ "job.yaml": `${guess.stdout}rejects: { max: 100% }\n` });
    const run = await project.run("run", "job.yaml", "--json");
    expect(Object.values(run.summary().streams)[0]?.loaded).toBe(rows);
    if (name === "years.csv") expect(project.read("inbox/years-mapped.csv")).toBe("id,2024,2023\n1,5,6\n");
  },
);

interface Guessed {
  source: { format: object };
}

test("with --sandbox a file that stands in for an SFTP server's is one of that connection", async () => {
  const server =
    'version: 1\nconnections:\n  vendor: { type: sftp, url: "sftp://a@b.example", auth: { agent: true } }\n';
  const file = "fixtures/sftp/vendor/out/a.csv";
  await using project = createProject({ "connections.yaml": server, [file]: "id\n1\n" });
  const sourceOf = async (...flags: string[]) => {
    const { stdout } = await project.run("guess", file, ...flags);
    return (Object.values(parse(stdout).streams) as [{ source: object }])[0].source;
  };
  expect(await sourceOf("--sandbox")).toMatchObject({ connection: "vendor", files: "out/a.csv" });
  expect(await sourceOf()).toMatchObject({ connection: "drop", files: "a.csv" });
});
