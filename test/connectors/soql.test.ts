import { parseQuery } from "@jetstreamapp/soql-parser-js";
import fc from "fast-check";
import { expect, test } from "vitest";
import { explainCondition } from "../../src/connectors/salesforce/condition.ts";
import { encodedLength, packKeys, select, soqlText } from "../../src/connectors/salesforce/soql.ts";

test("any text is one literal, whatever quotes and backslashes it holds", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom("a", "'", "\\", "\n", "\t", "%", '"', " OR ", "é", "\u2028", "\0", "\u001f") }),
      (value) => {
        const query = parseQuery(select({ fields: ["Id"], object: "Contact", where: `Name = ${soqlText(value)}` }));
        expect(query.where).toMatchObject({ left: { field: "Name", operator: "=" } });
        expect(query.where).not.toHaveProperty("operator");
      },
    ),
  );
});

test("keys are packed below the limit as a URL is really sent, each exactly once and in order", async () => {
  const texts = fc.array(fc.string({ minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 200 });
  await fc.assert(
    fc.asyncProperty(texts, async (keys) => {
      const limit = 600;
      const conditions = await packKeys("Ext__c", keys.map(soqlText), limit);
      for (const condition of conditions) {
        const sent = new URL(`http://host/query?q=${encodeURIComponent(condition)}`).search.length;
        expect(sent).toBeLessThanOrEqual(limit + encodedLength("Ext__c IN ()") + "?q=".length);
      }
      expect(conditions.map((condition) => condition.slice("Ext__c IN (".length, -1)).join(",")).toBe(
        keys.map(soqlText).join(","),
      );
    }),
  );
});

test("what a query has after its condition is no part of one, but in a text or a query of its own", () => {
  const after = ["ORDER  BY Id", "group by Id", "LIMIT 5", "OFFSET 3", "WITH USER_MODE", "FOR VIEW", "ALL\nROWS"];
  for (const clause of after) {
    expect(explainCondition(`(a = 'it\\'s') ${clause}`), clause).toContain("a condition alone is taken");
    const within = [`a = 'x\\' ${clause}'`, `Id IN (SELECT b FROM c WHERE d IN ('1)', '2') ${clause}) AND e = 1`];
    for (const condition of within) expect(explainCondition(condition)).toBeUndefined();
  }
});
