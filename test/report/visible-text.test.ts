import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { registerSecret } from "../../src/core/secret.ts";
import { cutText, displayWidth, graphemes, tellApart, visible } from "../../src/report/visible-text.ts";

describe("text of unknown origin", () => {
  test.each([
    ["a line feed is an arrow", "1 Main St\nSuite 2", "1 Main St↵Suite 2"],
    ["a carriage return differs from it", "a\r\nb", "a␍↵b"],
    ["a tab is an arrow to the right", "a\tb", "a⇥b"],
    ["an escape sequence does nothing", "\u001b[31mred\u0007", "␛[31mred␇"],
    ["an eight-bit control character is named", "a\u009bb", "a<U+009B>b"],
    ["a delete character is its picture", "a\u007f", "a␡"],
    ["a right-to-left override is named", "abc\u202egpj.exe", "abc<U+202E>gpj.exe"],
    ["a no-break space is no space", "1\u00a0000", "1<U+00A0>000"],
    ["a zero-width space is named", "a\u200bb", "a<U+200B>b"],
    ["a hidden tag character is named", "a\u{e0041}b", "a<U+E0041>b"],
    ["a lone surrogate is a replacement character", "a\ud800b", "a\ufffdb"],
    ["a joiner within an emoji stays", "👩‍👩‍👧‍👦", "👩‍👩‍👧‍👦"],
    ["a flag of tag characters stays", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"],
    ["a joiner that Persian spelling wants stays", "می‌خواهم", "می‌خواهم"],
    ["a joiner between Latin letters is named", "a\u200db", "a<U+200D>b"],
    ["an ideographic space stays", "山田　太郎", "山田　太郎"],
  ])("%s", (_what, text, shown) => {
    expect(visible(text)).toBe(shown);
  });

  test.each([
    ["a byte order mark", "a5@mail.example", "\ufeffa5@mail.example", "a5@mail.example", "<U+FEFF>a5@mail.example"],
    ["a mark of direction", "a@b.example\u200e", "a@b.example", "a@b.example<U+200E>", "a@b.example"],
    ["a filler", "Ann", "Ann\u3164", "Ann", "Ann<U+3164>"],
    ["an accent by itself", "Zo\u00eb", "Zoe\u0308", "Zo\u00eb", "Zoe<U+0308>"],
    ["the variation of a sign", "\u2764", "\u2764\ufe0f", "\u2764", "\u2764<U+FE0F>"],
    ["the double of a letter", "K", "\u212a", "K", "<U+212A>"],
    [
      "a joiner of Persian",
      "\u0645\u06cc\u062e",
      "\u0645\u06cc\u200c\u062e",
      "\u0645\u06cc\u062e",
      "\u0645\u06cc<U+200C>\u062e",
    ],
    ["nothing, where both differ to the eye", "Zoe\u0308", "Zoe", "Zoe\u0308", "Zoe"],
  ])("a change in nothing but %s shows it", (_what, before, after, left, right) => {
    expect(tellApart(visible(before), visible(after))).toEqual([left, right]);
  });

  test("whatever differs looks different", () => {
    const text = fc.array(
      fc.constantFrom("a", "e", "\u0301", "\u00e9", "\u200b", "\u200d", "\ufe0f", "\u00a0", "K", "\u212a", "\u034f"),
    );
    fc.assert(
      fc.property(text, text, (one, other) => {
        const [left, right] = [one.join(""), other.join("")];
        const [shownLeft, shownRight] = tellApart(visible(left), visible(right));
        const look = (shown: string) => shown.normalize("NFC").replace(/[\p{Cf}\p{DI}]/gu, "");
        expect(look(shownLeft) === look(shownRight)).toBe(left === right);
      }),
    );
  });

  test("has no credential in it, before anything is cut off", () => {
    registerSecret("s3cr3t-token-value");
    expect(cutText(visible("token=s3cr3t-token-value;"), 12)).toBe("token=**sec…");
  });

  test("is shown without control characters and the same when shown again, whatever it is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const shown = visible(text);
        expect(shown).not.toMatch(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u);
        expect(visible(shown)).toBe(shown);
      }),
    );
  });
});

describe("width in columns", () => {
  test.each([
    ["Acme", 4],
    ["Müller", 6],
    ["Mu\u0308ller", 6],
    ["株式会社", 8],
    ["ｶﾅ", 2],
    ["ＡＢ", 4],
    ["한국어", 6],
    ["각", 2],
    ["שלום", 4],
    ["😀", 2],
    ["👩‍👩‍👧‍👦", 2],
    ["🇩🇪", 2],
    ["❤️", 2],
    ["❤", 1],
    ["1️⃣", 2],
    ["✓ … → —", 7],
    ["e\u0301\u0302\u0303", 1],
  ])("%s takes %d", (text, width) => {
    expect(displayWidth(text)).toBe(width);
  });

  test("is never exceeded by a cut, which keeps whole characters from the start", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 1, max: 30 }), (text, width) => {
        const cut = cutText(text, width);
        expect(displayWidth(cut)).toBeLessThanOrEqual(width);
        if (displayWidth(text) <= width) expect(cut).toBe(text);
        else expect(text.startsWith(cut.slice(0, -1)) && cut.endsWith("…")).toBe(true);
      }),
    );
  });

  test("a cut does not part an emoji", () => {
    expect(cutText("ab👩‍👩‍👧‍👦cd", 4)).toBe("ab…");
    expect(cutText("ab👩‍👩‍👧‍👦cd", 5)).toBe("ab👩‍👩‍👧‍👦…");
    expect(graphemes("ab👩‍👩‍👧‍👦")).toHaveLength(3);
  });
});
