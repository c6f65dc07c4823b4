// What an editor says of a job, by the language server that editors run, under the schema that `schema job --write` makes.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TextDocument } from "vscode-languageserver-textdocument";
import { parse, stringify } from "yaml";
import { getLanguageService } from "yaml-language-server";
import { createProject, type Project } from "../support/rig.ts";

const systems = `version: 1
connections:
  drop: { type: file, path: ./inbox }
  crm: { type: salesforce, login_url: "https://x.my.salesforce.com", auth: { access_token: "\${SF_TOKEN}" } }
  portal: { type: hubspot, auth: { token: "\${HS_TOKEN}" } }
`;

const sandboxFields = {
  salesforce: {
    Contact: { fields: { Ext__c: { type: "string", length: 20, externalId: true, unique: true } } },
    Room__c: {
      custom: true,
      fields: { Size__c: { type: "picklist", values: ["Small", "It's big"], restricted: true } },
    },
  },
};

const job = (stream: string, defaults = "") => `version: 1
name: people
${defaults}streams:
  people:
    source: { connection: drop, files: "*.csv" }
${stream}`;

let project: Project;
let language: ReturnType<typeof openLanguage>;

beforeAll(async () => {
  project = createProject({
    "connections.yaml": systems,
    "sandbox.yaml": stringify(sandboxFields),
    "jobs/rooms.yaml": job(
      "    target: { connection: crm, object: Room__c, mode: insert }\n    map: { Size__c: size }\n",
    ),
  });
  const written = await project.run("schema", "job", "--write", "--sandbox");
  expect(written.stderr).toBe("");
  expect(written.stdout).toBe(".loadline/job.schema.json\n");
  language = openLanguage(project.read(".loadline/job.schema.json"));
});

afterAll(() => project[Symbol.asyncDispose]());

function openLanguage(schema: string) {
  const service = getLanguageService({
    schemaRequestService: async () => schema,
    workspaceContext: { resolveRelativePath: (path) => path },
  });
  service.configure({
    validate: true,
    completion: true,
    customTags: [],
    yamlVersion: "1.2",
    schemas: [{ uri: "file:///job.schema.json", fileMatch: ["*.yaml"], schema: JSON.parse(schema) }],
  });
  let version = 0;
  const open = (text: string) => TextDocument.create("file:///job.yaml", "yaml", ++version, text);
  return {
    async underlined(text: string): Promise<string[]> {
      const document = open(text);
      const found = await service.doValidation(document, false);
      return found.map(({ range, message }) => `${document.getText(range)}: ${message}`);
    },
    /** At the mark `|`. */
    async completed(text: string) {
      const document = open(text.replace("|", ""));
      const { items } = await service.doComplete(document, document.positionAt(text.indexOf("|")), false);
      return new Map(items.map((item) => [item.label, item]));
    },
  };
}

const contact = "    target: { connection: crm, object: Contact, key: Ext__c, mode: upsert }\n";

