// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of a job are written so
// Mail, delivered to Debian's aiosmtpd: over TLS, by STARTTLS and, on loopback, in plain text.

import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sendMail } from "../../src/notify/email.ts";
import { createProject, startChild } from "../support/rig.ts";
import { makeCertificate } from "./certificate.ts";
import { peopleJob } from "./people-job.ts";

interface Letter {
  from: string;
  to: string[];
  user: string | null;
  tls: boolean;
  headers: Record<string, string>;
  text: string;
}

const folder = mkdtempSync(join(tmpdir(), "loadline-mail-"));
const [certificate, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];

interface MailServer extends AsyncDisposable {
  port: number;
  letters(): Letter[];
}

async function startMailServer(mode: "plain" | "starttls" | "tls"): Promise<MailServer> {
  const script = fileURLToPath(new URL("smtp-server.py", import.meta.url));
  const running = startChild("/usr/bin/python3", [script, mode, certificate, key]);
  let printed = "";
  running.child.stdout?.on("data", (text: string) => {
    printed += text;
  });
  await running.untilPrinted("\n");
  const [port = "", ...rest] = printed.split("\n");
  expect(rest).toEqual([""]);
  return {
    port: Number(port),
    letters: () =>
      printed
        .split("\n")
        .slice(1, -1)
        .map((line) => JSON.parse(line) as Letter),
    [Symbol.asyncDispose]: async () => void (await running.kill("SIGKILL")),
  };
}

let tls: MailServer;
let starttls: MailServer;
let plain: MailServer;

beforeAll(async () => {
  const made = makeCertificate();
  writeFileSync(certificate, made.cert);
  writeFileSync(key, made.key);
  [tls, starttls, plain] = await Promise.all([
    startMailServer("tls"),
    startMailServer("starttls"),
    startMailServer("plain"),
  ]);
});

afterAll(async () => {
  for (const server of [tls, starttls, plain]) await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** By 0.0.0.0 this machine is reached and does not count as loopback. */
function mailJob(): string {
  const auth = (password: string) => `, auth: { user: etl, password: "\${${password}}" }`;
  const mail = (to: string, smtp: string, more = "") =>
    `  - { when: [failure], email: { to: ${to}, from: "Nightly <etl@acme.example>", smtp: "${smtp}"${more} } }`;
  const notices = [
    mail('[ops@acme.example, "${NOBODY:-}"]', `smtps://127.0.0.1:${tls.port}`, auth("MAIL_PASSWORD")),
    mail("starttls@acme.example", `smtp://0.0.0.0:${starttls.port}`, auth("MAIL_PASSWORD")),
    mail("plain@acme.example", `smtp://127.0.0.1:${plain.port}`),
    mail("not-plain@acme.example", `smtp://0.0.0.0:${plain.port}`),
    mail("wrong@acme.example", `smtps://127.0.0.1:${tls.port}`, auth("WRONG_PASSWORD")),
    mail("[some@acme.example, nobody@acme.example]", `smtp://127.0.0.1:${plain.port}`),
    mail('"${NOBODY:-}"', `smtp://127.0.0.1:${plain.port}`),
  ];
  return peopleJob("nothing", notices);
}

test("a failure comes as a letter by TLS, STARTTLS and on loopback plain; what a server refuses is a warning", async () => {
  await using project = createProject({
    "connections.yaml": "version: 1\nconnections: { drop: { type: file, path: . } }\n",
    "in.csv": "id\n1\n",
    "job.yaml": mailJob(),
  });
  const env = {
    NODE_EXTRA_CA_CERTS: certificate,
    MAIL_PASSWORD: "mail-password-17",
    WRONG_PASSWORD: "wrong-password-18",
  };
  const run = await project.start(["run", "job.yaml"], { env }).finished;
  expect(run.code, run.stderr).toBe(2);

  const [letter, ...none] = tls.letters();
  expect(none).toEqual([]);
  expect(letter).toMatchObject({ from: "etl@acme.example", to: ["ops@acme.example"], user: "etl", tls: true });
  expect(letter?.headers).toMatchObject({
    from: "Nightly <etl@acme.example>",
    to: "ops@acme.example",
    subject: "people: failed (exit code 2)",
    "auto-submitted": "auto-generated",
  });
  expect(letter?.text).toContain('the files of stream people have no column "nothing"');
  expect(letter?.text).toMatch(/^next: loadline run job\.yaml$/m);
  expect(starttls.letters()).toMatchObject([{ to: ["starttls@acme.example"], user: "etl", tls: true }]);
  const recipients = plain.letters().map(({ to, tls: isSecure }) => [...to, isSecure]);
  expect(recipients.sort()).toEqual([
    ["plain@acme.example", false],
    ["some@acme.example", false],
  ]);

  const warnings = run.stderr.split("warning: ").slice(1);
  expect(warnings).toHaveLength(3);
  expect(warnings[0]).toMatch(/^job\.yaml:12:5: email by 0\.0\.0\.0:\d+ was not told\n {2}why: {2}.*STARTTLS/);
  expect(warnings[1]).toMatch(
    /^job\.yaml:13:5: email by 127\.0\.0\.1:\d+ was not told\n {2}why: {2}Invalid login: 535/,
  );
  expect(warnings[2]).toMatch(/\n {2}why: {2}the server refuses nobody@acme\.example\n/);
  expect(run.stdout + run.stderr).not.toMatch(/password-1[78]/);
});

test("a server that nobody vouches for, or that never greets, ends an attempt in words", async () => {
  const letter = { from: "etl@acme.example", to: ["ops@acme.example"], subject: "s", text: "t" };
  const why = async (url: string, msMax: number) => {
    const failed = await sendMail({ server: new URL(url), letter, msMax }).catch((error: { why?: string }) => error);
    return typeof failed === "string" ? failed : failed.why;
  };
  expect(await why(`smtps://127.0.0.1:${tls.port}`, 20_000)).toContain("self-signed certificate");
  const silent = createServer();
  silent.listen(0, "127.0.0.1");
  await once(silent, "listening");
  const { port } = silent.address() as AddressInfo;
  expect(await why(`smtp://127.0.0.1:${port}`, 1000)).toBe("no answer within 1 s");
  expect(await why(`smtps://127.0.0.1:${port}`, 1000)).toBe("no answer within 1 s");
  silent.close();
  expect(await why("smtp://127.0.0.1:1", 1000)).toContain("ECONNREFUSED");
});
