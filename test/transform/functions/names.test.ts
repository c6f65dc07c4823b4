// Names of people: their capitals and their parts.

import { afterAll, beforeAll, expect, test } from "vitest";
import { Rig } from "../../stage/rig.ts";
import { computeOver, drawTexts, oddTexts, refused } from "./computing.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.open("UTC");
});
afterAll(() => rig[Symbol.dispose]());

const capitals: Record<string, string | null> = {
  "anna MARIA o'neil": "Anna Maria O'Neil",
  "MRS MCDONALD": "Mrs McDonald",
  "ann smith": "Ann Smith",
  SMITH: "Smith",
  "SMITH BMW": "Smith BMW",
  "smith iii": "Smith III",
  "jean-luc o’brien-mckay": "Jean-Luc O’Brien-McKay",
  "ludwig VAN beethoven": "Ludwig van Beethoven",
  "ELENA DE LA CRUZ": "Elena de la Cruz",
  "VAN DER BERG": "van der Berg",
  "van morrison": "Van Morrison",
  "ann le": "Ann Le",
  "maria von und zu stein": "Maria von und zu Stein",
  "HSBC HOLDINGS PLC": "HSBC Holdings PLC",
  "IBM USA": "IBM USA",
  "john smith III": "John Smith III",
  "john smith iii": "John Smith III",
  "AT&T R&D": "AT&T R&D",
  DeVito: "DeVito",
  "LeAnn McDonaldSmith": "LeAnn McDonaldSmith",
  mARIA: "Maria",
  "d'angelo": "D'Angelo",
  "john's pizza": "John's Pizza",
  "J.R. SMITH": "J.R. Smith",
  "müller-LÜDENSCHEIDT": "Müller-Lüdenscheidt",
  "Zoe\u0308 ÇELİK": "Zoe\u0308 Çelİk",
  İSTANBUL: "İstanbul",
  "ΣΙΣΥΦΟΣ ΝΙΚΟΣ-Σ.": "Σισυφος Νικος-Σ.",
  "МАРИЯ ИВАНОВА": "Мария Иванова",
  "(acme) n/a": "(Acme) N/A",
  "山田 太郎": "山田 太郎",
  "  anna  ": "Anna",
  " ": null,
};

test("proper", async () => {
  const given = await computeOver(rig, "proper(x)", Object.keys(capitals));
  expect(Object.fromEntries(given)).toEqual(capitals);
});

test("proper changes letters by their case alone, and leaves what is proper", async () => {
  const words = [
    "mc",
    "MC",
    "van",
    "DER",
    "de",
    "o'",
    "anna",
    "BMW",
    "USA",
    "III",
    "ß",
    "Mrs",
    "McDo",
    "aB",
    "ÖÄ",
    "İ",
    "ı",
    "’",
  ];
  const given = await computeOver(rig, "proper(x)", [...oddTexts, ...drawTexts(words, 600)]);
  const fold = (text: string) => text.replaceAll("ẞ", "ß").toUpperCase();
  for (const [text, value] of given) if (typeof value === "string") expect(fold(text)).toContain(fold(value));
  const once = [...given.values()].filter((value) => typeof value === "string");
  const again = await computeOver(rig, "proper(x)", once);
  expect([...again].filter(([text, value]) => text !== value)).toEqual([]);
});

