import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "vitest";
import { contactsJob, rehearse } from "../../run/support.ts";
import { caseOf } from "../case.ts";

interface Answer {
  status: number;
  headers?: Record<string, string>;
  body: string;
  /** Whether HubSpot saw the call that is answered so. */
  passedOn: boolean;
}

const page = "<html>gateway</html>";
const burst = JSON.stringify({
  status: "error",
  message: "ten_secondly_rolling",
  errorType: "RATE_LIMIT",
  correlationId: "c",
});

const answers: [Answer, number][] = [
  [{ status: 503, headers: { "retry-after": "0" }, body: page, passedOn: true }, 5],
  [{ status: 408, body: page, passedOn: true }, 5],
  [{ status: 429, headers: { "retry-after": "0" }, body: '{"message":"Too Many Requests"}', passedOn: true }, 5],
  [{ status: 403, body: page, passedOn: true }, 5],
  // HubSpot's own word: nothing was done, so the call is made again.
  [{ status: 429, headers: { "retry-after": "0" }, body: burst, passedOn: false }, 0],
];

caseOf("state/answer-of-a-gateway", "an answer that a gateway gave says nothing of what HubSpot did", async () => {
  await using place = await rehearse("", {});
  let next: Answer | undefined;
  const gateway = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const sent = Buffer.concat(chunks);
    const isHit = next !== undefined && request.url?.includes("/batch/create") === true;
    const given = isHit ? next : undefined;
    if (isHit) next = undefined;
    if (given?.passedOn === false) return response.writeHead(given.status, given.headers).end(given.body);
    const left = ["host", "connection", "accept-encoding", "content-length"];
    const headers = Object.entries(request.headers).filter(([name]) => !left.includes(name)) as [string, string][];
    const method = request.method ?? "GET";
    const answer = await fetch(`${place.sandbox.hubspot}${request.url}`, {
      method,
      headers,
      ...(sent.length > 0 ? { body: sent } : {}),
    });
    const text = await answer.text();
    if (given !== undefined) return response.writeHead(given.status, given.headers).end(given.body);
    const own = { "content-type": "application/json", date: answer.headers.get("date") ?? "" };
    return response.writeHead(answer.status, own).end(text);
  }).listen(0, "127.0.0.1");
  try {
    await new Promise((resolve) => gateway.once("listening", resolve));
    const url = `base_url: http://127.0.0.1:${(gateway.address() as AddressInfo).port}`;
    place.project.write({
      "connections.yaml": place.project.read("connections.yaml").replace(/base_url: [^,}\n]*/, url),
    });
    for (const [index, [answer, code]] of answers.entries()) {
      const job = contactsJob({ mode: "insert", map: "      firstname: id\n      lastname: last" })
        .replace(
          "connection: salesforce, object: Contact, key: Ext__c",
          "connection: hubspot, object: contacts, key: firstname",
        )
        .replace("contacts*.csv", `contacts-${index}.csv`)
        .replace("name: contacts", `name: contacts-${index}`);
      place.project.write({
        [`inbox/contacts-${index}.csv`]: `id,last\nA${index},Ann\nB${index},Bob\n`,
        [`job-${index}.yaml`]: job,
      });
      next = answer;
      const done = await place.project.run("run", `job-${index}.yaml`, "--json");
      expect([answer, done.code, done.summary().streams["contacts"]?.inDoubt]).toEqual([
        answer,
        code,
        code === 5 ? 2 : 0,
      ]);
      expect(await place.sandbox.dumpHubSpot("contacts")).toHaveLength(2 * (index + 1));
    }
  } finally {
    gateway.closeAllConnections();
    gateway.close();
  }
});
