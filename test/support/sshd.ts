// OpenSSH's own server, on loopback and as whoever runs the tests, for what only a server we did not write can show.
// In: nothing. Out: a port, a folder that it serves by its absolute path, keys. Tests that need it are skipped, by name,
// where it is not installed.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { makeKeptFolder } from "./kept-folder.ts";

const program = "/usr/sbin/sshd";

/** For `describe.skipIf`. */
export const hasSshd = existsSync(program);

export interface Sshd extends AsyncDisposable {
  port: number;
  user: string;
  /** Absolute; the server serves all of the machine. */
  folder: string;
  /** `SHA256:…` of its ed25519 key. */
  hostKey: string;
  /** Private keys that may sign in: without a passphrase, and with `passphrase`. */
  key: string;
  lockedKey: string;
  passphrase: string;
  /** connections.yaml's URL of a folder below `folder`. */
  url(name?: string): string;
  /** What `known_hosts` has of it, for a type of key. */
  knownHosts(type?: "ed25519" | "rsa"): string;
  kill(): Promise<void>;
  /** On the same port. */
  start(): Promise<void>;
}

export interface SshdRequest {
  port?: number;
  /** Options of its sftp: `-R` writes nothing, `-P open` opens no file. */
  sftp?: string;
}

const passphrase = "a passphrase of the tests";

/** A key of RSA and one with a passphrase cost more than all else of a server's start: all servers of a process share them. */
let dearKeys: string | undefined;

function makeDearKeys(): string {
  const folder = makeKeptFolder("loadline-keys-");
  makeKey(join(folder, "host_rsa"), "rsa");
  makeKey(join(folder, "user"), "ed25519");
  makeKey(join(folder, "locked"), "ed25519", passphrase);
  return folder;
}

export async function startSshd(request: SshdRequest = {}): Promise<Sshd> {
  const home = realpathSync(mkdtempSync(join(tmpdir(), "loadline-sshd-")));
  const folder = join(home, "files");
  mkdirSync(folder);
  // As root, sshd wants a folder of its own; it is empty and stays.
  if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true });
  const path = (name: string) => join(home, name);
  makeKey(path("host_ed25519"), "ed25519");
  dearKeys ??= makeDearKeys();
  cpSync(dearKeys, home, { recursive: true });
  writeFileSync(path("authorized_keys"), ["user", "locked"].map((name) => readFileSync(path(`${name}.pub`))).join(""));
  const port = request.port ?? (await freePort());
  writeFileSync(
    path("sshd_config"),
    [
      `Port ${port}`,
      "ListenAddress 127.0.0.1",
      `HostKey ${path("host_ed25519")}`,
      `HostKey ${path("host_rsa")}`,
      `AuthorizedKeysFile ${path("authorized_keys")}`,
      "PidFile none",
      "UsePAM no",
      "StrictModes no",
      "PasswordAuthentication no",
      `Subsystem sftp internal-sftp ${request.sftp ?? ""}`,
      "MaxStartups 100",
    ].join("\n"),
  );
  const user = userInfo().username;
  let child: ChildProcess | undefined;
  const start = async () => {
    child = spawn(program, ["-D", "-e", "-f", path("sshd_config")], {
      stdio: ["ignore", "ignore", "pipe"],
      detached: true,
    });
    await untilListening(child);
  };
  const kill = async () => {
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    // Its group: each connection has a process of its own.
    process.kill(-child.pid, "SIGKILL");
    await ended;
  };
  await start();
  return {
    port,
    user,
    folder,
    hostKey: fingerprintOf(path("host_ed25519.pub")),
    key: path("user"),
    lockedKey: path("locked"),
    passphrase,
    url: (name = "") => `sftp://${user}@127.0.0.1:${port}${join(folder, name)}`,
    knownHosts: (type = "ed25519") => `[127.0.0.1]:${port} ${readFileSync(path(`host_${type}.pub`), "utf8")}`,
    kill,
    start,
    async [Symbol.asyncDispose]() {
      await kill();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

function makeKey(path: string, type: string, passphrase = ""): void {
  execFileSync("ssh-keygen", ["-q", "-t", type, "-N", passphrase, "-C", "", "-f", path]);
}

function fingerprintOf(path: string): string {
  return execFileSync("ssh-keygen", ["-lf", path], { encoding: "utf8" }).split(" ")[1] ?? "";
}

async function untilListening(child: ChildProcess): Promise<void> {
  let said = "";
  await new Promise<void>((resolve, reject) => {
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (said.includes("Server listening")) resolve();
    });
    child.once("exit", () => reject(new Error(`sshd ended: ${said}`)));
  });
}

/** A port of loopback at which nobody answers. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