/** prefix | first | middle | last | suffix */
const parts: Record<string, string | typeof refused> = {
  "Ann Lee": "|Ann||Lee|",
  Lee: "|||Lee|",
  "  Dr.  Prof. Ann Marie van der Berg Jr. ": "Dr. Prof.|Ann|Marie|van der Berg|Jr.",
  "DR LEE": "DR|||LEE|",
  "Lee, Ann": "|Ann||Lee|",
  "Lee,Dr. Ann M., PhD": "Dr.|Ann|M.|Lee|PhD",
  "Garcia Marquez, Gabriel": "|Gabriel||Garcia Marquez|",
  "Lee, Jr.": "|||Lee|Jr.",
  "Al Gore": "|Al||Gore|",
  "van der Berg": "|||van der Berg|",
  "Robert De Niro III": "|Robert||De Niro|III",
  "José Ortega y Gasset": "|José||Ortega y Gasset|",
  "Ludwig Mies van der Rohe": "|Ludwig|Mies|van der Rohe|",
  "Mary-Ann O'Neil": "|Mary-Ann||O'Neil|",
  "J. R. R. Tolkien": "|J.|R. R.|Tolkien|",
  "Sean Connery, Sir": "|Sir||Sean Connery|",
  "山田 太郎": "|山田||太郎|",
  "Dr. med. Anna Lee": "Dr. med.|Anna||Lee|",
  "Prof. Dr. rer. nat. Dr. h. c. mult. Anna Lee": "Prof. Dr. rer. nat. Dr. h. c. mult.|Anna||Lee|",
  "Dipl.-Kfm. Hans Müller": "Dipl.-Kfm.|Hans||Müller|",
  "Mgr. Jan Novák, Ph.D.": "Mgr.|Jan||Novák|Ph.D.",
  "Sr. Juan Pérez": "Sr.|Juan||Pérez|",
  "Herr von Goethe": "Herr|||von Goethe|",
  "Mr. Van Morrison": "Mr.|Van||Morrison|",
  "Karl-Theodor von und zu Guttenberg": "|Karl-Theodor||von und zu Guttenberg|",
  "Vincent 't Hooft": "|Vincent||'t Hooft|",
  "Sophie in ’t Veld": "|Sophie||in ’t Veld|",
  "Peter an der Heiden": "|Peter||an der Heiden|",
  "Berg, Jan van der": "|Jan||van der Berg|",
  "Ann Marie E Lee": "|Ann|Marie E|Lee|",
  "ANN E LEE": "|ANN|E|LEE|",
  "Mª Carmen López": "|Mª|Carmen|López|",
  "علی\u200cرضا محمدی": "|علی\u200cرضا||محمدی|",
  // What may be two people, or a title that is not known.
  "Ana y Juan Pérez": refused,
  "Ortega y Gasset": refused,
  "JOSÉ ORTEGA Y GASSET": refused,
  "Anna u. Bob Meier": refused,
  "Rep. Ann Lee": refused,
  "St. John": refused,
  "Dr.": refused,
  Mr: refused,
  "Ann 😀 Lee": refused,
  "Ann Lee™": refused,
  "Ann & Bob Lee": refused,
  "Ann and Bob Lee": refused,
  "Ann und Bob Lee": refused,
  "ann@x.com": refused,
  "Ann 2": refused,
  "Ann ٢": refused,
  "-": refused,
  ". .": refused,
  "Acme (Ann)": refused,
  "Lee, Ann, Bob": refused,
  ",": refused,
};

test("split_name", async () => {
  const list = ["prefix", "first", "middle", "last", "suffix"];
  const by = (part: (name: string) => string) =>
    `concat_ws('|', ${list.map((name) => `coalesce(${part(name)}, '')`).join(", ")})`;
  const given = await computeOver(
    rig,
    by((name) => `split_name(x).${name}`),
    Object.keys(parts),
  );
  expect(Object.fromEntries(given)).toEqual(parts);
  const again = await computeOver(
    rig,
    by((name) => `split_name(x, '${name}')`),
    Object.keys(parts),
  );
  expect(again).toEqual(given);
  expect(await computeOver(rig, "split_name(x).last", [" ", ""])).toEqual(
    new Map([
      [" ", null],
      ["", null],
    ]),
  );
});

test("the parts of a name hold all of its letters", async () => {
  const words = ["Ann", "van", "der", "de", "Lee", "Dr.", "jr", "III", "O'Neil", "y", ", ", " "];
  const texts = drawTexts(words, 400);
  const given = await computeOver(
    rig,
    "list_transform([split_name(x)], lambda n: array_to_string(list_sort(string_split(concat_ws(' ', n.prefix, n.first, n.middle, n.last, n.suffix), ' ')), ' '))[1]",
    texts,
  );
  const words_ = (text: string) =>
    text
      .split(/[\s,\p{Cf}]+/u)
      .filter((word) => word !== "")
      .sort()
      .join(" ");
  const read = [...given].filter(([, value]) => typeof value === "string" && value !== "");
  expect(read.length).toBeGreaterThan(50);
  for (const [text, value] of read) expect(words_(String(value))).toBe(words_(text));
});
