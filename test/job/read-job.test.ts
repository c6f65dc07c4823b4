import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Failure } from "../../src/core/errors.ts";
import { hashJob } from "../../src/job/job-hash.ts";
import { readJob } from "../../src/job/read-job.ts";
import { casesOf } from "../support/cases.ts";
import { contactsJob } from "./examples.ts";
import { jobText, readJobText, refusalOfJob, writeFile } from "./rig.ts";

describe("a job file", () => {
  test("becomes plain data with its settings in milliseconds, thresholds and a lock", () => {
    const job = readJobText(contactsJob);
    expect(job).toMatchObject({
      name: "vendor-feed-to-salesforce",
      timezone: "Europe/Berlin",
      rejectsMax: { percent: 2 },
      keepRunsMs: 30 * 24 * 3_600_000,
      guards: { changed: { percent: 20 }, deletes: { count: 0 }, creates: { count: 5000 }, sourceRowsMin: 1 },
      limits: { apiCalls: 5000, reserve: 20, minutes: 45 },
      lock: { kind: "wait", ms: 600_000 },
      redact: ["Email", "Phone"],
    });
    expect(job.streams.map((stream) => stream.name)).toEqual(["accounts", "contacts"]);
  });

  test("where it is silent has the defaults of the design", () => {
    const job = readJobText(jobText());
    expect(job).toMatchObject({ timezone: "UTC", lock: { kind: "fail" }, redact: [] });
    expect(job).not.toHaveProperty("rejectsMax");
    expect(job.keepRunsMs).toBe(14 * 86_400_000);
    expect(job.guards).toEqual({});
    const [stream] = job.streams;
    expect(stream?.source.format).toEqual({ type: "csv", delimiter: ",", quote: '"', encoding: "utf-8" });
    expect(stream?.target.batch).toEqual({});
    expect(stream?.fields[0]).toMatchObject({ onNull: "skip", policy: "overwrite" });
    expect(stream).not.toHaveProperty("keep");
    expect(stream).not.toHaveProperty("dedupe");
  });

  test("carries each mapping, rule and option of a stream", () => {
    const [accounts, contacts] = readJobText(contactsJob).streams;
    expect(accounts?.target).toMatchObject({
      mode: "mirror",
      scope: "Source__c = 'vendor'",
      key: ["Vendor_Account_Id__c"],
    });
    expect(accounts?.source.format).toMatchObject({ delimiter: ";" });
    expect(accounts?.rules).toMatchObject([
      { field: "Name", required: true, maxLength: 255, severity: "reject" },
      { expression: { sql: "AnnualRevenue >= 0" }, message: "revenue is negative", severity: "warn" },
    ]);
    expect(contacts?.keep?.sql).toBe("active");
    expect(contacts?.source.optional).toEqual(["fax"]);
    expect(contacts?.dedupe).toEqual({
      ...{ by: ["Vendor_Contact_Id__c"], keep: "last" },
      places: expect.anything(),
    });
    const byTarget = Object.fromEntries((contacts?.fields ?? []).map((field) => [field.target, field]));
    expect(byTarget["AccountId"]).toMatchObject({
      expression: { sql: "account_no" },
      parent: { stream: "accounts", miss: "reject" },
    });
    expect(byTarget["Email"]).toMatchObject({ expression: { sql: "lower(trim(email))" }, onNull: "clear" });
    expect(byTarget["Description"]).toMatchObject({ policy: "fill_empty" });
  });

  test("takes the key of a delete from the columns of its name when there is no map", () => {
    const [stream] = readJobText(`version: 1
name: gone
streams:
  a:
    source: { connection: drop, files: x }
    target: { connection: sf, object: Account, key: "My Id", mode: delete }
`).streams;
    expect(stream?.fields).toMatchObject([{ target: "My Id", expression: { sql: '"My Id"' } }]);
  });
});

