// The program serves both systems, says where, and shares the faults between them.

import { expect, test } from "vitest";
import { startSandbox } from "../support/rig.ts";
import { connectPortal, schema } from "./hubspot-support.ts";

test("the ready line names both systems, and a fault of one port holds on the other", async () => {
  await using sandbox = await startSandbox({ schema });
  expect(sandbox.hubspot).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(sandbox.hubspot).not.toBe(sandbox.origin);
  const portal = connectPortal(sandbox.hubspot);
  await portal.make("contacts", { email: "a@x.example" });
  await sandbox.setFaults([{ match: "* /crm/**", do: { status: 503, headers: { "Retry-After": "0" } } }]);
  const { status, headers, body } = await portal.api("GET", "/crm/v3/objects/contacts");
  expect([status, headers.get("retry-after"), body.status]).toEqual([503, "0", "error"]);
  await portal.control("faults", []);
  expect((await portal.api("GET", "/crm/v3/objects/contacts")).body.results).toHaveLength(1);
  const calls = await portal.api("GET", "/__sandbox/calls");
  expect(calls.body).toMatchObject({ "GET /crm/v3/objects/{objectType}": 2, "POST /crm/v3/objects/{objectType}": 1 });
});
