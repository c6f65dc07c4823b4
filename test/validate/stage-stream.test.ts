import { stringify } from "csv-stringify/sync";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readProblem } from "../../src/core/problem.ts";
import { rowState } from "../../src/stage/stage.ts";
import { findOwnFunction } from "../../src/transform/functions.ts";
import { type Field, type Files, Rig } from "../stage/rig.ts";
import { casesOf } from "../support/cases.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.open();
});
afterAll(() => rig[Symbol.dispose]());

const fields: Record<string, Field> = {
  Key__c: { kind: "text", externalId: true },
  Name: { kind: "text" },
  Amount__c: { kind: "number", scale: 2 },
  Count__c: { kind: "integer", scale: 0 },
  Born__c: { kind: "date" },
  Seen__c: { kind: "datetime" },
  Active__c: { kind: "boolean" },
  Owner__c: { kind: "reference" },
};

function streamOf(map: string, rest = ""): string {
  return `
source: { connection: drop, files: "*" }
target: { connection: org, object: Thing, key: Key__c, mode: upsert }
map: { ${map} }
${rest}`;
}

/** Each row's problem as "field: message", null for a good one. */
async function problemsOf(stream: string, files: Files): Promise<(string | null)[]> {
  const { rows } = await rig.stage(stream, fields, files);
  return rows.map(({ _problems_ }) => {
    if (_problems_ === null) return null;
    const told = (_problems_ as string[]).map(readProblem);
    return told.map(({ field, message }) => `${field}: ${message}`).join("; ");
  });
}

async function storedAs(column: string, values: string[]): Promise<unknown[]> {
  const content = stringify([["key", "x"], ...values.map((value, index) => [`${index}`, value])], { quoted: true });
  const { rows } = await rig.stage(streamOf(`Key__c: key, ${column}: x`), fields, { "a.csv": content });
  return rows.map((row) => (row["_problems_"] === null ? row[column] : "rejected"));
}

describe("a value is staged as the target would store it", () => {
  test.each([
    ["Name", [" x ", "\tx\n", "", "  ", "a  b"], ["x", "x", null, null, "a  b"]],
    ["Name", ["a\r\nb", "a\rb", "a\nb", "\r\n", "\u00a0"], ["a\nb", "a\nb", "a\nb", null, "\u00a0"]],
    ["Amount__c", ["1", "1.0", "01.00", "-0.5", "", "x"], ["1.00", "1.00", "1.00", "-0.50", null, "rejected"]],
    ["Count__c", ["1", "1.0", "", "x"], ["1", "1", null, "rejected"]],
    ["Born__c", ["2020-01-02", "2020-1-2", "", "2020-02-30"], ["2020-01-02", "2020-01-02", null, "rejected"]],
    ["Active__c", ["true", "TRUE", "0", " false ", "", "maybe"], ["true", "true", "false", "false", null, "rejected"]],
    [
      "Seen__c",
      ["2020-01-02T03:04:05Z", "2020-01-02T03:04:05.000+0000", "2020-01-02T05:04:05+02:00", "2020-01-02 04:04:05", ""],
      [...Array(4).fill("2020-01-02T03:04:05.000Z"), null],
    ],
    [
      "Owner__c",
      ["001A0000006Vm9r", "001A0000006Vm9rIAC", "", "12"],
      [...Array(2).fill("001A0000006Vm9rIAC"), null, "rejected"],
    ],
  ])("%s %j", async (column, given, stored) => {
    expect(await storedAs(column, given)).toEqual(stored);
  });

  test("what is staged is staged as it is once more", async () => {
    const texts = fc.string({
      unit: fc.constantFrom("a", " ", "\t", "\n", "\r", "é", "!", '"'),
      maxLength: 6,
    });
    await fc.assert(
      fc.asyncProperty(fc.array(texts, { minLength: 1, maxLength: 20 }), async (values) => {
        const once = await storedAs("Name", values);
        const expected = values.map(
          (text) => text.replaceAll(/\r\n?/g, "\n").replaceAll(/^[ \t\n]+|[ \t\n]+$/g, "") || null,
        );
        expect(once).toEqual(expected);
        expect(
          await storedAs(
            "Name",
            once.map((text) => String(text ?? "")),
          ),
        ).toEqual(once);
      }),
      { numRuns: casesOf(40) },
    );
  });
});