describe("defaults", () => {
  test("are merged deeply: maps merge, scalars and lists replace", () => {
    const [accounts, contacts] = readJobText(contactsJob).streams;
    expect(contacts?.target).toMatchObject({ mode: "upsert", batch: { rows: 200, bytes: 50_000_000 } });
    expect(accounts?.target).toMatchObject({ mode: "mirror", batch: { rows: 200 } });
    const [stream] = readJobText(
      jobText({ stream: "validate: [{ field: Name, required: true }]" }) +
        "defaults: { validate: [{ field: Id__c, required: true }, { expr: x }], map: { Extra: x, Name: y } }\n",
    ).streams;
    expect(stream?.rules.map((rule) => rule.field)).toEqual(["Name"]);
    expect(stream?.fields.map((field) => [field.target, field.expression.sql])).toEqual([
      ["Extra", "x"],
      ["Name", "trim(name)"],
      ["Id__c", "account_no"],
    ]);
  });

  test("that do not fit a stream are told once, where they are written", () => {
    const text = `version: 1
name: a
defaults: { target: { conection: sf } }
streams:
  a: {}
  b: {}
`;
    expect(refusalOfJob(text)).toBe(`job.yaml:3:23: unknown key "conection"
  3 | defaults: { target: { conection: sf } }
    |                       ~~~~~~~~~ did you mean "connection"?`);
  });

  test("that only clash once merged are refused", () => {
    const text = jobText().replace('files: "*.csv"', `files: x, format: { quote: ";" }`);
    expect(readJobText(text).streams[0]?.source.format).toMatchObject({ quote: ";" });
    const merged = `${text}defaults: { source: { format: { delimiter: ";" } } }\n`;
    expect(refusalOfJob(merged)).toContain("delimiter and quote are the same character");
  });
});

describe("an expression", () => {
  test.each([
    ["01234", "01234"],
    ["1.10", "1.10"],
    ["true", "true"],
    ["null", "null"],
    ["9007199254740993", "9007199254740993"],
    ["0x1F", "0x1F"],
    ["'it''s'", "it's"],
    ["\"'web'\"", "'web'"],
    ["  trim( a )  # comment", "trim( a )"],
    ["|\n        case\n          when a then b\n        end", "case\n  when a then b\nend"],
    ["a\n        || b", "a || b"],
  ])("written as %j is the text %j", (written, sql) => {
    const fields = readJobText(jobText({ map: `Zip: ${written}` })).streams[0]?.fields;
    expect(fields?.at(-1)?.expression.sql).toBe(sql);
  });

  test("carries the place of its first character, behind quotes and block headers", () => {
    const columns = ["a", "'a'", "{ from:  a }", "|\n         a"].map((written) => {
      return readJobText(jobText({ map: `Zip: ${written}` })).streams[0]?.fields.at(-1)?.expression.place;
    });
    expect(columns.map((place) => [place?.line, place?.column])).toEqual([
      [10, 12],
      [10, 13],
      [10, 21],
      [11, 16],
    ]);
  });

  test.each(["", "''", "{ from: }", "{ from: ' ' }", "|"])("that is empty (%j) is refused", (written) => {
    expect(refusalOfJob(jobText({ map: `Zip: ${written}` }))).toContain("the expression is empty");
  });

  test.each(["[a]", "{ from: [a] }"])("that is %s is refused", (written) => {
    expect(refusalOfJob(jobText({ map: `Zip: ${written}` }))).toContain("expected an SQL expression");
  });
});

