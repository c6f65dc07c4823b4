import iconv from "iconv-lite";
import { expect } from "vitest";
import { caseOf } from "../case.ts";
import { guessFile } from "./guess-files.ts";

caseOf(
  "guess/code-page-of-another-time",
  "where bytes fit several encodings, guess says that it is in doubt",
  async () => {
    for (const [encoding, text, ruledOut] of [
      ["macintosh", "Nr;Ort\r1;München\r2;Köln\r", ""],
      ["cp850", "Nr;Ort\r\n1;München\r\n2;Köln\r\n", "windows-1252"],
      ["windows-1250", "id;mesto\n1;Plzeň\n2;Říčany\n", ""],
      ["windows-1252", "id;ort\n1;Köln\n2;München\n", ""],
    ] as const) {
      const { doubts, format } = await guessFile("in.csv", iconv.encode(text, encoding));
      expect(doubts).toContainEqual(
        expect.stringContaining("the text is not UTF-8, and its bytes fit several encodings"),
      );
      expect(doubts.join("")).toContain(`(${encoding})`);
      if (ruledOut !== "") expect(format["encoding"]).not.toBe(ruledOut);
    }
    const utf8 = await guessFile("in.csv", "id;ort\n1;Köln\n2;München\n");
    expect(utf8).toMatchObject({ doubts: [], written: ["id,ort", "1,Köln", "2,München"] });
    // One row of another encoding says nothing of the others.
    const rows = Array.from({ length: 30 }, (_, id) => `${id};Köln\n`).join("");
    const bytes = [Buffer.from(`id;ort\n${rows}30;K`), Buffer.from([0xf6]), Buffer.from("ln\n")];
    const mixed = await guessFile("in.csv", Buffer.concat(bytes), 3);
    expect(mixed.doubts.join("")).toContain("the text is UTF-8 but for 1 place, the first in line 32");
    expect(mixed.written).toEqual(["id,ort", ...rows.trim().replaceAll(";", ",").split("\n")]);
  },
);