describe("a row that breaks rules is rejected with all its problems, in the order of the map and of the rules", () => {
  const rules = `validate:
  - { field: Name, required: true, max_length: 3 }
  - { expr: "Amount__c >= 0", message: is negative }
  - { expr: "Name <> 'bad'", severity: warn, message: is bad }`;
  const content = `key,name,amount
1,Ann,5
,Bob,1
3,,1
4,Anna,1
5,Ann,-1
6,Ann,x
7,,x
8,bad,1
9,#N/A,1
10,éèê,
`;

  test("each kind of rule", async () => {
    expect(
      await problemsOf(streamOf("Key__c: key, Name: name, Amount__c: amount", rules), { "a.csv": content }),
    ).toEqual([
      null,
      "Key__c: the key is blank",
      "Name: is required and has no value",
      'Name: "Anna" has 4 characters, at most 3',
      ': is negative (Amount__c = "-1.00")',
      'Amount__c: "x" is not a number',
      'Amount__c: "x" is not a number; Name: is required and has no value',
      null,
      "Name: is the text #N/A, which empties a text field in Salesforce",
      null,
    ]);
  });

  test("a warning is kept beside the row and rejects nothing", async () => {
    const stream = streamOf("Key__c: key, Name: name, Amount__c: amount", rules);
    const { rows } = await rig.stage(stream, fields, { "a.csv": content });
    expect(rows.filter(({ _warnings_ }) => _warnings_ !== null)).toMatchObject([
      { Key__c: "8", _state_: rowState.good },
    ]);
  });

  test("the original cells of a rejected row are kept, and only of those", async () => {
    const { rows } = await rig.stage(
      streamOf("Key__c: key, Name: name", rules.split("\n").slice(0, 2).join("\n")),
      fields,
      {
        "a.csv": 'key,name,more\n1, Ann ,"x\ny"\n2,  ,"x\ny"\n',
      },
    );
    expect(rows.map(({ _source_ }) => _source_)).toEqual([null, ["2", "  ", "x\ny"]]);
  });

  test("on_null: reject", async () => {
    const stream = streamOf("Key__c: key, Name: { from: name, on_null: reject }");
    expect(await problemsOf(stream, { "a.csv": "key,name\n1,x\n2,\n" })).toEqual([
      null,
      "Name: has no value (on_null: reject)",
    ]);
  });

  test("an expression that fails on a row rejects that row and no other", async () => {
    const stream = streamOf("Key__c: key, Born__c: \"parse_date(born, '%d.%m.%Y')\"");
    const content = "key,born\n1,02.01.2020\n2,2020-01-02\n3,\n";
    expect(await problemsOf(stream, { "a.csv": content })).toEqual([
      null,
      `Born__c: can't be computed from born = "2020-01-02" (8 digits, 2 other characters) by parse_date(born, '%d.%m.%Y'); parse_date takes ${findOwnFunction("parse_date")?.takes?.replaceAll("`", "")}`,
      null,
    ]);
  });

  test("the reason says what a value looks like, by what it is read, and why that refuses it; what is never shown, its look alone", async () => {
    const map = "Key__c: key, Name: \"coalesce(phone(tel, land), nr.phone('DE'))\", Born__c: CAST(born AS DATE)";
    const files = {
      "a.csv": "key,tel,land,nr,born\n1,12\u200bx,DE,,\n2,030 901820 x1,DE,,\n3,,,7 7,\n4,,,,soon\n5,030 901820,,,\n",
    };
    const reasons = (await problemsOf(streamOf(map), files)).map((reason) =>
      reason?.replace(/; phone takes one number .*/s, ""),
    );
    const by = "by coalesce(phone(tel, land), nr.phone('DE'))";
    expect(reasons).toEqual([
      `Name: can't be computed from tel = "12\u200bx" (1 letter, 2 digits, 1 invisible character), land = "DE" (2 letters), nr = "" (nothing) ${by}: it is not one phone number`,
      `Name: can't be computed from tel = "030 901820 x1" (1 letter, 10 digits, 2 blanks), land = "DE" (2 letters), nr = "" (nothing) ${by}: it has an extension, which E.164 has no place for`,
      `Name: can't be computed from tel = "" (nothing), land = "" (nothing), nr = "7 7" (2 digits, 1 blank) ${by}: no numbering plan has it, dialled from DE`,
      `Born__c: can't be computed from born = "soon" (4 letters) by CAST(born AS DATE)`,
      `Name: can't be computed from tel = "030 901820" (9 digits, 1 blank), land = "" (nothing), nr = "" (nothing) ${by}: it has no country: no + and its country code, and no country beside it`,
    ]);
  });
});