describe("an editor with the names of the systems", () => {
  test("underlines a field that is not there, and nothing that a run would take", async () => {
    const map =
      "    map: { Ext__c: id, LastName: last, Acount.Name: a, Account.Ext__c: company, Id: { from: x, own: false }";
    expect(await language.underlined(job(`${contact}${map} }\n`))).toEqual([]);
    expect(await language.underlined(job(`${contact}${map}, LastNme: l }\n`))).toEqual([
      "LastNme: Property LastNme is not allowed.",
    ]);
    const wrong = job(contact.replace("Ext__c", "Exct__c").replace("crm", "crn").concat("    map: {}\n"));
    expect(await language.underlined(wrong)).toEqual([expect.stringContaining("crn: ")]);
    expect(await language.underlined(wrong.replace("crn", "crm"))).toEqual([expect.stringContaining("Exct__c: ")]);
    // An object that nobody has asked about.
    expect(await language.underlined(job(`${contact.replace("Contact", "Order")}    map: { Anything: a }\n`))).toEqual(
      [],
    );
    expect(
      await language.underlined(job("    target: { connection: drop, files: a.csv }\n    map: { Any: a }\n")),
    ).toEqual([]);
  });

  test.each([
    ["the connection", "connection: crm", "object: Contact"],
    ["the object", "object: Contact", "connection: crm"],
    ["both", "connection: crm, object: Contact", undefined],
  ])("takes %s from the defaults", async (_what, inherited, own) => {
    const defaults = `defaults:\n  target: { ${inherited} }\n`;
    const target = own === undefined ? "" : `    target: { ${own} }\n`;
    const map = (name: string) => `${target}    map: { ${name}: l }\n`;
    expect(await language.underlined(job(map("LastName"), defaults))).toEqual([]);
    expect(await language.underlined(job(map("LastNme"), defaults))).toEqual([expect.stringContaining("LastNme")]);
    // Over the default.
    const other = "    target: { connection: portal, object: contacts }\n    map: { lastname: l }\n";
    expect(await language.underlined(job(other, defaults))).toEqual([]);
    const file = "    target: { connection: drop, files: a.csv }\n    map: { Any: l }\n";
    expect(await language.underlined(job(file, defaults))).toEqual([]);
  });

  test("completes connections, objects, keys, fields with what they are, and values as SQL", async () => {
    const at = async (text: string) => [...(await language.completed(job(text))).keys()];
    expect(await at("    target:\n      connection: |\n")).toEqual(["drop", "crm", "portal"]);
    expect(await at("    target:\n      connection: portal\n      object: |\n")).toContain("companies");
    expect(await at("    target:\n      connection: crm\n      object: Contact\n      key: |\n")).toEqual(
      expect.arrayContaining(["Ext__c", "Id"]),
    );
    const fields = await language.completed(job(`${contact}    map:\n      Ext__c: id\n      |\n`));
    expect(fields.get("LastName")?.documentation).toContain("Last Name · string(80) · required");
    expect([...fields.keys()]).not.toContain("CreatedDate");
    const room = "    target: { connection: crm, object: Room__c, mode: insert }\n    map:\n      Size__c: |\n";
    const sizes = await language.completed(job(room));
    const inserted = [...sizes.values()].map(({ insertText }) => parse(insertText ?? ""));
    expect(inserted).toEqual(expect.arrayContaining(["'Small'", "'It''s big'"]));
    const source =
      "  two:\n    source:\n      connection: portal\n      object: contacts\n      fields:\n        - |\n";
    expect(await at(`${contact}    map: {}\n${source}`)).toContain("firstname");
    const rule = "    validate:\n      - field: Size__c\n        one_of:\n          - |\n";
    expect(await at(`${room.replace("|", "size")}${rule}`)).toEqual(["Small", "It's big"]);
  });
});

test("without sign-in the schema has the names of connections alone, which is said", async () => {
  await using place = createProject({ "connections.yaml": systems, "jobs/broken.yaml": "a: [" });
  const run = await place.run("schema", "job", "--write", "--json");
  expect(run.code).toBe(0);
  expect(JSON.parse(run.stdout)).toMatchObject({
    exitCode: 0,
    problems: [
      expect.stringContaining("jobs/broken.yaml"),
      expect.stringContaining("crm: "),
      expect.stringContaining("portal: "),
    ],
  });
  const schema = place.read(".loadline/job.schema.json");
  expect(schema).toContain('"portal"');
  expect(await openLanguage(schema).underlined(job(`${contact}    map: { Any: a }\n`))).toEqual([]);
  const useless = await place.run("schema", "job", "--sandbox");
  expect([useless.code, useless.stderr]).toEqual([2, expect.stringContaining("--sandbox goes with --write")]);
  await using bare = createProject();
  const plain = await bare.run("schema", "job", "--write");
  expect([plain.code, plain.stderr]).toEqual([0, expect.stringContaining("there is no connections.yaml")]);
});
