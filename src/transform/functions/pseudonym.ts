// Values that stand for others: the same value gives the same pseudonym, and nobody without the key finds the value.

import { isBlank } from "../../values/trim.ts";
import type { OwnFunction } from "../own-function.ts";
import { asText, impossible } from "./reading.ts";

export const pseudonymFunctions: readonly OwnFunction[] = [
  {
    name: "pseudonym",
    signature: "pseudonym(value)",
    does: "64 hexadecimal digits that stand for the value: HMAC-SHA256 with the key in `LOADLINE_PSEUDONYM_KEY`, of the environment or .env, which is in no file of a run; letters, case and blanks count, so write `pseudonym(email(x))`; blank is none",
    examples: [
      {
        call: "pseudonym('ann@example.com')",
        gives: "1cc862d90a62c55a3e0a75fadde71f0e4d8d3ea495626415e4ea94e1135c31cc",
      },
    ],
    macro: ({ pseudonymKey }) => `(value) AS CASE WHEN NOT (${isBlank(asText)}) THEN ${keyedHash(pseudonymKey)} END`,
  },
];

/** https://www.rfc-editor.org/rfc/rfc2104. Without a key there is no pseudonym. */
function keyedHash(block: Uint8Array | undefined): string {
  if (block === undefined) return `CAST(CAST(${impossible(asText)} AS INTEGER) AS VARCHAR)`;
  const padded = (pad: number) => `unhex('${Buffer.from(block.map((byte) => byte ^ pad)).toString("hex")}')`;
  return `sha256(${padded(0x5c)} || unhex(sha256(${padded(0x36)} || encode(${asText}))))`;
}
