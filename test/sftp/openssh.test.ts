// What becomes of a run where OpenSSH's server refuses: for want of a right, of room, or because it is another one.

import { once } from "node:events";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { canMount, fillDisk, mountDisk } from "../support/disk.ts";
import { createProject, type Project } from "../support/rig.ts";
import { freePort, hasSshd, type Sshd, startSshd } from "../support/sshd.ts";
import { connectionsFile, copyJob, manyBytes } from "./support.ts";

const csv = "id,last\n1,Ada\n";
/** So large that something is left to be sent when the first of it is seen. */
const { csv: rows } = manyBytes(9);

const uploadJob = copyJob({ files: "a.csv" })
  .replace("{ connection: vendor,", "{ connection: out,")
  .replace("{ connection: out, files: people.csv", "{ connection: vendor, files: people.csv");

function projectOf(server: Sshd, folder: string, files: Record<string, string>): Project {
  const auth = `auth: { private_key_file: ${server.key} }, host_key: "${server.hostKey}"`;
  return createProject({
    "connections.yaml": connectionsFile(`{ type: sftp, url: "${server.url(folder)}", ${auth} }`),
    ...files,
  });
}

describe.skipIf(!hasSshd)("OpenSSH's server", () => {
  test("that lets nobody write, or open, is exit code 8 and says which file", async () => {
    await using readOnly = await startSshd({ sftp: "-R" });
    await using sender = projectOf(readOnly, "", { "job.yaml": uploadJob, "out/a.csv": csv });
    const unwritten = await sender.run("run", "job.yaml");
    expect([unwritten.code, unwritten.stderr]).toEqual([
      8,
      expect.stringMatching(/the user may not write .*people\.csv/),
    ]);
    await using closed = await startSshd({ sftp: "-P open" });
    writeFileSync(join(closed.folder, "a.csv"), csv);
    await using taker = projectOf(closed, "", { "job.yaml": copyJob({ files: "*.csv" }) });
    const unread = await taker.run("run", "job.yaml");
    expect([unread.code, unread.stderr]).toEqual([8, expect.stringMatching(/the user may not .*a\.csv/)]);
  });

  test.skipIf(!canMount)("whose disk is full stops the run, and resume goes on once there is room", async () => {
    await using server = await startSshd();
    const disk = join(server.folder, "small");
    using _mounted = mountDisk(disk, 16);
    const filler = fillDisk(disk);
    await using project = projectOf(server, "small", { "job.yaml": uploadJob, "out/a.csv": rows });
    const stopped = await project.run("run", "job.yaml");
    expect([stopped.code, stopped.stderr]).toEqual([1, expect.stringMatching(/would not write .*people\.csv/)]);
    expect(stopped.stderr).toContain("whether there is room on the server");
    expect(readdirSync(disk)).not.toContain("people.csv");
    rmSync(filler);
    const resumed = await project.run("resume");
    expect(resumed.code, resumed.stdout).toBe(0);
    expect(readFileSync(join(disk, "people.csv"), "utf8")).toBe(rows.replace("id,last", "Id,Name"));
  });

  test("that is another one after a break of the connection gets nothing more", async () => {
    await using server = await startSshd();
    await using impostor = await startSshd();
    await using line = await breakingLine(1 << 20, [server.port, impostor.port]);
    await using project = projectOf(
      { ...server, url: () => server.url().replace(`${server.port}`, `${line.port}`) },
      "",
      {
        "job.yaml": uploadJob,
        "out/a.csv": rows,
      },
    );
    const ended = await project.run("run", "job.yaml");
    expect(line.connections).toBe(2);
    expect([ended.code, ended.stderr]).toEqual([8, expect.stringContaining("shows another key than expected")]);
  });
});

interface BreakingLine extends AsyncDisposable {
  port: number;
  connections: number;
}

/** The first connection leads to the first port and breaks after so many bytes, the others lead to the second. */
async function breakingLine(bytesMax: number, [first, second]: [number, number]): Promise<BreakingLine> {
  const line: BreakingLine = { port: await freePort(), connections: 0, [Symbol.asyncDispose]: close };
  const server = createServer({ noDelay: true }, (from) => {
    line.connections += 1;
    const isFirst = line.connections === 1;
    const to = connect({ port: isFirst ? first : second, host: "127.0.0.1", noDelay: true });
    for (const socket of [from, to]) socket.on("error", () => undefined);
    let bytes = 0;
    from.on("data", (chunk) => {
      bytes += chunk.length;
      if (isFirst && bytes > bytesMax) from.destroy();
    });
    from.on("close", () => to.destroy());
    from.pipe(to).pipe(from);
  });
  async function close() {
    await new Promise((resolve) => server.close(resolve));
  }
  await once(server.listen(line.port, "127.0.0.1"), "listening");
  return line;
}