describe("names", () => {
  test("of keys, rules, dedupe and redact must be mapped fields, with a did-you-mean", () => {
    const text = jobText({
      stream: "validate: [{ field: Nmae, required: true }]\ndedupe: { by: [Id_c], keep: first }",
      job: "redact: [Naem]\n",
    }).replace("key: Id__c", "key: Id_c");
    expect(refusalOfJob(text)).toBe(
      `job.yaml:6:61: the key "Id_c" is not in the map
  6 |     target: { connection: salesforce, object: Account, key: Id_c, mode: upsert }
    |                                                             ~~~~ did you mean "Id__c"?
job.yaml:10:25: "Nmae" is not in the map
  10 |     validate: [{ field: Nmae, required: true }]
     |                         ~~~~ did you mean "Name"?
job.yaml:11:20: "Id_c" is not in the map
  11 |     dedupe: { by: [Id_c], keep: first }
     |                    ~~~~ did you mean "Id__c"?
job.yaml:12:10: no stream maps the field "Naem"
  12 | redact: [Naem]
     |          ~~~~ did you mean "Name"?`.replace("6:64", "6:61"),
    );
  });

  test("of parents must be streams", () => {
    const text = jobText({ map: "ParentId: { parent: acounts, from: x }" });
    expect(refusalOfJob(text)).toContain('there is no stream "acounts"');
    expect(refusalOfJob(text)).toContain('did you mean "accounts"?');
  });

  test("of streams may not differ only in case", () => {
    const text = jobText();
    const stream = text.slice(text.indexOf("  accounts:"));
    const twins = text.replace("  accounts:", "  ACCOUNTS:") + stream.replace("accounts", "Accounts");
    expect(refusalOfJob(twins)).toContain('stream "Accounts" differs from "ACCOUNTS" only in case');
  });

  test("of time zones are IANA names, not offsets", () => {
    expect(refusalOfJob(jobText({ job: "timezone: Europe/Berlni\n" }))).toContain('did you mean "Europe/Berlin"?');
    expect(refusalOfJob(jobText({ job: 'timezone: "+01:00"\n' }))).toContain("is not an IANA time zone");
  });

  test("that a file system could misread are refused", () => {
    for (const name of ["../x", "a b", "x".repeat(65), "-a"]) {
      expect(refusalOfJob(jobText().replace("name: accounts", `name: "${name}"`))).toContain("a name is up to 64");
    }
    expect(refusalOfJob(jobText().replace("  accounts:", "  a/b:"))).toContain("job.yaml:4:3: a name is up to 64");
  });
});

