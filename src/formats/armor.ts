// Armor of OpenPGP: bytes as text between two lines. In: text. Out: the same text. What must hold: text that ends before
// the armor does, and text behind it, are refused: openpgp takes the first for no armor, and leaves out the second, be it
// a message more.

const start = "-----BEGIN PGP MESSAGE-----";
const end = "-----END PGP MESSAGE-----";

/** Throws where the armor is not whole or not all. */
export async function* watchArmor(text: AsyncIterable<string>): AsyncGenerator<string> {
  let place: "before" | "inside" | "behind" = "before";
  let rest = "";
  for await (const piece of text) {
    rest += piece;
    if (place === "before" && rest.includes(start)) {
      rest = rest.slice(rest.indexOf(start) + start.length);
      place = "inside";
    }
    if (place === "inside" && rest.includes(end)) {
      rest = rest.slice(rest.indexOf(end) + end.length);
      place = "behind";
    }
    if (place === "behind" && rest.trim() !== "") throw new Error("text follows its end");
    // A line may be cut where a piece ends.
    rest = rest.slice(1 - start.length);
    yield piece;
  }
  if (place === "inside") throw new Error("it ends too early");
}
