// What only MySQL and MariaDB have: zero dates, unsigned numbers, collations that take two texts for one, values that a server
// changes without an error, tables without transactions. By the product's own way, against MariaDB's own server.

import { lookup } from "node:dns/promises";
import { mkdtempSync, rmSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { unpackResults } from "../../src/connectors/sql/results.ts";
import { explain } from "../../src/core/errors.ts";
import { type ContractProject, countsOf } from "../contract/project.ts";
import { type Certificates, makeCertificates } from "../support/certificates.ts";
import { moveJob, namesOf, openDatabaseProject, rejectsOf, rowsOf } from "../support/database-project.ts";
import { hasMariadb, type MariadbServer, startMariadb } from "../support/mariadb.ts";

let server: MariadbServer;
let certificates: Certificates;
const folder = mkdtempSync(join(tmpdir(), "loadline-tls-"));

const marks = `CREATE TABLE IF NOT EXISTS loadline_batch (mark varchar(200) CHARACTER SET ascii COLLATE ascii_bin PRIMARY KEY,
  results longblob NOT NULL, written timestamp(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)) ENGINE = InnoDB`;

describe.skipIf(!hasMariadb)("MariaDB, by type mysql", () => {
  beforeAll(async () => {
    certificates = makeCertificates(folder, ["localhost"]);
    const file = (name: string) => join(folder, name);
    server = await startMariadb([`--ssl-cert=${file("server.pem")}`, `--ssl-key=${file("server.key")}`]);
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  /** A project whose connection `crm` is the server's socket. */
  function openProject(files: Record<string, string>): ContractProject {
    const { socket, user, password } = server;
    const url = `mysql://${encodeURIComponent(socket)}/crm`;
    const auth = `{ user: ${user}, password: "\${MYSQL_PASSWORD}" }`;
    return openDatabaseProject(`{ type: mysql, url: "${url}", auth: ${auth} }`, files, { MYSQL_PASSWORD: password });
  }

  test("what one table holds, another one gets: NULL, empty texts, every digit, every microsecond, other character sets", async () => {
    const columns = `id int UNSIGNED PRIMARY KEY, name text, latin varchar(20) CHARACTER SET latin1, fixed char(5), amount decimal(40, 10),
      cents decimal(12, 2) UNSIGNED, big bigint UNSIGNED, small smallint, medium mediumint(5) UNSIGNED ZEROFILL, part double, ok bool, flags bit(10),
      made year, born date, local datetime(6), seen timestamp(6) NULL, whole timestamp NULL, clock time(3), kind enum('a','B','it''s','back\\\\slash') , u uuid`;
    await server.query(`${marks}; CREATE TABLE a (${columns}) CHARACTER SET utf8mb4; CREATE TABLE b LIKE a;
      INSERT INTO a VALUES
      (1, '', 'Straße', 'ab ', 123456789012345678901234567890.0123456789, 0.10, 18446744073709551615, -32768, 42, 0.30000000000000004, true, 1023, 1901, '1000-01-01', '2026-03-29 02:30:00.123456', '2026-03-29 01:30:00.123456', '2026-03-29 01:30:00', '23:59:59.5', 'it''s', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'),
      (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
      (3, '∅', '', '', -0.5, 9999999999.99, 0, 32767, 0, 1e-7, false, 0, 2155, '9999-12-31', '9999-12-31 23:59:59', '1970-01-01 00:00:01', '2038-01-19 03:14:07', '00:00:00', 'B', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12'),
      (4, '␀ "x", y\\nz 😀', 'ÿ', 'x', 0, 0, 1, 0, 16777215, -1.5e20, true, 1, 2000, '2024-02-29', '1999-12-31 23:59:59.000001', '2000-01-01 00:00:00.1', NULL, '12:00:00.001', 'back\\\\slash', NULL)`);
    const fields =
      "id name latin fixed amount cents big small medium part ok flags made born local seen whole clock kind u";
    using project = openProject({
      "job.yaml": moveJob(
        "connection: crm, table: a",
        "connection: crm, table: b, mode: mirror, key: id",
        namesOf(fields),
      ),
    });
    const first = await project.run("job.yaml");
    expect(countsOf(first), project.ofRun("rejects/rows.csv")).toMatchObject({
      creates: 4,
      loaded: 4,
      rejected: 0,
      failed: 0,
    });
    const differing = `SELECT a.id FROM a LEFT JOIN b USING (id) WHERE NOT (${fields
      .split(" ")
      .map((name) => `HEX(a.${name}) <=> HEX(b.${name})`)
      .join(" AND ")})`;
    expect(await server.query(differing)).toEqual([]);
    expect(countsOf(await project.run("job.yaml"))).toMatchObject({ unchanged: 4, updates: 0, loaded: 0 });
    await server.query(
      "UPDATE a SET name = NULL WHERE id = 1; UPDATE a SET name = '' WHERE id = 2; UPDATE b SET name = '' WHERE id = 4",
    );
    const told = await project.run("job.yaml");
    expect(countsOf(told), explain(told.error)).toMatchObject({ updates: 3, unchanged: 1, loaded: 3 });
    expect(await server.query(differing)).toEqual([]);
  });

  test("a value that nobody else holds costs its row, by name; a text with NUL too; bytes are their digits; a type without a sure text is refused", async () => {
    await server.query(`SET sql_mode = 'ALLOW_INVALID_DATES'; CREATE TABLE odd (id int PRIMARY KEY, born date, local datetime, seen timestamp NULL, clock time, ok tinyint(1), made year,
        single float, note text, raw varbinary(4), tags set('x','y'), doc json, place point) CHARACTER SET utf8mb4;
      INSERT INTO odd (id, born, local, seen, clock, ok, made) VALUES (1, '0000-00-00', NULL, NULL, NULL, NULL, NULL), (2, '2021-02-31', NULL, NULL, NULL, NULL, NULL),
        (3, NULL, '0000-00-00 00:00:00', NULL, NULL, NULL, NULL), (4, NULL, NULL, '0000-00-00 00:00:00', NULL, NULL, NULL), (5, NULL, NULL, NULL, '838:59:59', NULL, NULL),
        (6, NULL, NULL, NULL, NULL, 5, NULL), (7, NULL, NULL, NULL, NULL, NULL, 0), (8, '2021-00-00', NULL, NULL, NULL, NULL, NULL);
      INSERT INTO odd (id, note) VALUES (10, CONCAT('a', CHAR(0), 'b'));
      INSERT INTO odd VALUES (9, '2020-01-01', '2020-01-01', '2020-01-01', '23:00', 0, 1999, 16777217, 'n', X'00ff22', 'y,x', '{"a": 1}', NULL)`);
    using project = openProject({
      "job.yaml": moveJob(
        "connection: crm, table: odd",
        "connection: drop, files: out.csv",
        namesOf("id born local seen clock ok made single note raw tags doc"),
      ),
      "point.yaml": moveJob("connection: crm, table: odd", "connection: drop, files: out.csv", { place: "place" }),
    });
    const ended = await project.run("job.yaml");
    expect(countsOf(ended), explain(ended.error)).toMatchObject({ extracted: 10, rejected: 9, creates: 1 });
    const noDay = "is no day of the years 1 to 9999";
    expect(rejectsOf(project).map(({ id, loadline_error }) => [id, loadline_error])).toEqual([
      ["10", 'the character NUL (U+0000) in "note"'],
      ["1", `born ${noDay}`],
      ["2", expect.stringContaining("born")],
      ["3", `local ${noDay}`],
      ["4", `seen ${noDay}`],
      ["5", "clock is no time of a day before 24:00"],
      ["6", "ok is neither 0 nor 1, which tinyint(1) holds as a boolean"],
      ["7", "made is no year"],
      ["8", `born ${noDay}`],
    ]);
    // What a float holds is what the server stores, not the six digits that it shows.
    expect(project.read("drop/out.csv")).toContain(',16777216,n,00ff22,"x,y","{""a"": 1}"');
    expect(explain((await project.run("point.yaml")).error)).toContain("place is of type geometry");
  });

  test("a query is one SELECT that reads, of which the server changes no value; what it lacks of a key is told", async () => {
    await server.query(
      "CREATE TABLE q (id int PRIMARY KEY, name varchar(20), at datetime, raw varbinary(20), changed timestamp DEFAULT NOW()); INSERT INTO q (id, name, at, raw) VALUES (1, 'a', NOW(), 'x'), (2, 'b', NOW(), 'y'), (3, 'b', NOW(), 'y')",
    );
    const source = (query: string, more = "") =>
      moveJob(`connection: crm, query: ${JSON.stringify(query)}${more}`, "connection: drop, files: out.csv", {
        name: "name",
      });
    using project = openProject({
      "good.yaml": source("SELECT name FROM q WHERE name <> '' -- all;\n;"),
      "two.yaml": source("SELECT 1 AS name; DROP TABLE q"),
      "out.yaml": source("SELECT 1 AS name) q; DROP TABLE q; SELECT (1"),
      "file.yaml": moveJob(
        `connection: crm, table: q, where: "1 = 1) INTO OUTFILE '/tmp/loadline-never' -- "`,
        "connection: drop, files: out.csv",
        { name: "name" },
      ),
      "changes.yaml": source("SELECT name FROM q WHERE name = 0"),
      "cut.yaml": source("SELECT CAST('12abc' AS SIGNED) AS name FROM q"),
      "keyless.yaml": source("SELECT name, changed FROM q", ", incremental: { cursor: changed }"),
      "zone.yaml": moveJob(
        "connection: crm, table: q, incremental: { cursor: at }",
        "connection: drop, files: out.csv",
        {
          name: "name",
        },
      ),
      "key.yaml": source("SELECT name FROM q", ", key: nam"),
      "table.yaml": moveJob("connection: crm, table: qq", "connection: drop, files: out.csv", { name: "name" }),
      "bytes.yaml": source("SELECT name, raw FROM q", ", key: [name, raw]").replace("name: name", "name: loadline_id"),
    });
    const good = await project.run("good.yaml");
    // Two rows that hold the same are two rows.
    expect(countsOf(good), explain(good.error)).toMatchObject({ extracted: 3, creates: 3, duplicates: 0 });
    for (const [name, said] of [
      ["two", "SQL syntax"],
      ["out", "SQL syntax"],
      ["file", "SQL syntax"],
      ["changes", "Truncated incorrect"],
      ["cut", "Truncated incorrect"],
      ["keyless", "an incremental source wants a key"],
      ["zone", "at is a DATETIME, which has no zone"],
      ["key", "source.key: there is no column nam[\\s\\S]*did you mean name\\?"],
      ["table", "there is no table qq[\\s\\S]*did you mean crm.q\\?"],
    ] as const) {
      const { summary, error } = await project.run(`${name}.yaml`);
      expect(explain(error), name).toMatch(new RegExp(said));
      expect(summary.exitCode, name).toBe(2);
    }
    // What names two rows of one snapshot makes them no one record: none is left out for it.
    expect(countsOf(await project.run("bytes.yaml"))).toMatchObject({ extracted: 3, duplicates: 0 });
    expect(rowsOf(project, "drop/out.csv").map(({ name }) => name)).toEqual([
      '["a", "78"]',
      '["b", "79"]',
      '["b", "79"]',
    ]);
    expect(await server.query("SELECT COUNT(*) AS n FROM q")).toEqual([{ n: "3" }]);
  });

  test("a window ends before what is still being written began, where the user may see it", async () => {
    await server.query(
      "CREATE TABLE late (id int PRIMARY KEY, changed timestamp(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)); INSERT INTO late VALUES (1, '2026-01-01')",
    );
    using project = openProject({
      "job.yaml": moveJob(
        "connection: crm, table: late, incremental: { cursor: changed, overlap: 0s }",
        'connection: drop, files: "out-{run}.csv"',
        { id: "id" },
      ),
    });
    const taken = async () => {
      const { summary, error } = await project.run("job.yaml");
      expect(summary.exitCode, explain(error)).toBe(0);
      return project.read(`drop/out-${summary.run}.csv`).trim().split("\n").slice(1);
    };
    expect(await taken()).toEqual(["1"]);
    const writer = await server.connect();
    await writer.query("BEGIN; INSERT INTO late (id) VALUES (2)");
    // Without the right, the window ends at the server's time.
    await server.query("INSERT INTO late (id) VALUES (3)");
    expect(await taken()).toEqual(["3"]);
    await server.query("GRANT PROCESS ON *.* TO etl@'%'");
    await server.query("INSERT INTO late (id) VALUES (4)");
    const early = await taken();
    await writer.query("COMMIT");
    await writer.end();
    // The writer began before the window that lost its row; from here on, nothing is.
    expect(early).not.toContain("2");
    const second = await server.connect();
    await second.query("BEGIN; INSERT INTO late (id) VALUES (5)");
    await server.query("INSERT INTO late (id) VALUES (6)");
    await taken();
    await second.query("COMMIT");
    await second.end();
    expect(await taken()).toContain("5");
    await server.query("REVOKE PROCESS ON *.* FROM etl@'%'");
  });

  test("texts are keys by their bytes, whatever a collation says: what the server takes for one is refused by it, by name", async () => {
    await server.query(`${marks}; CREATE TABLE people (code varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci PRIMARY KEY, name varchar(20) COLLATE utf8mb4_general_ci);
      INSERT INTO people VALUES ('ann', 'Ann'), ('bob', 'Bob')`);
    using project = openProject({
      "job.yaml": moveJob(
        "connection: drop, files: in.csv",
        "connection: crm, table: people, mode: upsert, key: code",
        {
          code: "code",
          name: "name",
        },
      ),
      "drop/in.csv": "code,name\nANN,Other\nbob,BOB\nböb,B\ncid,Cid\n",
    });
    const ended = await project.run("job.yaml");
    expect(countsOf(ended), explain(ended.error)).toMatchObject({ creates: 3, updates: 1, failed: 2, loaded: 2 });
    expect(
      rejectsOf(project).map(({ code, loadline_error, loadline_field }) => [code, loadline_field, loadline_error]),
    ).toEqual([
      ["ANN", "code", "23000: Duplicate entry for key 'PRIMARY'"],
      ["böb", "code", "23000: Duplicate entry for key 'PRIMARY'"],
    ]);
    expect(await server.query("SELECT code, name FROM people ORDER BY code")).toEqual([
      { code: "ann", name: "Ann" },
      { code: "bob", name: "BOB" },
      { code: "cid", name: "Cid" },
    ]);
  });

  test("a value that the server would cut or round costs its row, and no other; defaults, numbers of the server and generated columns stay its own", async () => {
    await server.query(`${marks}; CREATE TABLE parent (id int PRIMARY KEY); INSERT INTO parent VALUES (1);
      CREATE TABLE zero (id int AUTO_INCREMENT PRIMARY KEY, price double(10,2)); CREATE TABLE line (id int AUTO_INCREMENT PRIMARY KEY, code varchar(5) NOT NULL, note varchar(3), seen timestamp NULL, parent int, qty int NOT NULL DEFAULT 7,
        twice int AS (qty * 2) STORED, CONSTRAINT \`to parent\` FOREIGN KEY (parent) REFERENCES parent (id), UNIQUE KEY \`by code\` (code));
      CREATE TRIGGER no_evil BEFORE INSERT ON line FOR EACH ROW BEGIN IF NEW.note = 'bad' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no evil'; END IF; END`);
    using project = openProject({
      "job.yaml": moveJob("connection: drop, files: in.csv", "connection: crm, table: line, mode: insert, key: code", {
        code: "code",
        note: "note",
        seen: "seen",
        parent: "parent",
        qty: "qty",
      }),
      "zero.yaml": moveJob(
        "connection: drop, files: zero.csv",
        "connection: crm, table: zero, mode: upsert, key: id",
        namesOf("id price"),
      ),
      "drop/zero.csv": "id,price\n0,1.25\n7,1.255\n",
      "drop/in.csv":
        "code,note,seen,parent,qty\na,x,2026-01-01T00:00:00Z,1,\nb,'  x  ',,,\nc,x,2026-01-01T00:00:00.5Z,,\nd,x,,9,\ne,bad,,,\nf,,,,3\n".replaceAll(
          "'",
          '"',
        ),
    });
    const ended = await project.run("job.yaml");
    expect(countsOf(ended).loaded, project.ofRun("rejects/rows.csv")).toBe(2);
    const told = Object.fromEntries(
      rejectsOf(project).map(({ code, loadline_error, loadline_field }) => [
        code,
        `${loadline_field}: ${loadline_error}`,
      ]),
    );
    expect(told["c"]).toMatch(/seen: .*finer than the seconds/);
    expect(told["d"]).toMatch(/parent: .*foreign key/);
    expect(told["e"]).toMatch(/no evil/);
    expect(told["b"]).toMatch(/note/);
    const rows = await server.query("SELECT id, code, note, qty, twice FROM line ORDER BY id");
    expect(rows.map(({ code, note, qty, twice }) => ({ code, note, qty, twice }))).toEqual([
      { code: "a", note: "x", qty: "7", twice: "14" },
      { code: "f", note: null, qty: "3", twice: "6" },
    ]);
    expect(countsOf(await project.run("zero.yaml"))).toMatchObject({ rejected: 1, loaded: 1 });
    expect(rejectsOf(project)[0]?.["loadline_error"]).toContain("more than the 2 digits after the point");
    expect(await server.query("SELECT id, price FROM zero")).toEqual([{ id: "0", price: "1.25" }]);
    // Each row is known by the number that the server gave it.
    const [, batch] = await server.query("SELECT HEX(results) AS results FROM loadline_batch ORDER BY written DESC");
    const results = unpackResults(batch?.["results"] ?? "");
    expect(results.flatMap((one) => ("id" in one ? [one.id] : []))).toEqual(rows.map(({ id }) => id));
  });

  test("without loadline_batch nothing is inserted that could be doubled; tables without transactions take nothing", async () => {
    await server.query(
      "DROP TABLE loadline_batch; CREATE TABLE log (line varchar(20) NOT NULL); CREATE TABLE old (code varchar(20) PRIMARY KEY) ENGINE = MyISAM; CREATE VIEW seen AS SELECT * FROM log",
    );
    const into = (table: string, mode: string) =>
      moveJob("connection: drop, files: in.csv", `connection: crm, table: ${table}, mode: ${mode}`, {
        [table === "old" ? "code" : "line"]: "line",
      });
    using project = openProject({
      "insert.yaml": into("log", "insert, key: line"),
      "old.yaml": into("old", "upsert, key: code"),
      "view.yaml": into("seen", "insert, key: line"),
      "drop/in.csv": "line\na\nb\n",
    });
    const refused = await project.run("insert.yaml");
    expect(refused.summary.exitCode).toBe(2);
    expect(explain(refused.error)).toMatch(
      /does not remember what was inserted[\s\S]*loadline connections prepare crm/,
    );
    expect(explain((await project.run("old.yaml")).error)).toMatch(/MyISAM, which has no transactions/);
    await server.query(marks);
    expect(explain((await project.run("view.yaml")).error)).toMatch(/it is a view/);
    const first = await project.run("insert.yaml");
    expect(countsOf(first), explain(first.error)).toMatchObject({ creates: 2, loaded: 2 });
  });

  test("what was taken and is gone is deleted, once; what leaves the filter is not", async () => {
    await server.query(`DROP TABLE IF EXISTS gone_from, gone_to; CREATE TABLE gone_from (id int PRIMARY KEY, code varchar(20), live bool DEFAULT true,
      changed timestamp(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)); CREATE TABLE gone_to (code varchar(20) PRIMARY KEY);
      INSERT INTO gone_from (id, code) VALUES (1, 'a'), (2, 'b'), (3, 'c'); INSERT INTO gone_to VALUES ('OWN'), ('A');
      CREATE TABLE notes (id int PRIMARY KEY, leaver varchar(20), FOREIGN KEY (leaver) REFERENCES gone_to (code) ON DELETE CASCADE); INSERT INTO notes VALUES (1, 'A'), (2, 'OWN'), (3, 'a');
      CREATE TABLE visits (id int PRIMARY KEY, leaver varchar(20), FOREIGN KEY (leaver) REFERENCES gone_to (code) ON DELETE SET NULL); INSERT INTO visits VALUES (1, 'A')`);
    const defaults = `source: { connection: crm, table: gone_from, where: live, incremental: { cursor: changed } }, target: { connection: crm, table: gone_to, key: code }`;
    using project = openProject({
      "job.yaml": `version: 1
name: job
defaults: { ${defaults} }
streams:
  changes: { target: { mode: upsert }, map: { code: upper(code) } }
  gone: { source: { deletes: compare, keep: loadline_deleted }, target: { mode: delete }, map: { code: upper(code) } }
`,
    });
    const run = async () => {
      const { summary, error } = await project.run("job.yaml");
      expect(summary.exitCode, error === undefined ? "" : explain(error)).toBe(0);
      return summary.streams["gone"]?.deletes;
    };
    expect(await run()).toBe(0);
    await server.query("DELETE FROM gone_from WHERE id = 1; UPDATE gone_from SET live = false WHERE id = 2");
    expect(await run()).toBe(1);
    expect(project.warnings.join()).toContain("deleting from crm.gone_to takes along 2 records of crm.notes (leaver)");
    expect(project.warnings.join()).toContain("deleting from crm.gone_to empties leaver of 1 record of crm.visits");
    expect(await run()).toBe(0);
    expect(await server.query("SELECT code FROM gone_to ORDER BY 1")).toEqual([
      { code: "B" },
      { code: "C" },
      { code: "OWN" },
    ]);
  });

  test("beyond this machine text goes by TLS alone, to a server of that name that an authority vouches for", async () => {
    await server.query("CREATE TABLE IF NOT EXISTS told (id int PRIMARY KEY)");
    const { user, password } = server;
    // A name of this machine that is not known as one.
    const says = async (host: string, more: string, { port }: MariadbServer = server) => {
      const url = `mysql://${host}:${port}/crm`;
      const auth = `{ user: ${user}, password: "\${MYSQL_PASSWORD}" }`;
      const files = {
        "job.yaml": moveJob("connection: crm, table: told", "connection: drop, files: out.csv", { id: "id" }),
      };
      using project = openDatabaseProject(`{ type: mysql, url: "${url}", auth: ${auth}${more} }`, files, {
        MYSQL_PASSWORD: password,
      });
      const { summary, error } = await project.run("job.yaml");
      return `${summary.exitCode} ${error === undefined ? "" : explain(error)}`;
    };
    const ca = `, ca_file: ${certificates.caFile}`;
    expect(await says("LOCALHOST", ca)).toMatch(/^0 /);
    expect(await says("LOCALHOST", "")).toMatch(/^8 [\s\S]*certificate[\s\S]*ca_file/);
    // The certificate is for another name.
    const other = (await lookup(hostname()).catch(() => undefined))?.address === "127.0.0.1" ? hostname() : undefined;
    if (other !== undefined) expect(await says(other, ca)).toMatch(/^8 [\s\S]*altnames/);
    // mysql2 would check an address against the name localhost.
    expect(await says("[::ffff:127.0.0.1]", ca)).toMatch(/^2 [\s\S]*verifies a server by its name/);
    await using plain = await startMariadb(["--skip-ssl"]);
    expect(await says("LOCALHOST", ca, plain)).toMatch(/^8 [\s\S]*secure connection[\s\S]*must speak TLS/);
  });
});
