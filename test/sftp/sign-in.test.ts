import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ssh2, { type AuthContext } from "ssh2";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createProject, type Finished, type Project } from "../support/rig.ts";
import { makeKey } from "../support/ssh-key.ts";
import { hasSshd, type Sshd, startSshd } from "../support/sshd.ts";
import { connectionsFile, copyJob, startVendor } from "./support.ts";

const job = copyJob({ files: "*.csv" });
const csv = "id,last\n1,Ada\n";

/** Runs `check`, which signs in and reads a header, against a server at an address. */
async function checkAgainst(connection: string, env: Record<string, string | undefined> = {}): Promise<Finished> {
  await using project: Project = createProject({ "connections.yaml": connectionsFile(connection), "job.yaml": job });
  project.env = env;
  return await project.run("check", "job.yaml");
}

test("a password signs in, and another one is exit code 8 without a word of it", async () => {
  await using vendor = await startVendor({ "job.yaml": copyJob() });
  vendor.put({ "in/a.csv": csv });
  expect((await vendor.project.run("check", "job.yaml")).code).toBe(0);
  vendor.project.env["SFTP_PASSWORD"] = "wrong-password-of-the-test";
  const refused = await vendor.project.run("run", "job.yaml");
  expect(refused.code).toBe(8);
  expect(refused.stderr).toContain("refused the sign-in of sandbox");
  expect(refused.stderr + refused.stdout).not.toContain("wrong-password");
});

test("a key in PKCS #8 signs in, and a file that is no key says so", async () => {
  await using vendor = await startVendor({ "job.yaml": copyJob() });
  vendor.put({ "in/a.csv": csv });
  const key = (file: string) =>
    connectionsFile(
      `{ type: sftp, url: "${vendor.sandbox.sftp}", auth: { private_key_file: ${file} }, host_key: "${vendor.sandbox.hostKey}" }`,
    );
  vendor.project.write({ "connections.yaml": key(join(vendor.folder, "../sandbox.key")), "no.key": "nothing" });
  expect((await vendor.project.run("check", "job.yaml")).code).toBe(0);
  vendor.project.write({ "connections.yaml": key("no.key") });
  const refused = await vendor.project.run("check", "job.yaml");
  expect([refused.code, refused.stderr]).toEqual([8, expect.stringContaining("the private key can't be used")]);
});

test("where nobody answers it is exit code 75", async () => {
  const unpinned = `{ type: sftp, url: "sftp://a@127.0.0.1:1", auth: { agent: true } }`;
  const { code, stderr } = await checkAgainst(unpinned, { SSH_AUTH_SOCK: "/nowhere" });
  expect([code, stderr]).toEqual([75, expect.stringContaining("vendor is unavailable")]);
});

interface OwnServer extends AsyncDisposable {
  url: string;
  hostKey: string;
  /** Methods that were tried. */
  attempts: string[];
}

