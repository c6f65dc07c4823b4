import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { startSandbox } from "../../src/sandbox/sandbox.ts";
import { temporaryFolder } from "./support.ts";

const program = "/usr/bin/sftp";

async function startSftp(dataFolder: string, faultsFile?: string) {
  const sandbox = await startSandbox({
    salesforcePort: 0,
    hubspotPort: 0,
    sftpPort: 0,
    seed: "empty",
    faultSeed: 1,
    dataFolder,
    ...(faultsFile === undefined ? {} : { faultsFile }),
  });
  return { ...sandbox, [Symbol.asyncDispose]: () => sandbox.close() };
}

/** Runs a batch of OpenSSH's own client. The server is in this process: it must be awaited. */
async function runSftp(url: string | undefined, dataFolder: string, commands: readonly string[]) {
  const { spawn } = await import("node:child_process");
  const { username, hostname, port } = new URL(url ?? "");
  const options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "IdentitiesOnly=yes", "LogLevel=ERROR"];
  const child = spawn(program, [
    ...options.flatMap((option) => ["-o", option]),
    ...["-i", join(dataFolder, "sandbox.key"), "-P", port, "-b", "-", `${username}@${hostname}`],
  ]);
  child.stdin.end(`${commands.join("\n")}\n`);
  const output = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output.stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    output.stderr += text;
  });
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, ...output };
}

describe.skipIf(!existsSync(program))("OpenSSH's sftp", () => {
  test("writes, lists, renames, reads and deletes, byte for byte", async () => {
    const data = temporaryFolder();
    const local = temporaryFolder();
    await using sandbox = await startSftp(data);
    const content = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => (index * 7919) % 251));
    writeFileSync(join(local, "big"), content);
    const { code, stdout, stderr } = await runSftp(sandbox.sftp, data, [
      "mkdir in",
      `put -f ${join(local, "big")} in/big`,
      `get in/big ${join(local, "back")}`,
      "rename in/big in/large",
      "chmod 640 in/large",
      "ls -l in",
      "rm in/large",
      "rmdir in",
      "ls",
    ]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(readFileSync(join(local, "back")).equals(content)).toBe(true);
    expect(stdout).toMatch(/-rw-r----- +1 sandbox +sandbox +3000000 .* large/);
    expect(existsSync(join(data, "sftp/in"))).toBe(false);
  });

  test("finds no way out of the folder, by .. or by a link", async () => {
    const data = temporaryFolder();
    const local = temporaryFolder();
    await using sandbox = await startSftp(data);
    writeFileSync(join(data, "secret"), "x");
    symlinkSync("/etc", join(data, "sftp/out"));
    symlinkSync("../secret", join(data, "sftp/link"));
    for (const path of ["../secret", "/../../secret", "out/hosts", "link"]) {
      const { code } = await runSftp(sandbox.sftp, data, [`get ${path} ${join(local, "got")}`]);
      expect([path, code]).toEqual([path, 1]);
    }
    writeFileSync(join(local, "own"), "y");
    expect((await runSftp(sandbox.sftp, data, [`put ${join(local, "own")} link`])).code).toBe(1);
    expect((await runSftp(sandbox.sftp, data, [`put ${join(local, "own")} out/own`])).code).toBe(1);
    expect(existsSync(join(local, "got"))).toBe(false);
    expect(readFileSync(join(data, "secret"), "utf8")).toBe("x");
  });

  test("is refused without the key, and by a fault", async () => {
    const data = temporaryFolder();
    const other = temporaryFolder();
    execFileSync("ssh-keygen", ["-q", "-t", "rsa", "-N", "", "-f", join(other, "sandbox.key")]);
    const faults = join(other, "faults.json");
    writeFileSync(faults, JSON.stringify([{ match: "OPENDIR /in", do: { sftpStatus: 3 } }]));
    await using sandbox = await startSftp(data, faults);
    mkdirSync(join(data, "sftp/in"));
    expect((await runSftp(sandbox.sftp, other, ["ls"])).code).toBe(255);
    expect((await runSftp(sandbox.sftp, data, ["ls"])).code).toBe(0);
    expect((await runSftp(sandbox.sftp, data, ["ls in"])).stderr).toContain("Permission denied");
  });
});

test("files and the host key are there after a restart, and the key can be told by ssh-keygen", async () => {
  const data = temporaryFolder();
  const before = await startSftp(data);
  writeFileSync(join(data, "sftp/a"), "1");
  await before.close();
  await using after = await startSftp(data);
  expect(after.hostKey).toBe(before.hostKey);
  const told = spawnSync("ssh-keygen", ["-lf", join(data, "sftp-host.key")], { encoding: "utf8" });
  expect(told.stdout).toContain(after.hostKey);
  expect(readFileSync(join(data, "sftp/a"), "utf8")).toBe("1");
});

test("a host key that can't be read, as ssh2 makes one now and then, is made again", async () => {
  const data = temporaryFolder();
  writeFileSync(
    join(data, "sftp-host.key"),
    "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
  );
  await using sandbox = await startSftp(data);
  expect((await runSftp(sandbox.sftp, data, ["ls"])).code).toBe(0);
});
