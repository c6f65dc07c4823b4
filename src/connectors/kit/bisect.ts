// Calls that are refused for one of their items. In: items, and a call with them. Out: an answer for each item. Must hold: a
// refused call wrote nothing, so that its halves are sent, until the item at fault stands alone; no other item is refused
// with it.

export interface Bisection<Item, Answer, Refusal> {
  /** Throws where the call is refused. */
  call(items: readonly Item[]): Promise<readonly Answer[]>;
  /** What a call was refused for, where that may be one of its items; any other error ends all. */
  refusalOf(error: unknown): Refusal | undefined;
  /** The answer for an item that was refused alone. */
  refuse(item: Item, refusal: Refusal): Promise<Answer> | Answer;
}

export async function bisect<Item, Answer, Refusal>(
  items: readonly Item[],
  bisection: Bisection<Item, Answer, Refusal>,
): Promise<readonly Answer[]> {
  try {
    return await bisection.call(items);
  } catch (error) {
    const refusal = bisection.refusalOf(error);
    const [item] = items;
    if (refusal === undefined || item === undefined) throw error;
    if (items.length === 1) return [await bisection.refuse(item, refusal)];
    const middle = Math.ceil(items.length / 2);
    return [...(await bisect(items.slice(0, middle), bisection)), ...(await bisect(items.slice(middle), bisection))];
  }
}
