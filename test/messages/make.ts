// Makes mistakes with the real program, and the page that shows them. In: the mistakes. Out: each with what was printed.

import { connections, createProject, type Project, type Sandbox, startSandbox } from "../support/rig.ts";
import { checked, inbox, type JobParts, jobOf, type Mistake, schema, type Typed, typed } from "./mistakes.ts";

export interface MadeMistake extends Mistake {
  printed: string;
  code: number;
}

export async function makeMistakes(): Promise<MadeMistake[]> {
  await using sandbox = await startSandbox({ schema });
  await using project = createProject({ ...connectionsOf(sandbox), ...inbox });
  project.env = { WRONG_SECRET: "none-of-ours", SF_TOKEN: "00Dsandbox0000001!loadline" };
  const made = await checkMistakes(project);
  for (const one of typed) made.push(await typeMistake(project, sandbox, one));
  return made;
}

function connectionsOf(sandbox: Sandbox): Record<string, string> {
  // A secret that is a word of the messages would be hidden in them.
  const usual = (connections(sandbox)["connections.yaml"] ?? "").replace(
    /client_credentials: .*\}/,
    `access_token: "\${SF_TOKEN}" }`,
  );
  const org = (name: string, secret: string, more = "") => `  ${name}:
    type: salesforce
    login_url: ${sandbox.origin}
    auth: { client_credentials: { client_id: sandbox, client_secret: "\${${secret}}" } }
${more}`;
  const more = [
    org("live", "SF_CLIENT_SECRET", "    protected: true\n"),
    org("other", "OTHER_SECRET"),
    org("wrong", "WRONG_SECRET"),
  ];
  return { "connections.yaml": `${usual}${more.join("")}` };
}

async function checkMistakes(project: Project): Promise<MadeMistake[]> {
  const folders = checked.map((one, index) => {
    const folder = `m${String(index + 1).padStart(2, "0")}`;
    // Jobs that are checked together have names of their own.
    const text = (one.job ?? jobOf(one)).replace("name: people", `name: ${folder}`);
    project.write({ [`${folder}/job.yaml`]: text });
    return folder;
  });
  const { stdout, stderr } = await project.run("check", ...folders.map((folder) => `${folder}/job.yaml`), "--json");
  const answers = stdout.trim().split("\n");
  if (answers.length !== checked.length) throw new Error(`${stdout}\n${stderr}`);
  return checked.map((one, index) => {
    const answer = JSON.parse(answers[index] ?? "") as { problem?: string; exitCode: number };
    const said = answer.problem ?? "nothing";
    const printed = withoutMachine(project, said).replaceAll(`${folders[index]}/job.yaml`, "job.yaml");
    return { ...one, made: one.made ?? madeIn(one), printed, code: answer.exitCode };
  });
}

/** The lines of the job that are meant. */
function madeIn({ map, files, format, target, key }: JobParts): string {
  const lines = [
    ...(files === undefined
      ? []
      : [`source: { …, files: ${files}${format === undefined ? "" : `, format: ${format}`} }`]),
    ...(target === undefined && key === undefined
      ? []
      : [`target: { ${[target, key === undefined ? undefined : `key: ${key}`].filter(Boolean).join(", ")}, … }`]),
    ...(map === undefined || files !== undefined ? [] : map.split("\n").map((line) => line.trim())),
  ];
  return lines.join("\n");
}

async function typeMistake(project: Project, sandbox: Sandbox, one: Typed): Promise<MadeMistake> {
  project.write({ ...connectionsOf(sandbox), ...one.files });
  const { stderr, code } = await project.run(...one.args);
  const printed = withoutMachine(project, stderr.trimEnd());
  return { ...one, made: `loadline ${one.args.join(" ")}`, printed, code: code ?? 0 };
}

/** What is another each time: the folder and ports. */
function withoutMachine(project: Project, text: string): string {
  return text.replaceAll(project.folder, "/home/ann/feeds").replaceAll(/127\.0\.0\.1:\d+/g, "127.0.0.1:8025");
}

/** docs/messages.md */
export function writePage(mistakes: readonly MadeMistake[]): string {
  const parts = mistakes.map(({ title, made, printed, code, what, where, why, next }, index) => {
    const cells = [what, where, why ?? "said by what", next].map((cell) => cell.replaceAll("|", "\\|"));
    return `## ${index + 1}. ${title}

${indent(made)}

is answered with exit code ${code} and

${indent(printed)}

| what | where | why | what next |
|---|---|---|---|
| ${cells.join(" | ")} |
`;
  });
  return `# Messages

${mistakes.length} mistakes that people make, and what loadline answers: printed by the program, and printed anew and compared by a test. Only the machine's own folder and ports are replaced. Below each are the words of the message that say what is wrong, where, why, and what to do next. One mistake is one message; what to run next can be pasted.

The page is written by \`npm run messages\`.

${parts.join("\n")}`;
}

function indent(text: string): string {
  return text.replaceAll(/^(?=.)/gm, "    ");
}
