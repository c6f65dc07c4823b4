// Addresses of e-mail. In: text. Out: the address as both vendors store it, as SQL: in small letters, without what is
// invisible at its ends. What must hold: a letter becomes the small letter that is certainly its own: İ is not i, which
// would make it somebody else's address.
// https://help.salesforce.com/s/articleView?id=000384328, https://salesforce.stackexchange.com/questions/246995

import { foldSql } from "./fold.ts";
import { trimmed } from "./trim.ts";
import { bind } from "./value.ts";

/** VARCHAR. Of nearly all addresses every character is one of ASCII that can be seen. */
export function storeAddress(text: string): string {
  const slow = bind("address", trimmed(text), (address) => `nullif(${foldSql(address)}, '')`);
  return `CASE WHEN regexp_full_match(${text}, '[!-~]+') THEN lower(${text}) ELSE ${slow} END`;
}
