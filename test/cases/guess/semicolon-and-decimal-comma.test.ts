import { expect } from "vitest";
import { caseOf } from "../case.ts";
import { guessFile } from "./guess-files.ts";

caseOf("guess/semicolon-and-decimal-comma", "a header without a comma rules the comma out", async () => {
  const two = await guessFile("two.csv", "id;betrag\n1;10,50\n2;20,00\n3;1.234,56\n");
  expect(two).toMatchObject({
    format: { type: "csv", delimiter: ";" },
    map: { id: "trim(id)", betrag: "parse_decimal(betrag, 'de')" },
  });
  expect(two.written).toHaveLength(4);
  const three = await guessFile("three.csv", `id;netto;brutto\n${"1;10,50;12,00\n".repeat(30)}`);
  expect(three).toMatchObject({ format: { delimiter: ";" }, map: { netto: "parse_decimal(netto, 'de')" } });
  const tab = await guessFile("tab.txt", `id\tort\n1\tBonn, Rhein; NRW\n2\tUlm, Donau; BW\n`);
  expect(tab).toMatchObject({
    format: { delimiter: "\t" },
    written: ["id,ort", '1,"Bonn, Rhein; NRW"', '2,"Ulm, Donau; BW"'],
  });
  const one = await guessFile("one.csv", "betrag\n10,50\n3,20\n");
  expect(one.doubts.length > 0 || one.map["betrag"] !== undefined).toBe(true);
});