test("an expression that fails in two fields is still a reject, not the end of the run", async () => {
  const date = "\"parse_date(born, '%d.%m.%Y')\"";
  const stream = streamOf(`Key__c: key, Born__c: ${date}, Seen__c: ${date}`);
  expect(await problemsOf(stream, { "a.csv": "key,born\n1,2020-01-02\n2,02.01.2020\n" })).toEqual([
    expect.stringMatching(
      /^Born__c: can't be computed from born = "2020-01-02" \(8 digits, 2 other characters\) by parse_date/,
    ),
    null,
  ]);
});

describe("every record of a file is accounted for", () => {
  test("as a good, rejected or filtered row, or as a broken record with its line", async () => {
    const { rows, staged } = await rig.stage(
      streamOf("Key__c: key, Name: name", "validate: [ { field: Name, required: true } ]"),
      fields,
      { "a.csv": "key,name,kind\n1,x,a\n2,x\n3,,a\n4,x,b\n5,,b\n6,x,a,\n7,x,a\n" },
      { keep: "kind = 'a'" },
    );
    expect(rows.map(({ Key__c, _line_, _state_ }) => [Key__c, _line_, _state_])).toEqual([
      ["1", 2, rowState.good],
      ["3", 4, rowState.rejected],
      ["4", 5, rowState.filtered],
      ["5", 6, rowState.filtered],
      ["7", 8, rowState.good],
    ]);
    expect(staged.parts).toMatchObject([{ rows: 5, hasLines: true, broken: [{ line: 3 }, { line: 7 }] }]);
  });

  test("by whatever map, keep, rules and dedupe: taken, rejected, filtered or a duplicate, and warned of where it is taken", async () => {
    const pick = <T>(...values: T[]) => fc.constantFrom(...values);
    const severity = pick("reject", "warn");
    const made = fc.record({
      rows: fc.array(
        fc.tuple(pick("1", "1", "2", "3", "4", ""), pick("", "Ann Lee", "b & c", "x"), pick("", "1", "2.5", "x")),
        {
          minLength: 1,
          maxLength: 12,
        },
      ),
      name: pick(
        "name",
        "split_name(name, 'last')",
        "proper(collapse_spaces(split_name(name).last))",
        "coalesce(upper(name), 'none')",
      ),
      amount: pick(
        "amount",
        "CAST(amount AS INTEGER)",
        "{ from: amount, on_null: reject }",
        "{ from: \"parse_decimal(trim(amount), 'en') * 2\" }",
      ),
      keep: pick(undefined, "amount <> '1'", "CAST(amount AS DOUBLE) < 2", "proper(split_name(name).last) IS NOT NULL"),
      rules: fc.subarray([
        (how: string) => `{ field: Name, required: true, severity: ${how} }`,
        (how: string) => `{ expr: "CAST(Name AS INTEGER) > 0", severity: ${how} }`,
        (how: string) => `{ expr: "Amount__c > 1 OR proper(collapse_spaces(Name)) = 'Lee'", severity: ${how} }`,
        (how: string) => `{ field: Name, unique: true, severity: ${how} }`,
      ]),
      severities: fc.array(severity, { minLength: 4, maxLength: 4 }),
      dedupe: pick(
        "",
        "dedupe: { by: [Key__c], keep: last }",
        "dedupe: { by: [Key__c], keep: most_complete, merge: { Name: longest } }",
      ),
    });
    await fc.assert(
      fc.asyncProperty(made, async ({ rows, name, amount, keep, rules, severities, dedupe }) => {
        const told = rules.map((rule, index) => rule(severities[index] ?? "warn")).join(", ");
        const stream = streamOf(`Key__c: key, Name: "${name}", Amount__c: ${amount}`, `validate: [${told}]\n${dedupe}`);
        const files = { "a.csv": stringify([["key", "name", "amount"], ...rows]) };
        const staged = await rig.stage(stream, fields, files, keep === undefined ? {} : { keep });
        for (const { _state_: state, _problems_: problems, _warnings_: warnings } of staged.rows) {
          expect(problems !== null).toBe(state === rowState.rejected);
          if (state !== rowState.good) expect(warnings).toBeNull();
        }
        const { counts, warned } = await rig.diff(staged);
        const { creates, rejected, filtered, duplicates } = counts;
        expect(creates + rejected + filtered + duplicates).toBe(rows.length);
        expect(warned).toBeLessThanOrEqual(creates);
      }),
      { numRuns: casesOf(24) },
    );
  });

  test("over several files, whatever is broken in them", async () => {
    const record = fc.constantFrom("1,x", "2", "3,y,z", "4,", ',""', '5,"a\nb"', '6, "x"', '7,"x"y', '8,5" pipe');
    const file = fc.array(record, { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(file, file, async (first, second) => {
        const files = Object.fromEntries(
          [first, second].map((records, index) => [`${index}.csv`, `${["key,name", ...records].join("\n")}\n`]),
        );
        const { rows, staged } = await rig.stage(streamOf("Key__c: key, Name: name"), fields, files);
        const broken = staged.parts.flatMap((part) => part.broken);
        const isBroken = (text: string) => /^(2|3,y,z|6, "x"|7,"x"y)$/.test(text);
        expect(broken.length).toBe([...first, ...second].filter(isBroken).length);
        expect(rows.length + broken.length).toBe(first.length + second.length);
        expect(rows.map(({ _row_ }) => _row_)).toEqual([...rows.keys()]);
      }),
      { numRuns: casesOf(40) },
    );
  });

  test("a quote that is never closed stops the run and names its line", async () => {
    const staging = rig.stage(streamOf("Key__c: key, Name: name"), fields, { "a.csv": 'key,name\n1,x\n2,"y\n3,z\n' });
    await expect(staging).rejects.toMatchObject({ exitCode: 1, where: { file: "a.csv", line: 3 } });
  });
});

describe("columns that a file lacks", () => {
  const stream = streamOf("Key__c: key, Name: upper(name)").replace('files: "*"', 'files: "*", optional: [name]');

  test("a field mapped from an absent optional column has no value and breaks no rule there", async () => {
    const files = { "1.csv": "key,name\n1,x\n2,\n", "2.csv": "key\n3\n" };
    const rule = "validate: [ { field: Name, required: true } ]";
    expect(await problemsOf(stream + rule, files)).toEqual([null, "Name: is required and has no value", null]);
  });

  test("any other absent column stops the run before staging", async () => {
    const staging = rig.stage(streamOf("Key__c: key, Name: name"), fields, {
      "1.csv": "key,name\n1,x\n",
      "2.csv": "key,nam\n",
    });
    await expect(staging).rejects.toMatchObject({ exitCode: 2 });
    await expect(staging).rejects.toThrow(/2\.csv has no column "name", which Name is mapped from/);
  });

  test("keep takes an absent optional column for no value, and any other stops the run", async () => {
    const files = { "1.csv": "key,name\n1,x\n2,\n", "2.csv": "key\n3\n" };
    const keep = "coalesce(name, '') <> 'x'";
    const { rows } = await rig.stage(stream, fields, files, { keep });
    expect(rows.map((row) => row["_state_"] === rowState.filtered)).toEqual([true, false, false]);
    const staging = rig.stage(streamOf("Key__c: key"), fields, files, { keep });
    await expect(staging).rejects.toThrow(/2\.csv has no column "name", which source\.keep asks for/);
  });

  test("a key can't be optional", async () => {
    const optionalKey = streamOf("Key__c: key, Name: name").replace('files: "*"', 'files: "*", optional: [key]');
    const staging = rig.stage(optionalKey, fields, { "1.csv": "name\nx\n" });
    await expect(staging).rejects.toThrow("the column that the key Key__c is mapped from is missing");
  });
});
