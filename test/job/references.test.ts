// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of connections.yaml are written so

import { basename } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expandReferences, holdsOnlyReferences, readEnvironment } from "../../src/job/references.ts";
import { messageOf, writeFile } from "./rig.ts";

const expand = (text: string, environment = {}, folder = "/") => expandReferences(text, environment, {}, folder);

describe("a reference", () => {
  test.each([
    ["plain", "plain"],
    ["${A}", "1"],
    ["x${A}y${A}z", "x1y1z"],
    ["${A:-2}", "1"],
    ["${B:-2}", "2"],
    ["${EMPTY:-2}", "2"],
    ["${B:-}", ""],
    ["${B:-a:-b ?}", "a:-b ?"],
    ["${A:?why}", "1"],
    ["$A $ {A} }", "$A $ {A} }"],
  ])("%s stands for %j", (text, value) => {
    expect(expand(text, { A: "1", EMPTY: "" })).toBe(value);
  });

  test("to a value that looks like a reference is not resolved again", () => {
    expect(expand("${A}", { A: "${B}", B: "no" })).toBe("${B}");
  });

  test("to a file is its text without the last line break, from a relative path too", () => {
    const path = writeFile("value.txt", " two\nlines\r\n");
    expect(expand(`\${file:${path}}`)).toBe(" two\nlines");
    expect(expand("a${file:value.txt}", {}, path.slice(0, -basename(path).length))).toBe("a two\nlines");
  });

  test("that cannot be resolved says why", () => {
    expect(messageOf(() => expand("${A}"))).toBe("the variable A is not set");
    expect(messageOf(() => expand("${A}", { A: "" }))).toBe("the variable A is empty");
    expect(() => expand("${A:?ask the admin}")).toThrow(expect.objectContaining({ why: "ask the admin" }));
    expect(messageOf(() => expand("${file:/no/such/file}"))).toBe("the file /no/such/file cannot be read");
    expect(messageOf(() => expand("${toString}"))).toBe("the variable toString is not set");
  });

  test.each(["${", "${A", "${}", "${A B}", "${1}", "${A-b}", "${file:}"])(
    "that is malformed (%s) is refused",
    (text) => {
      expect(messageOf(() => expand(text))).toContain("a reference");
    },
  );

  test("leaves any text without one as it is", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!text.includes("${"));
        expect(expand(text)).toBe(text);
        expect(holdsOnlyReferences(text)).toBe(false);
      }),
    );
  });

  test("stands for any value, wherever it is in a text", () => {
    const plain = fc.string().filter((text) => !text.includes("$"));
    fc.assert(
      fc.property(plain, fc.string({ minLength: 1 }), plain, (before, value, after) => {
        expect(expand(`${before}\${V}${after}`, { V: value })).toBe(before + value + after);
      }),
    );
  });
});

describe("a secret's place in the file", () => {
  test.each([
    ["${A}", true],
    ["${A:-}", true],
    ["${A:?m}", true],
    ["${file:x}", true],
    ["Bearer ${A}", true],
    ["literal", false],
    ["${A:-literal}", false],
  ])("with %s holds only references: %s", (text, only) => {
    expect(holdsOnlyReferences(text)).toBe(only);
  });
});

describe("the environment", () => {
  test("is that of the process, under a named file with quotes and comments", () => {
    const named = writeFile("org.env", `# orgs\nA=1\nB="two words" # note\nC='#3'\nexport D=4\nPATH=mine\n\n`);
    const environment = readEnvironment({ named });
    expect(environment).toMatchObject({ A: "1", B: "two words", C: "#3", D: "4", PATH: "mine" });
    expect(environment["HOME"]).toBe(process.env["HOME"]);
    expect(readEnvironment()["PATH"]).toBe(process.env["PATH"]);
  });

  test("has the usual file below the process, where it is one", () => {
    const usual = writeFile(".env", "PATH=usual\nONLY_USUAL=1\nBOTH=usual\n");
    const named = writeFile("uat.env", "BOTH=named\n");
    const path = process.env["PATH"];
    expect(readEnvironment({ usual })).toMatchObject({ PATH: path, ONLY_USUAL: "1", BOTH: "usual" });
    expect(readEnvironment({ usual, named })).toMatchObject({ PATH: path, ONLY_USUAL: "1", BOTH: "named" });
    expect(readEnvironment({ usual: "/" })["PATH"]).toBe(path);
  });

  test("whose named file is missing is a failure", () => {
    expect(messageOf(() => readEnvironment({ named: "/no/.env" }))).toBe("the file of variables cannot be read");
  });
});
