// pseudonym: a keyed hash that others compute alike, and a key that a job can't begin without.

import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Secret } from "../../../src/core/secret.ts";
import type { Job } from "../../../src/job/job.ts";
import { defineFunctionsIn } from "../../../src/pipeline/compile/define-functions.ts";
import { readPseudonymKey } from "../../../src/pipeline/run/pseudonym-key.ts";
import { Engine } from "../../../src/stage/engine.ts";
import { listOf, oddTexts } from "./computing.ts";

test("it is HMAC-SHA256, whatever the length of the key", async () => {
  const folder = mkdtempSync(join(tmpdir(), "loadline-pseudonym-"));
  for (const key of ["a key of sixteen", "ключ ".repeat(40)]) {
    using engine = await Engine.open({ folder, spillFolder: folder });
    await defineFunctionsIn(engine, new Date(0), "UTC", "pseudonym(x)", new Secret(key));
    const texts = oddTexts.filter((text) => /[!-~]/.test(text));
    const rows = await engine.all(`SELECT x, pseudonym(x) AS hash FROM (SELECT unnest(${listOf(texts)}) AS x)`);
    expect(rows.map(({ hash }) => hash)).toEqual(
      rows.map(({ x }) => createHmac("sha256", key).update(String(x)).digest("hex")),
    );
    expect(await engine.all("SELECT pseudonym(' ') AS hash")).toEqual([{ hash: null }]);
  }
  rmSync(folder, { recursive: true, force: true });
});

test("without a key nothing has a pseudonym, and a job that wants one does not begin", async () => {
  const folder = mkdtempSync(join(tmpdir(), "loadline-pseudonym-"));
  using engine = await Engine.open({ folder, spillFolder: folder });
  await defineFunctionsIn(engine, new Date(0), "UTC", "pseudonym(x)");
  await expect(engine.run("SELECT pseudonym('a')")).rejects.toThrow();
  rmSync(folder, { recursive: true, force: true });
  const job = (sql: string) =>
    ({ file: "job.yaml", streams: [{ fields: [{ expression: { sql } }] }] }) as unknown as Job;
  const variable = "LOADLINE_PSEUDONYM_KEY";
  expect(readPseudonymKey(job("pseudonym"), {})).toBeUndefined();
  expect(() => readPseudonymKey(job("Email.pseudonym()"), {})).toThrow(variable);
  expect(() => readPseudonymKey(job("pseudonym (Email)"), { [variable]: "short" })).toThrow(variable);
  const key = readPseudonymKey(job("pseudonym(Email)"), { [variable]: "long enough for it" });
  expect(key?.reveal()).toBe("long enough for it");
  expect(JSON.stringify(key)).not.toContain("long enough");
});
