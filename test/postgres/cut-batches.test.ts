import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasPostgres, type PostgresServer, startPostgres } from "../support/postgres.ts";
import { cutBatches } from "./cut-batches.ts";

let server: PostgresServer;

describe.skipIf(!hasPostgres)("batches over connections that are cut before and after COMMIT", () => {
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test("lose and double nothing, and double where the server forgets their marks", async () => {
    const cuts = { batches: 12, seed: 3 };
    expect(await cutBatches(server, { ...cuts, remembers: true })).toMatchObject({ lost: 0, doubled: 0 });
    const { lost, doubled, cut } = await cutBatches(server, { ...cuts, remembers: false });
    expect([lost, cut > 0, doubled > 0]).toEqual([0, true, true]);
  });
});
