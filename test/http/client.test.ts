import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, onTestFinished, test, vi } from "vitest";
import { HttpClient, readJson, readText } from "../../src/http/client.ts";
import { CallFault } from "../../src/http/outcome.ts";

async function serve(answer: RequestListener): Promise<{ url: string; client: HttpClient }> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const client = new HttpClient(() => false);
  onTestFinished(async () => {
    client.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/path?token=hidden`, client };
}

async function faultOf(act: Promise<unknown>): Promise<CallFault> {
  const error = await act.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(CallFault);
  return error as CallFault;
}

test("a fault names method and path, and neither query nor credentials", async () => {
  const { url, client } = await serve((_, response) => response.writeHead(500).end("boom"));
  const headers = { authorization: "Bearer very-secret" };
  const { message } = await faultOf(client.send({ method: "GET", url, headers }));
  expect(message).toContain("/path: HTTP 500 boom");
  expect(message).not.toMatch(/hidden|very-secret/);
});

test("a redirect is not followed", async () => {
  const { url, client } = await serve((_, response) =>
    response.writeHead(302, { location: "http://127.0.0.1:1" }).end(),
  );
  const fault = await faultOf(client.send({ method: "GET", url }));
  expect(fault.status).toBe(302);
  expect(client.calls).toBe(1);
});

test("nobody listening is a refusal, an answer cut off in its head is unknown", async () => {
  const { url, client } = await serve((request) => request.socket.destroy());
  expect((await faultOf(client.send({ method: "POST", url, body: "x" }))).outcome).toBe("unknown");
  const nobody = await faultOf(client.send({ method: "POST", url: "http://127.0.0.1:1/", body: "x" }));
  expect(nobody.outcome).toBe("refused");
});

test("an answer that breaks off in its body is unknown, and so is one that is no JSON", async () => {
  const { url, client } = await serve((_, response) => {
    response.writeHead(200, { "content-length": "100" });
    response.write("half", () => response.destroy());
  });
  const broken = await client.send({ method: "GET", url });
  expect((await faultOf(readText(broken, "reading"))).outcome).toBe("unknown");
  const page = await serve((_, response) => response.end("<html>"));
  const answer = await page.client.send({ method: "GET", url: page.url });
  expect((await faultOf(readJson(answer, "reading"))).outcome).toBe("unknown");
});

test("a stop ends a call that waits for its answer, with the stop's own reason", async () => {
  const stop = new AbortController();
  const reason = new Error("stopped");
  const { url, client } = await serve(() => stop.abort(reason));
  await expect(client.send({ method: "GET", url, signal: stop.signal })).rejects.toBe(reason);
});

test("an upload that is answered before it is read leaves no file open", async () => {
  const folder = mkdtempSync(join(tmpdir(), "loadline-http-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "upload.csv");
  const bytes = 64 << 20;
  writeFileSync(path, Buffer.alloc(bytes));
  const { url, client } = await serve((_, response) => response.writeHead(401).end("no"));
  const fault = await faultOf(client.send({ method: "PUT", url, body: { path, bytes } }));
  expect([401, undefined]).toContain(fault.status);
  await vi.waitFor(() => expect(openFiles()).not.toContain(path));
});

/** Paths that this process holds open (Linux). */
function openFiles(): string[] {
  return readdirSync("/proc/self/fd").flatMap((name) => {
    try {
      return [readlinkSync(`/proc/self/fd/${name}`)];
    } catch {
      return [];
    }
  });
}

test("an answer in gzip is unpacked however the coding is named, and bytes that are no text are no JSON", async () => {
  const zipped = await serve((_, response) =>
    response.writeHead(200, { "content-encoding": "X-GZIP" }).end(gzipSync('{"a":1}')),
  );
  const get = { method: "GET" as const };
  expect(await readJson(await zipped.client.send({ ...get, url: zipped.url }), "a call")).toEqual({ a: 1 });
  const latin = await serve((_, response) => response.end(Buffer.from('{"name":"M\xfcller"}', "latin1")));
  const answer = await latin.client.send({ ...get, url: latin.url });
  const fault = await faultOf(readJson(answer, "a call"));
  expect(fault).toMatchObject({ outcome: "unknown", message: expect.stringContaining("strange answer") });
});
