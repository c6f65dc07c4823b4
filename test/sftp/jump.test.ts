// A server that is reached over another one. OpenSSH's server stands in between, the sandbox's behind it.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort, hasSshd, type Sshd, startSshd } from "../support/sshd.ts";
import { copyJob, startVendor, type Vendor } from "./support.ts";

interface Way {
  jump?: string;
  jumpKey?: string;
  vendorKey?: string;
  vendorUrl?: string;
  rest?: string;
}

function connectionsOver(sshd: Sshd, vendor: Vendor, way: Way = {}): string {
  const { jump = "bastion", jumpKey = sshd.hostKey, vendorKey = vendor.sandbox.hostKey, rest = "" } = way;
  const url = way.vendorUrl ?? vendor.sandbox.sftp;
  return `version: 1
connections:
  vendor: { type: sftp, url: "${url}", auth: { password: "\${SFTP_PASSWORD}" }, host_key: "${vendorKey}", jump: ${jump} }
  bastion: { type: sftp, url: "${sshd.url()}", auth: { private_key_file: ${sshd.key} }, host_key: "${jumpKey}" }
  out: { type: file, path: ./out }
${rest}`;
}

describe.skipIf(!hasSshd)("over OpenSSH's server", () => {
  let sshd: Sshd;
  beforeAll(async () => {
    sshd = await startSshd();
  });
  afterAll(() => sshd[Symbol.asyncDispose]());

  test("files are taken and written, and the key is pinned through it", async () => {
    await using vendor = await startVendor({ "job.yaml": copyJob() });
    vendor.put({ "in/a.csv": "id,last\n1,Ada\n" });
    vendor.project.write({ "connections.yaml": connectionsOver(sshd, vendor) });
    const run = await vendor.project.run("run", "job.yaml");
    expect(run.code, run.stdout + run.stderr).toBe(0);
    expect(vendor.project.read("out/people.csv")).toBe("Id,Name\n1,Ada\n");
    const pin = await vendor.project.run("connections", "pin", "vendor", "--json");
    expect(JSON.parse(pin.stdout)).toMatchObject({ hostKey: vendor.sandbox.hostKey });
    await sshd.kill();
    const refused = await vendor.project.run("check", "job.yaml");
    await sshd.start();
    expect([refused.code, refused.stderr]).toEqual([75, expect.stringContaining("vendor is unavailable")]);
  });

  test("neither server gets anything before it is verified", async () => {
    await using vendor = await startVendor({ "job.yaml": copyJob() });
    const other = `SHA256:${"A".repeat(43)}`;
    for (const [way, name] of [
      [{ jumpKey: other }, "connection bastion"],
      [{ vendorKey: other }, "connection vendor"],
    ] as const) {
      vendor.project.write({ "connections.yaml": connectionsOver(sshd, vendor, way) });
      const refused = await vendor.project.run("check", "job.yaml");
      expect([refused.code, refused.stderr]).toEqual([8, expect.stringContaining(name)]);
      expect(refused.stderr).toContain("shows another key than expected");
    }
  });

  test("a server that it can't reach is named", async () => {
    await using vendor = await startVendor({ "job.yaml": copyJob() });
    const port = await freePort();
    const way = { vendorUrl: `sftp://a@127.0.0.1:${port}` };
    vendor.project.write({ "connections.yaml": connectionsOver(sshd, vendor, way) });
    const refused = await vendor.project.run("check", "job.yaml");
    expect([refused.code, refused.stderr]).toEqual([75, expect.stringContaining(`can't reach 127.0.0.1:${port}`)]);
  });

  test("a way that leads nowhere or round in a circle is refused where it is written", async () => {
    await using vendor = await startVendor({ "job.yaml": copyJob() });
    vendor.project.write({ "connections.yaml": connectionsOver(sshd, vendor, { jump: "bastoin" }) });
    const unknown = await vendor.project.run("check", "job.yaml");
    expect([unknown.code, unknown.stderr]).toEqual([
      2,
      expect.stringContaining('no connection "bastoin" of type sftp'),
    ]);
    expect(unknown.stderr).toContain('did you mean "bastion"?');
    const rest = `  other: { type: sftp, url: "sftp://a@h", auth: { agent: true }, jump: other }\n`;
    vendor.project.write({ "connections.yaml": connectionsOver(sshd, vendor, { rest }) });
    const circle = await vendor.project.run("check", "job.yaml");
    expect([circle.code, circle.stderr]).toEqual([2, expect.stringContaining("leads round in a circle")]);
  });
});
