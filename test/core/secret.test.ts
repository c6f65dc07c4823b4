import { expect, test } from "vitest";
import { redactSecrets, registerSecret } from "../../src/core/secret.ts";

test("a long credential is hidden wherever it stands, also encoded", () => {
  registerSecret("pass/word-17");
  for (const text of [
    "pass/word-17",
    "xpass/word-17x",
    "pass%2Fword-17",
    Buffer.from("pass/word-17").toString("base64"),
  ])
    expect(redactSecrets(`<${text}>`)).toContain("**secret**");
});

test("a short one that is a word is hidden where it stands alone, and not inside others", () => {
  registerSecret("sandbox");
  expect(redactSecrets("client_secret=sandbox&x")).toBe("client_secret=**secret**&x");
  expect(redactSecrets('{"secret":"sandbox"}')).toBe('{"secret":"**secret**"}');
  expect(redactSecrets("org 00Dsandbox00000")).toBe("org 00Dsandbox00000");
});

test("a short one with other characters is hidden anywhere", () => {
  registerSecret("a+b$1");
  expect(redactSecrets("xa+b$1x")).toBe("x**secret**x");
});
