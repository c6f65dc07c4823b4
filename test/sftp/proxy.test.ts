// SFTP through a proxy: SOCKS5, and HTTP's CONNECT. Only the proxy knows the server by its name.

import { expect, test } from "vitest";
import { startForwardProxy } from "../support/forward-proxy.ts";
import { startSocksProxy } from "../support/socks-proxy.ts";
import { connectionsFile, copyJob, startVendor, type Vendor } from "./support.ts";

const host = "files.vendor.example";
const portOf = (vendor: Vendor) => Number(new URL(vendor.sandbox.sftp).port);

function through(vendor: Vendor, proxy: string): void {
  const auth = `auth: { password: "\${SFTP_PASSWORD}" }, host_key: "${vendor.sandbox.hostKey}"`;
  const line = `{ type: sftp, url: "sftp://sandbox@${host}", ${auth}, proxy: "${proxy}" }`;
  vendor.project.write({ "connections.yaml": connectionsFile(line) });
}

test("files come through SOCKS5 and through CONNECT, with user and password, by the server's name", async () => {
  await using vendor = await startVendor({ "job.yaml": copyJob() });
  const { project } = vendor;
  project.env["PROXY_PASSWORD"] = "pa%3Ass-word9";
  vendor.put({ "in/a.csv": "id,last\n1,Ada\n" });
  await using socks = await startSocksProxy({ [host]: portOf(vendor) }, { user: "etl", password: "pa:ss-word9" });
  through(vendor, `socks5://etl:\${PROXY_PASSWORD}@127.0.0.1:${socks.port}`);
  const first = await project.run("run", "job.yaml", "--verbose");
  expect(first.code, first.stdout + first.stderr).toBe(0);
  expect(project.read("out/people.csv")).toBe("Id,Name\n1,Ada\n");
  expect(new Set(socks.asked)).toEqual(new Set([`${host}:22`]));

  await using http = await startForwardProxy({ [host]: portOf(vendor) });
  vendor.put({ "in/a.csv": "id,last\n2,Bob\n" });
  through(vendor, `http://etl:\${PROXY_PASSWORD}@127.0.0.1:${http.port}`);
  const second = await project.run("run", "job.yaml", "--verbose");
  expect(second.code, second.stdout + second.stderr).toBe(0);
  expect(project.read("out/people.csv")).toBe("Id,Name\n2,Bob\n");
  expect(new Set(http.asked)).toEqual(new Set([`CONNECT ${host}:22`]));
  expect(http.credentials[0]).toBe(`Basic ${Buffer.from("etl:pa:ss-word9").toString("base64")}`);
  const pin = await project.run("connections", "pin", "vendor", "--json");
  expect(JSON.parse(pin.stdout)).toMatchObject({ hostKey: vendor.sandbox.hostKey });

  // And what each refuses is told as its own.
  http.refuse(407);
  const unknown = await project.run("check", "job.yaml");
  expect(unknown.code).toBe(8);
  expect(unknown.stderr).toContain(`the proxy http://127.0.0.1:${http.port} of connection vendor answered 407`);
  project.env["PROXY_PASSWORD"] = "wrong-word9";
  through(vendor, `socks5://etl:\${PROXY_PASSWORD}@127.0.0.1:${socks.port}`);
  const wrong = await project.run("check", "job.yaml");
  expect(wrong.code).toBe(8);
  expect(wrong.stderr).toContain(`the proxy socks5://127.0.0.1:${socks.port} of connection vendor opened no way`);
  for (const run of [first, second, unknown, wrong]) expect(run.stdout + run.stderr).not.toMatch(/word9/);
});

test.each([
  ["socks5://etl:word9@proxy:1080", "a password does not stand in this file"],
  [`socks5://etl:word9@\${PROXY}:1080`, "a password does not stand in this file"],
  ["https://proxy:443", "expected socks5://host:port or http://host:port"],
  ["socks4://proxy", "expected socks5://host:port or http://host:port"],
  ["proxy:1080", "expected socks5://host:port or http://host:port"],
  [`\${PROXY}`, "expected socks5://host:port or http://host:port"],
  [`socks5://etl:\${BAD}@proxy`, "special characters are written as in every URL"],
])("%s is refused at its line: %s", async (proxy, why) => {
  await using vendor = await startVendor({ "job.yaml": copyJob() });
  Object.assign(vendor.project.env, { PROXY: "proxy", BAD: "50%off" });
  through(vendor, proxy);
  const refused = await vendor.project.run("check", "job.yaml");
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain(why);
  expect(refused.stderr).toContain("connections.yaml:3");
  expect(refused.stderr).not.toMatch(/word9|50%off/);
});

test("with jump the proxy is that of the server in between", async () => {
  await using vendor = await startVendor({ "job.yaml": copyJob() });
  const server = `type: sftp, url: "${vendor.sandbox.sftp}", auth: { agent: true }`;
  vendor.project.write({
    "connections.yaml": `${connectionsFile(`{ ${server}, jump: bastion, proxy: "socks5://p:1" }`)}  bastion: { ${server} }\n`,
  });
  const refused = await vendor.project.run("check", "job.yaml");
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain("the way leads over bastion: write proxy there");
});
