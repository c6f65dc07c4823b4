import { expect } from "vitest";
import { caseOf } from "../case.ts";
import { fileJob, fileProject, runFiles } from "./files-job.ts";

const xml = `<feed>
<c><name>Ann</name><amount>5.10</amount><phone>1</phone></c>
<c><name xml:lang="de">Bärbel</name><amount currency="EUR">7.00</amount><phone>2</phone><phone>3</phone></c>
<c><name xml:lang="fr"/><amount xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true" currency="USD"/><phone>4</phone></c>
</feed>
`;

caseOf(
  "files/attribute-on-an-xml-value",
  "the value of an element is its text, whatever attributes it has",
  async () => {
    const map = {
      name: "name",
      lang: '"name@xml:lang"',
      amount: "amount",
      currency: '"amount@currency"',
      phone: "phone",
    };
    await using project = fileProject({
      "in.xml": xml,
      "job.yaml": fileJob("in.xml", { format: "{ type: xml, records: /feed/c }", map }),
    });
    const run = await runFiles(project);
    expect(run.rows).toEqual([
      { name: "Ann", lang: null, amount: "5.10", currency: null, phone: "1" },
      { name: "Bärbel", lang: "de", amount: "7.00", currency: "EUR", phone: '["2","3"]' },
      { name: "", lang: "fr", amount: null, currency: "USD", phone: "4" },
    ]);
    // An element that stands several times is not one value: that is told.
    expect(run.stderr).toContain('in.xml: "phone" is text in some records and JSON in 1, first in line 3');
  },
);
