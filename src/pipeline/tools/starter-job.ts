// The jobs of a starter project: people from one system into another, and, where the source holds records, a job that
// puts some into the sandbox first.

import type { NewField, StarterRecords } from "../../contract/starter.ts";

/** Where `schema job --write` writes; editors look there. */
export const schemaFile = ".loadline/job.schema.json";

export const modeline = `# yaml-language-server: $schema=../${schemaFile}\n`;

/** One side of a starter job. */
export interface StarterSide {
  connection: string;
  /** Of a system that holds objects. */
  records?: StarterRecords;
}

/** What the sample file has, and so what every starter job carries. */
const columns = {
  id: "contact_no",
  firstName: "first_name",
  lastName: "last_name",
  email: "email",
  phone: "phone",
} as const;

export const sampleName = "contacts.csv";

export const sample = `${Object.values(columns).join(",")}
C-1001,Annika,de Vries,Annika.deVries@example.com,+49 30 5550101
C-1002,Marcus,Bell,marcus.bell@example.com,+1 202 555 0102
C-1003,Priya,Nair,priya.nair@example.com,+44 20 5550 0103
`;

const keyLength = 40;

/** The field that records of a starter job are known by. */
export function starterKey(from: StarterSide, records: StarterRecords): NewField {
  const label = from.records === undefined ? "Contact No" : `${from.connection} Id`;
  return records.newKey(label, keyLength);
}

export function writeStarterJob(name: string, from: StarterSide, to: StarterSide): string {
  const { records } = to;
  const source =
    from.records === undefined
      ? `{ connection: ${from.connection}, files: "contacts*.csv" }`
      : `{ connection: ${from.connection}, object: ${from.records.people.object}${records === undefined ? "" : ", incremental: {}"} }`;
  const target =
    records === undefined
      ? `{ connection: ${to.connection}, files: ${sampleName}, mode: replace }`
      : `{ connection: ${to.connection}, object: ${records.people.object}, key: ${starterKey(from, records).name}, mode: upsert, adopt_by: ${records.people.email} }`;
  const names = records === undefined ? columns : { ...records.people, id: starterKey(from, records).name };
  const map = mapLines(from, names).map((line) => `      ${line}\n`);
  return `${modeline}#
# ${aboutOf(from, to)}
${records === undefined ? "" : "# Who is there already, without the key, is taken over by the address (adopt_by).\n"}# Every key: docs/job-file.md of the package.
version: 1
name: ${name}
streams:
  contacts:
    source: ${source}
    target: ${target}
    map: # ${records === undefined ? "column of the file" : "field of the target"}: a SQL expression over the ${from.records === undefined ? "columns" : "fields"} of the source
${map.join("")}    validate:
      - { field: ${names.lastName}, required: true }
rejects: { max: 5% } # more than that, and nothing is loaded
# guards: { changed: 20% } # nor where more than a fifth of the records would change
`;
}

function aboutOf(from: StarterSide, to: StarterSide): string {
  const what = from.records === undefined ? `People from files of ${from.connection}` : `People of ${from.connection}`;
  return to.records === undefined ? `${what}, as a CSV file into ${to.connection}.` : `${what}, into ${to.connection}.`;
}

function mapLines({ records }: StarterSide, names: Record<keyof typeof columns, string>): string[] {
  const given = records?.people ?? columns;
  const text = (name: string) => (records === undefined ? `trim(${name})` : name);
  return [
    `${names.id}: ${text(given.id)}`,
    `${names.firstName}: ${text(given.firstName)}`,
    `${names.lastName}: ${text(given.lastName)}`,
    `${names.email}: email(${given.email})`,
    `${names.phone}: ${text(given.phone)}`,
  ];
}
