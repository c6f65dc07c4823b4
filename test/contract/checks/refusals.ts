// What is refused, by the product or by the system: each by its name, its line and its reason, and nothing beside it.

import { parse } from "csv-parse/sync";
import { expect } from "vitest";
import { explain } from "../../../src/core/errors.ts";
import type { Check } from "../check.ts";
import { extractJob, loadJob, rowsFile } from "../jobs.ts";
import { ContractProject, countsOf } from "../project.ts";
import type { ConnectorRig, Role, Values } from "../rig.ts";

/** A value that no field of the kind holds, and what is said of it. */
function impossible({ textMax }: ConnectorRig): [Role, string, RegExp][] {
  const tooLong = (max: number): [Role, string, RegExp] => [
    "text",
    "x".repeat(max + 1),
    new RegExp(`has ${max + 1} characters, the field takes ${max}$`),
  ];
  return [
    ...(textMax === undefined ? [] : [tooLong(textMax)]),
    ["number", "12 apples", /"12 apples" is not a number$/],
    ["boolean", "perhaps", /"perhaps" is not true or false$/],
    ["date", "2023-02-29", /"2023-02-29" is not a date/],
    ["datetime", "soon", /"soon" is not a date and time/],
    ["key", "", /the key is blank$/],
  ];
}

const checkKinds: Check = {
  name: "a value that its field can't hold costs its row and no other, and is told by kind, line and field",
  async run(rig) {
    const roles: Role[] = ["key", "text", "number", "boolean", "date", "datetime"];
    const cases = impossible(rig);
    const good: Values = { text: "t", number: "1", boolean: "true", date: "2024-02-29" };
    const rows = cases.map(([role, value], index): Values => ({ ...good, key: `K-${index}`, [role]: value }));
    using project = new ContractProject(rig);
    project.write({
      "job.yaml": loadJob(rig, "upsert", { roles }).replace("max: 50%", "max: 100%"),
      ...rowsFile([...rows, { ...good, key: "K-9" }], roles),
    });
    const ended = await project.run("job.yaml");
    expect(countsOf(ended), String(ended.error)).toMatchObject({ loaded: 1, failed: 0, rejected: cases.length });
    expect([...(await rig.live()).keys()]).toEqual(["K-9"]);
    const rejects = parse(project.ofRun("rejects/records.csv"), { columns: true }) as Record<string, string>[];
    for (const [index, [role, , message]] of cases.entries()) {
      const told = rejects.find(({ loadline_line }) => loadline_line === String(index + 2));
      expect(told, role).toMatchObject({ loadline_field: rig.fields[role] });
      expect(told?.["loadline_error"], role).toMatch(message);
    }
  },
};

const checkRefusedRow: Check = {
  name: "a row that the system refuses costs no other row, and is told by its line and field",
  async run(rig) {
    using project = new ContractProject(rig);
    const { field, value } = rig.refused;
    const job = loadJob(rig, "upsert").replace("    map:\n", `    map:\n      ${field}: refused\n`);
    const isText = field === rig.fields.text;
    project.write({
      // One field, one expression: where it is the one of the texts, these give way.
      "job.yaml": isText ? job.replace(`      ${field}: { from: '"text"', on_null: clear }\n`, "") : job,
      "drop/rows.csv": `key,text,refused\nR-1,good,\nR-2,good,${value}\nR-3,good,\n`,
    });
    const ended = await project.run("job.yaml");
    expect(countsOf(ended), String(ended.error)).toMatchObject({ loaded: 2, failed: 1 });
    expect([...(await rig.live()).keys()].sort()).toEqual(["R-1", "R-3"]);
    const [reject] = parse(project.ofRun("rejects/records.csv"), { columns: true }) as Record<string, string>[];
    expect(reject).toMatchObject({ key: "R-2", loadline_field: field, loadline_line: "3" });
    expect(reject?.["loadline_error"]).not.toBe("");
  },
};

const checkNames: Check = {
  name: "names that are not there, or are no key, are refused with what was meant before anything is read",
  async run(rig) {
    const { fields, object, noun = "object" } = rig;
    const job = loadJob(rig, "upsert");
    const slip = `${fields.text.slice(0, -1)}`;
    const jobs: Record<string, [string, ...string[]]> = {
      field: [job.replace(`${fields.text}:`, `${slip}:`), `has no field ${slip}`, `did you mean "${fields.text}"?`],
      object: [job.replace(`${noun}: ${object}`, `${noun}: NoSuchObject__c`), "NoSuchObject__c"],
      key: [job.replace(`key: ${fields.key}`, `key: ${fields.text}`), `target.key: ${fields.text} is neither`],
      source: [extractJob(rig).replace(`text: ${fields.text}`, `text: ${slip}`), `has no column "${slip}"`],
    };
    using project = new ContractProject(rig);
    project.write(rowsFile([{ key: "N-1", text: "n" }]));
    for (const [name, [written, ...told]] of Object.entries(jobs)) {
      project.write({ [`${name}.yaml`]: written });
      const { summary, error } = await project.run(`${name}.yaml`);
      const message = explain(error);
      expect(summary.exitCode, `${name}: ${message}`).toBe(2);
      for (const part of told) expect(message, name).toContain(part);
    }
    expect(await rig.live()).toEqual(new Map());
  },
};

const checkSignIn: Check = {
  name: "a sign-in that is refused ends with exit code 8 and leaves no credential in any file",
  async run(rig) {
    const variables = Object.keys(rig.environment);
    if (variables.length === 0) return;
    const environment = Object.fromEntries(variables.map((name) => [name, "wrong-credential-4711"]));
    using project = new ContractProject({ ...rig, environment } as ConnectorRig);
    project.write({ "job.yaml": loadJob(rig, "upsert"), ...rowsFile([{ key: "S-1", text: "s" }]) });
    const ended = await project.run("job.yaml");
    expect(ended.summary.exitCode, String(ended.error)).toBe(8);
    expect(explain(ended.error)).toMatch(/next: check the /);
    const told = JSON.stringify([ended.summary, explain(ended.error)]);
    expect(`${told}${project.everything()}`).not.toContain("wrong-credential-4711");
  },
};

export const refusalChecks = [checkRefusedRow, checkKinds, checkNames, checkSignIn];
