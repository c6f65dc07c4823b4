import { parseQuery } from "@jetstreamapp/soql-parser-js";
import fc from "fast-check";
import { expect, test } from "vitest";
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
