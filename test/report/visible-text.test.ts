import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { registerSecret } from "../../src/core/secret.ts";
import { cutText, displayWidth, graphemes, visible } from "../../src/report/visible-text.ts";

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
