// What a script of its own would be: csv-parse, zod for each row, csv-stringify. It maps the nine fields and checks the
// four rules, and that is all: no rejects file, no deduplication, no comparison, no batches, nothing to resume from.
// Arguments: the delivery, a folder.

import { createReadStream, createWriteStream } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { parse } from "csv-parse";
import { stringify } from "csv-stringify";
import { z } from "zod";
import { measure } from "./measure.ts";

const [delivery = "", folder = ""] = process.argv.slice(2);

const blankToNull = (text: string) => (text === "" ? null : text);

const Contact = z
  .object({
    contact_no: z.string().min(1),
    first_name: z.string(),
    last_name: z.string(),
    email: z.string(),
    phone: z.string(),
    notes: z.string(),
    revenue: z.string(),
    birthdate: z.string(),
    active: z.string(),
  })
  .transform((row) => ({
    Contact_No__c: row.contact_no.trim().toUpperCase(),
    FirstName: blankToNull(row.first_name.trim()),
    LastName: row.last_name.trim(),
    Email: row.email.trim().toLowerCase(),
    Phone: blankToNull(row.phone),
    Description: blankToNull(row.notes),
    Amount__c: row.revenue === "" ? null : Number(row.revenue),
    Birthdate: blankToNull(row.birthdate),
    Active__c: row.active.toLowerCase() === "yes",
  }))
  .refine(({ LastName }) => LastName !== "" && LastName.length <= 80)
  .refine(({ FirstName }) => FirstName === null || FirstName.length <= 40)
  .refine(({ Email }) => /^[^@]+@[^@]+$/.test(Email))
  .refine(({ Amount__c }) => Amount__c === null || Amount__c >= 0);

await measure(async () => {
  await pipeline(
    createReadStream(delivery, { highWaterMark: 1 << 20 }),
    parse({ columns: true }),
    async function* (rows: AsyncIterable<unknown>) {
      for await (const row of rows) {
        const contact = Contact.safeParse(row);
        if (contact.success) yield contact.data;
      }
    },
    stringify({ header: true }),
    createWriteStream(join(folder, "libraries.csv")),
  );
  return {};
});