describe("what a stream lacks", () => {
  test("or has several of, key fields, are taken in every mode", () => {
    const several = jobText().replace("key: Id__c", "key: [Id__c, Name]");
    for (const mode of ["upsert", "insert", "update", "delete", "mirror"]) {
      const job = readJobText(several.replace("mode: upsert", `mode: ${mode}`));
      expect(job.streams[0]?.target.key).toEqual(["Id__c", "Name"]);
    }
  });

  test("a key that is never written is refused, but in mode update", () => {
    const unowned = jobText().replace("Id__c: account_no", "Id__c: { from: account_no, own: false }");
    for (const mode of ["upsert", "insert", "delete", "mirror"]) {
      const refusal = refusalOfJob(unowned.replace("mode: upsert", `mode: ${mode}`));
      expect(refusal).toContain("job.yaml:8:7: own: false goes with a key only in mode update");
    }
    expect(readJobText(unowned.replace("mode: upsert", "mode: update")).streams).toHaveLength(1);
  });

  test("a map without a field is refused, in every mode that needs one", () => {
    const empty = jobText().replace(/ {4}map:\n(?: {6}.*\n)*/, "    map: {}\n");
    for (const mode of ["upsert", "insert", "update", "mirror", "delete"]) {
      const refusal = refusalOfJob(empty.replace("mode: upsert", `mode: ${mode}`));
      expect(refusal).toContain("job.yaml:7:10: the map is empty: no field would be written");
    }
  });

  test("keeps its order and its names as they are typed, digits too", () => {
    const { streams } = readJobText(jobText({ map: "2024: a\n2023: a\n007: a\n1.10: a\n" }));
    const names = streams[0]?.fields.map(({ target }) => target);
    expect(names).toEqual(["Id__c", "Name", "2024", "2023", "007", "1.10"]);
  });

  test("is told at the stream, not at the defaults", () => {
    expect(refusalOfJob("version: 1\nname: a\ndefaults: { target: { mode: insert } }\nstreams:\n  b: {}\n")).toBe(
      ["source.connection", "source.files", "target.connection", "target.object", "target.key", "map"]
        .map((key) => `job.yaml:5:3: stream "b" has no ${key}\n  5 |   b: {}\n    |   ~`)
        .join("\n"),
    );
  });

  test.each([
    ["target: { scope: x }", "scope goes with mode mirror"],
    ["validate: [{ max_length: 3 }]", "expected `field` or `expr`"],
    ["validate: [{ field: Name }]", "expected a check beside `field`: required, min_length"],
    ["validate: [{ expr: x, required: true }]", "`required` goes with `field`"],
    ["validate: [{ expr: x, min: 1, unique: true }]", "`min`, `unique` go with `field`"],
    ["validate: [{ field: Name, expr: x }]", "expected `field` or `expr`"],
    ["validate: [{ fields: [Name], required: true }]", "`required` goes with `field`"],
    ["validate: [{ fields: [Name] }]", "`fields` goes with `unique` alone"],
    ["validate: [{ field: Name, required: true, over: run }]", "`over` goes with `expr`"],
    ["validate: [{ expr: x, over: run, severity: error }]", "its severity is `warn` or `fail`"],
    ["validate: [{ field: Name, min_length: 3, max_length: 2 }]", "no text has both"],
    ["validate: [{ field: Name, one_of: [] }]", "expected at least one value"],
    ["dedupe: { by: [Name] }", '"keep" is missing: expected one of first, last, newest, most_complete'],
    ["map: { Zip: { from: x, miss: reject } }", "`miss` goes with `parent`"],
    ["map: { Zip: { on_null: skip } }", "expected `from` or `lookup`"],
    ["map: { Zip: { from: x, policy: newest } }", "policy newest wants the time that a row's value is from"],
    ["map: { Zip: { from: x, newest_by: y } }", "`newest_by` goes with `policy: newest`"],
    ["map: { Zip: { from: x, own: false, policy: fill_empty } }", "go with fields that are written"],
    ["map: { Zip: { from: x, on_null: cler } }", 'did you mean "clear"?'],
    ["source: { after: leaf }", '"leaf" is not leave'],
    ["source: { after: { move: 1 } }", "expected text, got a number"],
    ["source: { format: { delimiter: '||' } }", "expected one character"],
    ["target: { batch: { bytes: lots } }", "expected a size such as 50MB"],
    ["target: { batch: { rows: 0 } }", "expected 1 or more"],
  ])("or combines wrongly (%s) is refused", (defaults, message) => {
    expect(refusalOfJob(`${jobText()}defaults: { ${defaults} }\n`)).toContain(message);
  });

  test.each([
    ["lock: wait 10", "expected skip, fail or e.g. wait 10m"],
    ["rejects: { max: 101% }", "a percentage is at most 100%"],
    ["rejects: { max: -1 }", "expected 0 or more"],
    ["rejects: { max: 1.5 }", "expected a number of rows, or a percentage"],
    ["keep: { runs: 14 }", "expected text, got a number"],
    ["keep: { runs: 14 days }", "expected a duration such as"],
    ["guards: { source_rows_min: 5% }", "expected a whole number"],
    ["redact: Email", "expected a list, got text"],
  ])("of settings (%s) is refused", (line, message) => {
    expect(refusalOfJob(jobText({ job: `${line}\n` }))).toContain(message);
  });
});

describe("load order", () => {
  test("has parents first, and streams of a circle as the file has them", () => {
    const stream = (name: string, parent?: string) => `  ${name}:
    source: { connection: drop, files: x }
    target: { connection: sf, object: O, key: K, mode: upsert }
    map: { K: k${parent === undefined ? "" : `, P: { parent: ${parent}, from: p }`} }
`;
    const job = (streams: string) => `version: 1\nname: a\nstreams:\n${streams}`;
    const order = readJobText(job(stream("a", "c") + stream("b") + stream("c", "d") + stream("d"))).streams;
    expect(order.map(({ name }) => name)).toEqual(["d", "c", "a", "b"]);
    const circle = readJobText(job(stream("a", "c") + stream("b", "c") + stream("c", "b"))).streams;
    expect(circle.map(({ name }) => name)).toEqual(["b", "c", "a"]);
    // Records of its own are loaded by level.
    expect(readJobText(job(stream("a", "a"))).streams.map(({ name }) => name)).toEqual(["a"]);
  });
});

