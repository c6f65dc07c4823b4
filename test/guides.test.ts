// docs/guides: files are written and commands typed as they stand there, with the sandbox in place of the org; what another
// program runs is checked by its form. A fence says what it is: `sh` is typed, with `# exit 4` behind what is not to be 0;
// `file=…` is written; `cron`, `unit=…`, `workflow=…`, `dag=…` are for others.

import { spawnSync } from "node:child_process";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { exitCode } from "../src/core/exit-code.ts";
import { createProject, type Project, repository, type Sandbox, startSandbox } from "./support/rig.ts";

interface Fence {
  language: string;
  /** `file=jobs/contacts.yaml` */
  kind: string;
  value: string;
  text: string;
}

const folder = join(repository, "docs/guides");
const guides = globSync("*.md", { cwd: folder }).sort();

function fencesOf(guide: string): Fence[] {
  const page = readFileSync(join(folder, guide), "utf8");
  return [...page.matchAll(/^```(\w+)(?: (\w+)=(\S+))?\n([\s\S]*?)^```$/gm)].map(
    ([, language = "", kind = "", value = "", text = ""]) => ({ language, kind, value, text }),
  );
}

const key = { type: "string", length: 40, externalId: true, unique: true };
const schema = {
  salesforce: { Account: { fields: { Customer_No__c: key } }, Contact: { fields: { Customer_No__c: key } } },
};

const connections = `version: 1
connections:
  salesforce:
    type: salesforce
    login_url: "\${SF_LOGIN_URL}"
    auth: { client_credentials: { client_id: "\${SF_CLIENT_ID}", client_secret: "\${SF_CLIENT_SECRET}" } }
    protected: true
  inbox: { type: file, path: ./inbox }
`;

/** The org of a guide is the sandbox, which knows one client. */
function asSandbox(text: string, { origin }: Sandbox): string {
  return text
    .replaceAll(/https:\/\/acme(?:--dev\.sandbox)?\.my\.salesforce\.com/g, origin)
    .replaceAll(/^(SF_CLIENT_(?:ID|SECRET))=.*$/gm, "$1=sandbox");
}

async function type(project: Project, line: string): Promise<void> {
  const [command = "", wanted = "0"] = line.split(/\s+# exit (?=\d+$)/);
  const words = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? "");
  const [program = "", ...args] = words;
  if (program !== "loadline") {
    expect(spawnSync(program, args, { cwd: project.folder }).status, line).toBe(Number(wanted));
    return;
  }
  const { code, stderr, stdout } = await project.run(...args);
  expect(code, `${line}\n${stdout}${stderr}`).toBe(Number(wanted));
}

describe("a guide", () => {
  test.each(guides)("%s does what it says", async (guide) => {
    const fences = fencesOf(guide).filter(
      ({ language, kind }) => kind === "file" || (language === "sh" && kind === ""),
    );
    if (fences.length === 0) return;
    await using sandbox = await startSandbox({ schema });
    const isNew = fences.some(({ text }) => text.startsWith("loadline init"));
    await using project = createProject(isNew ? {} : { "connections.yaml": connections });
    project.env = { SF_LOGIN_URL: sandbox.origin };
    for (const { kind, value, text } of fences) {
      if (kind === "file") project.write({ [value]: asSandbox(text, sandbox) });
      else for (const line of text.trim().split("\n")) await type(project, line);
    }
  });

  test("has lines for cron of five fields and a command, with no % that is bare", () => {
    const lines = guides.flatMap((guide) => fencesOf(guide).filter(({ language }) => language === "cron"));
    expect(lines.length).toBeGreaterThan(0);
    for (const { text } of lines) expect(text).toMatch(/^(?:[\d*,/-]+ ){5}cd \/(?:[^%]|\\%)+\n$/);
  });

  test.runIf(spawnSync("systemd-analyze", ["--version"]).status === 0)("has units that systemd takes", async () => {
    await using place = createProject();
    const units = guides.flatMap((guide) => fencesOf(guide).filter(({ kind }) => kind === "unit"));
    expect(units.length).toBeGreaterThan(1);
    for (const { value, text } of units) {
      place.write({
        [value]: text.replaceAll("/srv/feeds", place.folder).replaceAll("/usr/bin/node", process.execPath),
      });
    }
    const paths = units.map(({ value }) => place.path(value));
    const { status, stderr } = spawnSync("systemd-analyze", ["verify", "--man=no", ...paths], { encoding: "utf8" });
    expect(stderr.split("\n").filter((line) => line.includes("loadline-"))).toEqual([]);
    expect(status).toBe(0);
  });

  test("has workflows whose keys GitHub and GitLab know, and a DAG that is Python", async () => {
    const all = guides.flatMap((guide) => fencesOf(guide));
    const workflows = all.filter(({ kind }) => kind === "workflow");
    expect(workflows.map(({ value }) => value).sort()).toEqual(["github", "gitlab"]);
    for (const { value, text } of workflows) expect(strangeKeys(value, parse(text))).toEqual([]);
    await using place = createProject();
    for (const { value, text } of all.filter(({ kind }) => kind === "dag")) {
      writeFileSync(place.path(value), text);
      const { status, stderr } = spawnSync("python3", ["-m", "py_compile", basename(value)], { cwd: place.folder });
      expect(status, String(stderr)).toBe(0);
    }
  });

  test("tells of each exit code what to do", () => {
    const page = readFileSync(join(folder, "troubleshooting.md"), "utf8");
    const headings = [...page.matchAll(/^## (\d.*)$/gm)].flatMap(([, codes = ""]) => codes.match(/\d+/g) ?? []);
    expect(headings.map(Number).sort((a, b) => a - b)).toEqual(Object.values(exitCode).sort((a, b) => a - b));
  });

  test("is in the list of guides", () => {
    const list = readFileSync(join(folder, "README.md"), "utf8");
    for (const guide of guides.filter((name) => name !== "README.md")) expect(list).toContain(`](${guide})`);
  });
});

// https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax, https://docs.gitlab.com/ci/yaml/
const known: Readonly<Record<string, { top: string[]; job: string[] }>> = {
  github: {
    top: ["name", "on", "permissions", "concurrency", "jobs"],
    job: ["if", "runs-on", "timeout-minutes", "env", "steps", "needs"],
  },
  gitlab: {
    top: ["image", "stages"],
    job: ["stage", "rules", "script", "after_script", "resource_group", "cache", "needs"],
  },
};
const stepKeys = ["uses", "with", "run", "if", "name", "env"];

function strangeKeys(system: string, workflow: Record<string, unknown>): string[] {
  const { top = [], job = [] } = known[system] ?? {};
  const jobs = (system === "github" ? workflow["jobs"] : workflow) as Record<string, Record<string, unknown>>;
  const ofTop = system === "github" ? Object.keys(workflow).filter((name) => !top.includes(name)) : [];
  const ofJobs = Object.entries(jobs)
    .filter(([name]) => !top.includes(name))
    .flatMap(([, body]) => [
      ...Object.keys(body).filter((name) => !job.includes(name)),
      ...((body["steps"] ?? []) as object[]).flatMap((step) =>
        Object.keys(step).filter((name) => !stepKeys.includes(name)),
      ),
    ]);
  return [...ofTop, ...ofJobs];
}
