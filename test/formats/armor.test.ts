import { expect, test } from "vitest";
import { watchArmor } from "../../src/formats/armor.ts";

const armored = "-----BEGIN PGP MESSAGE-----\n\nwV4DR2b2udXyHrYSAQdAMCxs\n=njUN\n-----END PGP MESSAGE-----\n";

async function watch(text: string, size: number): Promise<string> {
  const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, index) =>
    text.slice(index * size, (index + 1) * size),
  );
  const seen: string[] = [];
  for await (const piece of watchArmor(streamOf(pieces))) seen.push(piece);
  return seen.join("");
}

async function* streamOf(pieces: readonly string[]): AsyncGenerator<string> {
  yield* pieces;
}

test.each([1, 7, 25, 26, 27, 28, 60, 1000])("armor is whole or refused, in pieces of %i", async (size) => {
  for (const whole of [armored, `Hello,\n\n${armored}\r\n \n`, `${"x".repeat(size)}\n${armored}`, "id,last\n"]) {
    expect(await watch(whole, size)).toBe(whole);
  }
  await expect(watch(armored.slice(0, -3), size)).rejects.toThrow("ends too early");
  await expect(watch(armored + armored, size)).rejects.toThrow("text follows");
  await expect(watch(`${armored}\n${" ".repeat(100)}x`, size)).rejects.toThrow("text follows");
});
