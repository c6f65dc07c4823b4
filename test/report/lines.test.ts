import fc from "fast-check";
import { expect, test } from "vitest";
import { type Line, renderLine, renderLines, sentence, type Tone, wrapText } from "../../src/report/lines.ts";
import { displayWidth } from "../../src/report/visible-text.ts";

const span = fc.oneof(
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.record({ text: fc.string({ unit: "grapheme", maxLength: 60 }), tone: fc.constantFrom<Tone[]>("create", "faint") }),
);

test("a line never exceeds its width and holds no control character, whatever its spans hold", () => {
  fc.assert(
    fc.property(fc.array(span, { maxLength: 6 }), fc.integer({ min: 1, max: 120 }), (spans, width) => {
      const line = renderLine(spans as Line, { width, color: false });
      expect(displayWidth(line)).toBeLessThanOrEqual(width);
      expect(line).not.toMatch(/\p{Cc}/u);
    }),
  );
});

test("colours are the only control characters, and change nothing else", () => {
  fc.assert(
    fc.property(fc.array(span, { maxLength: 6 }), fc.integer({ min: 1, max: 120 }), (spans, width) => {
      const coloured = renderLine(spans as Line, { width, color: true });
      // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control sequences
      const bare = coloured.replaceAll(/\u001b\[\d+m/g, "");
      expect(bare.trimEnd()).toBe(renderLine(spans as Line, { width, color: false }));
    }),
  );
});

test("a tone is a colour where colours are wanted", () => {
  const line: Line = ["a ", { text: "new", tone: "create" }];
  expect(renderLine(line, { width: 80, color: true })).toBe("a \u001b[32mnew\u001b[39m");
  expect(renderLine(line, { width: 80, color: false })).toBe("a new");
});

test("what is cut off a line leaves one ellipsis, also between spans", () => {
  expect(renderLine(["abc", "def"], { width: 6, color: false })).toBe("abcdef");
  expect(renderLine(["abc", "def", "g"], { width: 6, color: false })).toBe("abcde…");
  expect(renderLine(["abc", "def", "g"], { width: 4, color: false })).toBe("abc…");
});

test("a command is left whole on a narrow screen, so that it can be copied", () => {
  const line: Line = ["Next: ", { text: "loadline run jobs/contacts.yaml", whole: true }];
  expect(renderLine(line, { width: 12, color: false })).toBe("Next: loadline run jobs/contacts.yaml");
});

test("a sentence is wrapped under its own start", () => {
  const lines = sentence("! ", "one two three four", 10);
  expect(renderLines(lines, { width: 10, color: false })).toBe("! one two\n  three\n  four");
});

test("wrapped text keeps all its words and the width, whatever they are", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme-composite" }), fc.integer({ min: 2, max: 40 }), (text, width) => {
      for (const line of wrapText(text, width)) expect(displayWidth(line)).toBeLessThanOrEqual(width);
    }),
  );
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[a-z]{1,9}$/), { minLength: 1 }), (words) => {
      expect(wrapText(words.join(" "), 9).join(" ")).toBe(words.join(" "));
    }),
  );
});
