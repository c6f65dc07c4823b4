import fc from "fast-check";
import { expect, test } from "vitest";
import { redactAnswer, redactSecrets, registerSecret } from "../../src/core/secret.ts";

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

const writings: Record<string, (text: string) => string> = {
  "as it is": (text) => text,
  JSON: (text) => JSON.stringify(text).slice(1, -1),
  "JSON of ASCII": (text) =>
    JSON.stringify(text)
      .slice(1, -1)
      .replaceAll(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0").toUpperCase()}`)
      .replaceAll("/", "\\/"),
  form: (text) => new URLSearchParams({ s: text }).toString().slice(2),
  percent: (text) => encodeURIComponent(text),
  "percent in small letters": (text) => encodeURIComponent(text).replaceAll(/%../g, (byte) => byte.toLowerCase()),
  HTML: (text) =>
    text
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replaceAll(">", "&gt;")
      .replaceAll('"', "&quot;")
      .replaceAll("'", "&#39;"),
  "HTML by numbers": (text) => [...text].map((one) => `&#x${one.codePointAt(0)?.toString(16)};`).join(""),
  base64: (text) => Buffer.from(text).toString("base64"),
  "base64 for URLs": (text) => Buffer.from(text).toString("base64url"),
  "base64 behind an id": (text) => Buffer.from(`id:${text}`).toString("base64"),
};
const names = Object.keys(writings);
const letters = `abcXYZ019 "'\\/+=&%<>#;:!-_.~\u00fc\u00df\u{1F511}\n`;
const secretText = fc
  .array(fc.constantFrom(...letters), { minLength: 10, maxLength: 40 })
  .map((all) => `${all.join("")}`)
  .filter((text) => text.trim().length > 8 && new Set(text).size > 5);

test("a secret is found in every writing, and in a writing within another", () => {
  fc.assert(
    fc.property(secretText, fc.constantFrom(...names), fc.constantFrom(...names), (secret, inner, outer) => {
      registerSecret(secret);
      const once = writings[inner]?.(secret) ?? "";
      // Of base64 within base64 the bytes are no longer those of the value.
      const written = outer.startsWith("base64") ? once : (writings[outer]?.(once) ?? "");
      for (const redact of [redactSecrets, redactAnswer]) {
        const shown = redact(`you sent <${written}> to us`);
        expect(shown).toContain("**secret**");
        expect(shown.length).toBeLessThan(50);
      }
    }),
  );
});

test("of a secret that an answer cuts, anywhere, no more than seven characters are shown, and three at its end", () => {
  fc.assert(
    fc.property(secretText, fc.constantFrom(...names), fc.nat(), fc.boolean(), (secret, name, at, isEnd) => {
      registerSecret(secret);
      const whole = writings[name]?.(secret) ?? "";
      const cut = whole.slice(0, 1 + (at % whole.length));
      const shown = redactAnswer(isEnd ? `sent: ${cut}` : `sent: ${cut}\u2026 and more`);
      if (shown.includes("**secret**")) return;
      // Of base64 the characters at its ends are of its neighbours too.
      const told = [...secret].slice(0, isEnd ? 6 : 9).join("");
      expect(cut.length).toBeLessThanOrEqual((writings[name]?.(told) ?? "").length);
    }),
  );
});

test("of a secret that an answer cuts at its start, breaks over lines or writes in hex, no piece of twelve characters is shown", () => {
  const token = 'pat-na1-Ab+/=c"d&<9f zz-0123456789-Kx';
  registerSecret(token);
  const hex = Buffer.from(token).toString("hex");
  const told = [
    `…${token.slice(9)} was refused`,
    `${token.slice(4, 20)}\n${token.slice(20)}`,
    JSON.stringify({ got: token.slice(7, 33) }),
    encodeURIComponent(token.slice(5)),
    `"${token.replaceAll('"', '""')}"`,
    Buffer.from(token)
      .toString("base64")
      .replaceAll(/(.{16})/g, "$1\r\n"),
    hex,
    hex.slice(10).toUpperCase(),
  ];
  const pieces = (text: string) => Array.from({ length: text.length - 11 }, (_, at) => text.slice(at, at + 12));
  const secrets = [token, hex, hex.toUpperCase(), Buffer.from(token).toString("base64")].flatMap(pieces);
  for (const text of told) {
    const shown = redactAnswer(text);
    expect(shown).toContain("**secret**");
    expect(secrets.filter((piece) => shown.includes(piece))).toEqual([]);
  }
  // What merely resembles one is shown, and so is a short piece of what goes by our own hand.
  expect(redactAnswer("0123456789 pat-eu1 records")).toBe("0123456789 pat-eu1 records");
  expect(redactSecrets("zz-0123456789-Kx")).toBe("zz-0123456789-Kx");
});

test("the beginning of a token that names its org is shown, the token is not", () => {
  registerSecret("00Dsandbox0000001!loadline-x");
  expect(redactSecrets("org 00Dsandbox00000")).toBe("org 00Dsandbox00000");
  expect(redactSecrets("token 00Dsandbox0000001!loadl")).toBe("token **secret**");
  expect(redactAnswer("token 00Dsandbox0000001!loadl")).toBe("token **secret**");
});

test("redacting a long text takes no time to speak of", () => {
  registerSecret(`eyJ${"a1b2c3d4".repeat(200)}`);
  const text = "eyJa1b2 and a\\\\\\\\ b%25%25 c&amp;amp;amp; ".repeat(5000);
  expect(redactAnswer(text)).not.toBe("");
});
