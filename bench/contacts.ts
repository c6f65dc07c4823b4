// The benchmark's data, the same bytes for the same seed. Out: a delivery of contacts as a vendor would send it (stray
// spaces, quoted line breaks, blank amounts, 160 bytes a row), and what a Salesforce org holds of them by now: the same
// records as Salesforce writes them, one in ten with another phone number, in an order of its own (no org answers in
// the order of a vendor's file).

import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import { seededFraction } from "../src/core/random.ts";

export const contactColumns = [
  "contact_no",
  "first_name",
  "last_name",
  "email",
  "phone",
  "country",
  "notes",
  "revenue",
  "birthdate",
  "active",
  "account_name",
  "account_no",
  "source",
];

const firstNames = ["Ann", "Bob", "José", "Zoë", "Max"] as const;
const lastNames = ["Smith", "O'Neil", "Müller", "Łukasz", "van der Berg"] as const;
const rowsPerWrite = 5_000;
/** Prime, so that its multiples visit every row once, in no visible order. */
const stride = 7_368_787;

export interface Data {
  rows: number;
  seed: number;
}

/** Writes the delivery. */
export function writeDelivery(path: string, data: Data): Promise<void> {
  return writeLines(path, data.rows, contactColumns.join(","), (index) => {
    const contact = makeContact(data, index);
    const { number, firstName, lastName, phone, street, amount, birthdate, active, account } = contact;
    const notes = `"Some street ${street}, ""quoted""\nsecond line"`;
    const email = `User${number}@Example.COM`;
    const cells = [`C${number}`, ` ${firstName}  `, lastName, email, phone, "DE", notes, amount, birthdate];
    return [...cells, active ? "yes" : "no", `Account ${account}`, `A${account}`, "web"].join(",");
  });
}

/** Writes what the org holds. Gives the number of records that differ from the delivery. */
export async function writeSnapshot(path: string, data: Data, columns: readonly string[]): Promise<number> {
  if (data.rows % stride === 0) throw new Error(`can't shuffle ${data.rows} rows`);
  let changed = 0;
  await writeLines(path, data.rows, columns.join(","), (index) => {
    const place = Number((BigInt(index) * BigInt(stride)) % BigInt(data.rows));
    const contact = makeContact(data, place);
    const { number, firstName, lastName, street, amount, birthdate, active } = contact;
    if (contact.changed) changed += 1;
    const phone = contact.changed ? `${contact.phone} x1` : contact.phone;
    const notes = `Some street ${street}, ""quoted""\nsecond line`;
    const names = [`C${number}`, firstName, lastName, `user${number}@example.com`, phone, notes];
    const id = `003${String(index).padStart(15, "0")}`;
    const cells = [id, "2024-01-01T00:00:00.000Z", ...names, amount, birthdate, String(active)];
    return `"${cells.join('","')}"`;
  });
  return changed;
}

function makeContact({ seed }: Data, index: number) {
  const fraction = seededFraction(seed + index);
  const below = (limit: number) => Math.floor(fraction() * limit);
  const two = (value: number) => String(value).padStart(2, "0");
  return {
    number: String(index).padStart(8, "0"),
    firstName: firstNames[below(5)] ?? "",
    lastName: `${lastNames[below(5)] ?? ""}${below(1000)}`,
    phone: `+49 30 ${1_000_000 + below(8_999_999)}`,
    street: below(100_000),
    amount: below(50) === 0 ? "" : `${1 + below(100_000)}.50`,
    birthdate: `20${two(below(24))}-${two(1 + below(12))}-${two(1 + below(28))}`,
    active: below(2) === 0,
    account: below(5000),
    changed: below(10) === 0,
  };
}

async function writeLines(path: string, rows: number, header: string, line: (index: number) => string): Promise<void> {
  const file = createWriteStream(path);
  file.write(`${header}\n`);
  for (let from = 0; from < rows; from += rowsPerWrite) {
    let text = "";
    for (let index = from; index < Math.min(from + rowsPerWrite, rows); index += 1) text += `${line(index)}\n`;
    if (!file.write(text)) await once(file, "drain");
  }
  file.end();
  await finished(file);
}
