// `loadline init` as a stranger meets it: what it writes passes check and loads into the sandbox, and nothing that was
// there is lost.

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { connections, createProject, type Project, repository, startChild, startSandbox } from "../support/rig.ts";

const latin1 = (text: string) => Buffer.from(text, "latin1");

const feed = latin1(`Kunden-Nr;Vorname;Nachname;E-Mail;PLZ;Ort;Geburtsdatum;Umsatz;Newsletter
K-1;Jürgen;Köster;Juergen@Example.com;76131;Karlsruhe;31.12.1980;1.234,50;ja
K-2;Anna;Maier;anna@example.com;01067;Dresden;01.02.1990;99,00;nein
`);

async function runAll(project: Project, ...jobs: string[]) {
  const { stdout, stderr, code } = await project.run("run", ...jobs, "--sandbox", "--json");
  const loaded = stdout
    .trim()
    .split("\n")
    .map((line) => {
      const { job, streams } = JSON.parse(line) as { job: string; streams: Record<string, { loaded: number }> };
      return [job, Object.values(streams)[0]?.loaded];
    });
  return { loaded: Object.fromEntries(loaded) as Record<string, number>, stderr, code };
}

describe("init", () => {
  test("writes a project for each pair of systems whose job passes check and loads, without an account", async () => {
    await using project = createProject();
    const first = await project.run("init", "--source", "file", "--target", "salesforce", "--yes", "--json");
    expect(JSON.parse(first.stdout)).toMatchObject({
      folder: project.folder,
      job: "jobs/file-to-salesforce.yaml",
      created: expect.arrayContaining([
        "connections.yaml",
        "sandbox.yaml",
        ".env.example",
        ".gitignore",
        "loadline.crontab",
      ]),
      exitCode: 0,
    });
    expect(project.read(".gitignore")).toBe(".env\n.loadline/\n");
    expect(project.read(".loadline/.gitignore")).toBe("*\n");
    expect(JSON.parse(project.read(".loadline/job.schema.json"))).toHaveProperty("properties.streams");
    expect(project.read("jobs/file-to-salesforce.yaml")).toMatch(
      /^# yaml-language-server: \$schema=\.\.\/\.loadline\/job\.schema\.json\n/,
    );
    expect(project.read("loadline.crontab")).toMatch(
      /^15 2 \* \* \* cd \S+ && \{ .* run jobs\/file-to-salesforce\.yaml --yes >/m,
    );
    expect(project.read(".github/workflows/loadline.yml")).toContain("npx loadline check jobs/*.yaml --sandbox");
    // All of the others in the same folder, whose connections.yaml has the connections that they want.
    const made = project.read("connections.yaml");
    project.write({
      "connections.yaml": `${made}  outbox: { type: file, path: ./outbox }
  sample: { type: file, path: ./sandbox }
  sftp: { type: sftp, url: "\${SFTP_URL}", auth: { password: "\${SFTP_PASSWORD}" } }
  hubspot: { type: hubspot, auth: { token: "\${HUBSPOT_TOKEN}" } }
`,
    });
    const pairs = [
      "file sftp",
      "file hubspot",
      "file file",
      "sftp salesforce",
      "salesforce hubspot",
      "salesforce file",
      "hubspot salesforce",
      "hubspot sftp",
    ];
    for (const [source = "", target = ""] of pairs.map((pair) => pair.split(" "))) {
      const { code, stderr } = await project.run("init", "--source", source, "--target", target);
      expect({ source, target, stderr, code }).toEqual({ source, target, stderr: "", code: 0 });
    }
    const jobs = ["file-to-salesforce", ...pairs.map((pair) => pair.replace(" ", "-to-"))].map(
      (name) => `jobs/${name}.yaml`,
    );
    const setups = ["sandbox/salesforce.yaml", "sandbox/hubspot.yaml"];
    const checked = await project.run("check", ...setups, ...jobs, "--sandbox");
    expect(checked.stderr).toBe("");
    expect(checked.code).toBe(0);
    const { loaded, code, stderr } = await runAll(project, ...setups, ...jobs);
    expect(stderr).not.toContain("next:");
    expect(code).toBe(0);
    // Contacts from HubSpot and those of the sample, which the jobs before have loaded.
    expect(loaded).toMatchObject({
      "sandbox-salesforce": 3,
      "sandbox-hubspot": 3,
      "file-to-file": 3,
      "file-to-sftp": 3,
    });
    expect(Object.values(loaded).every((rows) => rows >= 3 || rows === 0)).toBe(true);
  });

  test("tells two orgs of one system apart, by the names of connections and variables", async () => {
    const loaded: Record<string, number[]> = {};
    for (const type of ["salesforce", "hubspot", "sftp"]) {
      await using project = createProject();
      expect(await project.run("init", "--source", type, "--target", type)).toMatchObject({ stderr: "", code: 0 });
      const [from, to] = [`${type}-source`, `${type}-target`];
      expect(project.read("connections.yaml")).toMatch(new RegExp(`^  ${from}:\\n[\\s\\S]*^  ${to}:\\n`, "m"));
      const variables = project.read(".env.example").match(/^\w+(?==)/gm) ?? [];
      expect(variables).toEqual([...new Set(variables)]);
      for (const name of variables) expect(project.read("connections.yaml")).toContain(`\${${name}}`);
      const jobs = [...(type === "sftp" ? [] : [`sandbox/${type}.yaml`]), `jobs/${type}-to-${type}.yaml`];
      const ran = await runAll(project, ...jobs);
      expect(ran.code, ran.stderr).toBe(0);
      loaded[type] = Object.values(ran.loaded);
    }
    // The sandbox's orgs are one: its contacts take the key that they lack.
    expect(loaded).toEqual({ salesforce: [3, 3], hubspot: [3, 3], sftp: [3] });
  });

  test("maps the columns of a file to the fields of an object, with its doubts beside the lines", async () => {
    await using project = createProject({ "feed.csv": feed });
    const { stdout, code, stderr } = await project.run("init", "--from", "feed.csv", "--into", "salesforce:contact");
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(stdout).toContain("MailingCity: it may also be OtherCity");
    const job = project.read("jobs/feed.yaml");
    expect(job).toContain("target: { connection: salesforce, object: Contact, key: Kunden_Nr__c, mode: upsert }");
    expect(job.slice(job.indexOf("    map:"))).toBe(`    map:
      Kunden_Nr__c: trim("Kunden-Nr")
      FirstName: trim(Vorname)
      LastName: trim(Nachname)
      Email: email("E-Mail")
      # in doubt: it may also be OtherPostalCode
      MailingPostalCode: trim(PLZ)
      # in doubt: it may also be OtherCity
      MailingCity: trim(Ort)
      Birthdate: "parse_date(Geburtsdatum, '%d.%m.%Y')"
      # not mapped: Umsatz
      # not mapped: Newsletter
`);
    expect((await runAll(project, "jobs/feed.yaml")).loaded).toEqual({ feed: 2 });
    // A second file of the same folder: what is there is used and kept, sandbox.yaml gets what it lacks.
    project.write({ "more/firms.csv": "ref,company,Phone No,Nmae\nF-1,ACME,1,x\nF-2,Beta,2,y\n" });
    const second = await project.run("init", "--from", "more/firms.csv", "--into", "salesforce:Account");
    expect(second.stdout).toContain("changed  sandbox.yaml");
    expect(project.read("sandbox.yaml")).toContain("Kunden_Nr__c");
    expect(project.read("jobs/firms.yaml")).toContain("files: more/firms.csv");
    const both = await project.run("check", "jobs/feed.yaml", "jobs/firms.yaml", "--sandbox");
    expect(both.stderr).toBe("");
  });

  test("takes the fields of the org where connections.yaml leads to one, and gives them to the sandbox", async () => {
    await using sandbox = await startSandbox({
      schema: {
        salesforce: {
          Contact: {
            fields: {
              Vendor_No__c: { type: "string", length: 30, externalId: true, unique: true, label: "Kunden-Nr" },
              acme__Umsatz__c: { type: "double", precision: 12, scale: 2 },
              Kind__c: { type: "picklist", values: ["A", "B"], restricted: true },
            },
          },
        },
      },
    });
    await using project = createProject({
      ...connections(sandbox),
      "feed.csv": 'kunden nr,last name,Umsatz,Kind\nK-1,Maier,"1,234.50",a\n',
    });
    const made = await project.run("init", "--from", "feed.csv", "--into", "salesforce:Contact");
    expect(made.stderr).toContain("connections.yaml is there already, and has no connection feed");
    expect(made.stderr).toContain("  feed:\n    type: file\n    path: .\n");
    expect(made.code).toBe(2);
    project.write({ "inbox/feed.csv": project.read("feed.csv") });
    const again = await project.run("init", "--from", "inbox/feed.csv", "--into", "salesforce:Contact");
    expect(again.stderr).toBe("");
    expect(project.read("jobs/feed.yaml")).toContain(`key: Vendor_No__c, mode: upsert }
    map:
      Vendor_No__c: trim("kunden nr")
      LastName: trim("last name")
      acme__Umsatz__c: "parse_decimal(Umsatz, 'en')"
      Kind__c: trim(Kind)
`);
    // An editor is told of the org's fields, too.
    const schema = project.read(".loadline/job.schema.json");
    for (const name of ["acme__Umsatz__c", "Vendor_No__c", "CampaignMember"]) expect(schema).toContain(`"${name}"`);
    expect(await runAll(project, "jobs/feed.yaml")).toMatchObject({ loaded: { feed: 1 }, code: 0 });
  });

  test("overwrites nothing: what is there is told and stays, and a job of that name stops it", async () => {
    const own =
      "version: 1\nconnections:\n  inbox: { type: file, path: ./in }\n  outbox: { type: file, path: ./out }\n";
    await using project = createProject({
      "connections.yaml": own,
      ".gitignore": "node_modules/",
      ".env.example": "MINE=\n",
    });
    const args = ["init", "--source", "file", "--target", "file", "--yes"];
    const made = await project.run(...args);
    expect(made.stdout).toContain("kept     .env.example: it was there");
    expect(made.stdout).toContain("changed  .gitignore: what it lacked was added");
    expect(project.read(".gitignore")).toBe("node_modules/\n.env\n.loadline/\n");
    expect(project.read("connections.yaml")).toBe(own);
    expect(project.read(".env.example")).toBe("MINE=\n");
    expect((await project.run(...args)).code).toBe(0);
    project.write({ "jobs/file-to-file.yaml": "mine\n", "inbox/contacts.csv": "mine\n" });
    const refused = await project.run(...args);
    expect(refused.stderr).toContain("jobs/file-to-file.yaml is there already");
    expect(refused.code).toBe(2);
    expect(project.read("jobs/file-to-file.yaml")).toBe("mine\n");
  });

  test("asks nothing where nobody is, and says what to type; a slip is answered with what was meant", async () => {
    await using project = createProject({
      "feed.csv": feed,
      "page.xls": "<html><table><tr><td>1</td></tr></table></html>",
    });
    const slips: [args: string[], said: string, code?: number][] = [
      [[], "next: loadline init --source file --target salesforce --yes"],
      [["--source", "salesforce"], "next: loadline init --source salesforce --target file --yes"],
      [["--source", "salesfroce", "--yes"], 'next: did you mean "salesforce"?'],
      [["--into", "salesforce:Contact"], "next: loadline init --from feed.csv --into salesforce:Contact"],
      [["--from", "feed.csv"], "next: loadline init --from feed.csv --into salesforce:Contact"],
      [["--from", "feed.csv", "--into", "Contact"], "next: e.g. --into salesforce:Contact"],
      [["--from", "feed.csv", "--into", "sftp:x.csv"], "next: loadline guess feed.csv"],
      [["--from", "none.csv", "--into", "salesforce:Contact"], "there is no file"],
      [["--from", "page.xls", "--into", "salesforce:Contact"], "HTML", 1],
      [
        ["--from", "feed.csv", "--into", "salesforce:Contat"],
        "next: loadline init --from feed.csv --into salesforce:Contact",
      ],
    ];
    for (const [args, said, wanted = 2] of slips) {
      const { stderr, code } = await project.run("init", ...args);
      expect(stderr).toContain(said);
      expect({ args, code }).toEqual({ args, code: wanted });
    }
    expect(project.list(".")).toEqual(["feed.csv", "page.xls"]);
  });

  test.runIf(spawnSync("script", ["--version"]).status === 0)("asks on a terminal, again after a slip", async () => {
    await using project = createProject();
    const program = `'${process.execPath}' '${join(repository, "bin/loadline.js")}' init`;
    const answers = { cwd: project.folder, input: "hubspt\nhubspot\n\n" };
    const { stdout, code } = await startChild("script", ["-qec", program, "/dev/null"], answers).finished;
    expect(stdout).toContain(
      "Where do the records come from? (salesforce, hubspot, postgres, mysql, sqlite, duckdb, sftp, file) [file]",
    );
    expect(stdout).toContain("Did you mean hubspot?");
    expect(code).toBe(0);
    expect(project.list("jobs")).toEqual(["hubspot-to-salesforce.yaml"]);
  });
});