describe("the hash", () => {
  test("is the same in whatever order the keys were put in", () => {
    const { file, hash, notify, ping, tests, ...job } = readJobText(jobText());
    expect(hashJob(job)).toBe(hash);
    expect(hashJob(Object.fromEntries(Object.entries(job).reverse()) as typeof job)).toBe(hash);
    expect(hashJob({ ...job, timezone: "Europe/Berlin" })).not.toBe(hash);
    expect(file).toMatch(/job\.yaml$/);
  });

  test("is the same whatever the layout, comments and defaults used", () => {
    const relaid = `# other\n${jobText().replace("    target: {", "    target: # here\n      {")}x-note: 1\n`;
    const viaDefaults = `${jobText().replace(", mode: upsert", "")}defaults: { target: { mode: upsert } }\n`;
    const { hash } = readJobText(jobText());
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect(readJobText(relaid).hash).toBe(hash);
    expect(readJobText(viaDefaults).hash).toBe(hash);
  });

  test("is the same wherever the job stands, and whatever it uses", () => {
    const replacing = "accounts.key: { from: a, mode: replace, on_null: clear }\n";
    for (const text of [contactsJob, jobText({ map: replacing })]) {
      const { hash } = readJob(writeFile("here.yaml", text));
      expect(readJob(writeFile("there.yaml", `# other\n\n${text}`)).hash).toBe(hash);
    }
    const added = jobText({ map: replacing.replace(", mode: replace", "") });
    expect(readJobText(added).hash).not.toBe(readJobText(jobText({ map: replacing })).hash);
  });

  test.each([
    ["trim(name)", "upper(name)"],
    ["name: accounts", "name: accounts2"],
    ["mode: upsert", "mode: update"],
    ['"*.csv"', '"*.txt"'],
    ["Name: trim", "Nam: trim"],
  ])("changes when %s becomes %s", (before, after) => {
    expect(readJobText(jobText().replace(before, after)).hash).not.toBe(readJobText(jobText()).hash);
  });
});

describe("whatever is in the file", () => {
  const readsOrRefuses = (text: string) => {
    try {
      readJobText(text);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      expect(error.exitCode).toBe(2);
      expect(error.message).not.toBe("");
    }
  };

  test("only a Failure is thrown, for any text", () => {
    const yamlish = fc.string({ unit: fc.constantFrom(..."a: -?[]{}#&*!|>'\"%@`,\n\t\\~<=.0x") });
    fc.assert(fc.property(fc.oneof(fc.string({ unit: "binary" }), yamlish), readsOrRefuses), {
      numRuns: casesOf(1000),
    });
  });

  test("only a Failure is thrown, for a valid job with parts replaced", () => {
    const part = fc.oneof(
      fc.string({ maxLength: 6 }),
      fc.constantFrom(
        "[]",
        "{}",
        "null",
        "1",
        "- ",
        ": ",
        "*a",
        "&a ",
        "!!map ",
        "<<: ",
        "__proto__",
        "constructor",
        "\n",
      ),
    );
    const edit = fc.record({ at: fc.nat(contactsJob.length), length: fc.nat(12), part });
    const mutated = fc
      .array(edit, { minLength: 1, maxLength: 4 })
      .map((edits) =>
        edits.reduce((text, { at, length, part }) => text.slice(0, at) + part + text.slice(at + length), contactsJob),
      );
    fc.assert(fc.property(mutated, readsOrRefuses), { numRuns: casesOf(1000) });
  });

  test("names that objects inherit are names like others", () => {
    const [stream] = readJobText(jobText({ map: "constructor: a\ntoString: { from: b }" })).streams;
    expect(stream?.fields.map((field) => field.target)).toEqual(["Id__c", "Name", "constructor", "toString"]);
    expect(refusalOfJob(jobText({ map: "__proto__: a" }))).toContain('"__proto__" cannot be a key');
    expect(refusalOfJob(jobText({ job: "constructor: 1\n" }))).toContain('unknown key "constructor"');
  });
});
