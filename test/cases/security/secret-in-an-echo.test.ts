import { basename } from "node:path";
import { expect } from "vitest";
import { contactsJob, rehearse } from "../../run/support.ts";
import { caseOf } from "../case.ts";

const secret = 's3cr"et\\val\u00fce/+ x';

const echoes: Record<string, string> = {
  "as it is": secret,
  JSON: JSON.stringify(secret).slice(1, -1),
  form: new URLSearchParams({ s: secret }).toString().slice(2),
  percent: encodeURIComponent(secret),
  HTML: secret.replaceAll('"', "&quot;"),
  "base64 of basic authentication": Buffer.from(`sandbox:${secret}`).toString("base64"),
};

caseOf("security/secret-in-an-echo", "a secret is shown in no writing of it, and not in part", async () => {
  await using place = await rehearse(contactsJob(), { "inbox/contacts.csv": "id,last,email\nA,Ann,a@mail.example\n" });
  const { project, sandbox } = place;
  const shownBy = async (...flags: string[]) => {
    const done = await project.run("run", "job.yaml", ...flags);
    const run = basename(project.runFolders().at(-1) ?? "");
    return done.stdout + done.stderr + project.read(`.loadline/runs/${run}/events.jsonl`);
  };
  project.env["SF_CLIENT_SECRET"] = secret;
  const all = Object.entries(echoes).map(([name, echo]) => `${name}: you sent ${echo} to us`);
  await sandbox.setFaults([
    {
      match: "POST /services/oauth2/token",
      do: { status: 503, headers: { "Retry-After": "0" }, body: all.join("\n") },
    },
  ]);
  const shown = await shownBy("--verbose");
  expect(shown).toContain("**secret**");
  for (const [name, echo] of Object.entries(echoes)) {
    expect([name, shown.includes(echo)]).toEqual([name, false]);
    expect([name, shown.includes(echo.slice(0, 12))]).toEqual([name, false]);
  }

  // What is kept of an answer ends within the token.
  const token = "00Dsandbox0000001!loadline";
  project.env["SF_TOKEN"] = token;
  project.write({
    "connections.yaml": project
      .read("connections.yaml")
      .replace(/auth: \{ client_credentials.*/, `auth: { access_token: "\${SF_TOKEN}" }`),
  });
  for (const kept of [token.length - 1, 18]) {
    const body = "x".repeat(300 - kept) + token;
    await sandbox.setFaults([
      { match: "* /services/data/*/limits", do: { status: 500, headers: { "Retry-After": "0" }, body } },
    ]);
    expect(await shownBy("--json")).not.toContain(token.slice(0, kept));
  }
});