/** An SSH server without files, for what a client sends before it is let in. */
async function startOwnServer(decide: (context: AuthContext) => void): Promise<OwnServer> {
  const key = makeKey();
  const attempts: string[] = [];
  const ssh = new ssh2.Server({ hostKeys: [key.private] }, (connection) => {
    connection.on("authentication", (context) => {
      attempts.push(context.method);
      decide(context);
    });
    connection.on("session", (accept) => accept().on("sftp", (acceptSftp) => void acceptSftp()));
    connection.on("error", () => undefined);
  });
  const server = createServer({ noDelay: true }, (socket) => void ssh.injectSocket(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const folder = mkdtempSync(join(tmpdir(), "loadline-key-"));
  writeFileSync(join(folder, "key.pub"), key.public);
  const hostKey =
    execFileSync("ssh-keygen", ["-lf", join(folder, "key.pub")], { encoding: "utf8" }).split(" ")[1] ?? "";
  rmSync(folder, { recursive: true });
  return {
    url: `sftp://ada@127.0.0.1:${(server.address() as AddressInfo).port}`,
    hostKey,
    attempts,
    [Symbol.asyncDispose]: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}

test("prompts are answered with the password where the server takes nothing else", async () => {
  const answers: string[] = [];
  await using server = await startOwnServer((context) => {
    if (context.method !== "keyboard-interactive") return context.reject(["keyboard-interactive"]);
    context.prompt(
      [
        { prompt: "Password: ", echo: false },
        { prompt: "Colour? ", echo: true },
      ],
      (given) => {
        answers.push(...given);
        context.reject([]);
      },
    );
  });
  const connection = `{ type: sftp, url: "${server.url}", auth: { password: "\${PW}" }, host_key: "${server.hostKey}" }`;
  expect((await checkAgainst(connection, { PW: "secret-of-ada" })).code).toBe(8);
  expect(answers).toEqual(["secret-of-ada", ""]);
});

test("a server with another key than the pinned one, or an unknown one, hears nothing of who asks", async () => {
  await using server = await startOwnServer((context) => context.reject([]));
  const other = `SHA256:${"A".repeat(43)}`;
  const auth = `auth: { password: "\${PW}" }`;
  const env = { PW: "secret-of-ada", HOME: "/nowhere" };
  const changed = await checkAgainst(`{ type: sftp, url: "${server.url}", ${auth}, host_key: "${other}" }`, env);
  expect([changed.code, changed.stderr]).toEqual([8, expect.stringContaining("shows another key than expected")]);
  const unknown = await checkAgainst(`{ type: sftp, url: "${server.url}", ${auth} }`, env);
  expect([unknown.code, unknown.stderr]).toEqual([8, expect.stringContaining(`host_key: "${server.hostKey}"`)]);
  expect(server.attempts).toEqual([]);
});

test("connections pin prints the key and what it is compared with, and signs in to nothing", async () => {
  await using server = await startOwnServer((context) => context.reject([]));
  const connection = `{ type: sftp, url: "${server.url}", auth: { password: "\${PW}" } }`;
  await using project = createProject({ "connections.yaml": connectionsFile(connection) });
  const pinned = await project.run("connections", "pin", "vendor");
  expect(pinned.stdout).toContain(`host_key: "${server.hostKey}"   # ssh-ed25519, 127.0.0.1`);
  const { port } = new URL(server.url);
  const json = await project.run("connections", "pin", "vendor", "--json");
  expect(JSON.parse(json.stdout)).toEqual({
    ...{ connection: "vendor", host: "127.0.0.1", port: Number(port), type: "ssh-ed25519" },
    ...{ hostKey: server.hostKey, pinned: null },
  });
  expect((await project.run("connections", "pin", "out")).code).toBe(2);
  expect((await project.run("connections", "pin", "vendr")).stderr).toContain('did you mean "vendor"');
  expect(server.attempts).toEqual([]);
});

describe.skipIf(!hasSshd)("OpenSSH's server", () => {
  let server: Sshd;
  beforeAll(async () => {
    server = await startSshd();
    writeFileSync(join(server.folder, "a.csv"), csv);
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const connect = (auth: string, trust = `host_key: "${server.hostKey}"`) =>
    `{ type: sftp, url: "${server.url()}", auth: ${auth}, ${trust} }`;

  test("takes a key, one with a passphrase, and refuses the wrong passphrase", async () => {
    expect((await checkAgainst(connect(`{ private_key_file: ${server.key} }`))).code).toBe(0);
    const locked = connect(`{ private_key_file: ${server.lockedKey}, passphrase: "\${PHRASE}" }`);
    expect((await checkAgainst(locked, { PHRASE: server.passphrase })).code).toBe(0);
    const wrong = await checkAgainst(locked, { PHRASE: "another" });
    expect([wrong.code, wrong.stderr]).toEqual([8, expect.stringContaining("the private key can't be used")]);
  });

  test("takes the keys of an agent; without one that is said", async () => {
    const started = execFileSync("ssh-agent", ["-s"], { encoding: "utf8" });
    const [, socket = ""] = /SSH_AUTH_SOCK=([^;]+)/.exec(started) ?? [];
    const [, process_ = ""] = /SSH_AGENT_PID=(\d+)/.exec(started) ?? [];
    try {
      execFileSync("ssh-add", ["-q", server.key], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
      expect((await checkAgainst(connect("{ agent: true }"), { SSH_AUTH_SOCK: socket })).code).toBe(0);
    } finally {
      process.kill(Number(process_));
    }
    const none = await checkAgainst(connect("{ agent: true }"), { SSH_AUTH_SOCK: undefined });
    expect([none.code, none.stderr]).toEqual([8, expect.stringContaining("there is no SSH agent")]);
  });

  test("is known by known_hosts: plain, hashed, of another type of key; not by one that is revoked or changed", async () => {
    const folder = mkdtempSync(join(tmpdir(), "loadline-hosts-"));
    const check = async (text: string, hash = false) => {
      const path = join(folder, "known_hosts");
      writeFileSync(path, text);
      if (hash) execFileSync("ssh-keygen", ["-q", "-H", "-f", path], { stdio: "ignore" });
      return checkAgainst(connect(`{ private_key_file: ${server.key} }`, `known_hosts: ${path}`));
    };
    const [plain, rsa] = [server.knownHosts(), server.knownHosts("rsa")];
    try {
      expect((await check(`# a comment\n${plain}`)).code).toBe(0);
      expect((await check(plain, true)).code).toBe(0);
      // The server has both; it is asked for the one that is known.
      expect((await check(rsa)).code).toBe(0);
      const otherPort = await check(plain.replace(/:\d+/, ":22"));
      expect([otherPort.code, otherPort.stderr]).toEqual([8, expect.stringContaining("is not known")]);
      const changed = await check(
        plain.replace(/ssh-ed25519 \S+/, rsa.split(" ").slice(1, 3).join(" ")).replace("ssh-rsa", "ssh-ed25519"),
      );
      expect([changed.code, changed.stderr]).toEqual([8, expect.stringContaining("shows another key than expected")]);
      const revoked = await check(`${plain}@revoked ${plain}`);
      expect([revoked.code, revoked.stderr]).toEqual([8, expect.stringContaining("is revoked")]);
      const authority = await check(`@cert-authority ${plain}${rsa}`);
      expect([authority.code, authority.stdout]).toEqual([
        0,
        expect.stringContaining("@cert-authority is passed over"),
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
