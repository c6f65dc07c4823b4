// The jobs of a starter project: people from one system into another, and, where the source holds records, a job that
// puts some into the sandbox first.

import type { NewField, StarterRecords, StarterTables } from "../../contract/starter.ts";

/** Where `schema job --write` writes; editors look there. */
export const schemaFile = ".loadline/job.schema.json";

export const modeline = `# yaml-language-server: $schema=../${schemaFile}\n`;

/** One side of a starter job. */
export interface StarterSide {
  connection: string;
  /** Of a system that holds objects. */
  records?: StarterRecords;
  /** Of a database. */
  tables?: StarterTables;
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

const sampleRows = [
  "C-1001,Annika,de Vries,Annika.deVries@example.com,+49 30 5550101",
  "C-1002,Marcus,Bell,marcus.bell@example.com,+1 202 555 0102",
  "C-1003,Priya,Nair,priya.nair@example.com,+44 20 5550 0103",
];

export const sample = `${[Object.values(columns).join(","), ...sampleRows].join("\n")}\n`;

/** The same as a table, in SQL that every database takes. `isSource`: with the rows. */
export function writeSampleTable(isSource: boolean): string {
  const rows = sampleRows.map((row) => `  ('${row.replaceAll(",", "', '")}')`).join(",\n");
  return `-- The table of the starter job, for a database for tests: run it there once, with the system's own client.
CREATE TABLE contacts (
  contact_no varchar(40) NOT NULL PRIMARY KEY,
  first_name varchar(80),
  last_name varchar(80) NOT NULL,
  email varchar(254),
  phone varchar(40)
);
${
  isSource
    ? `INSERT INTO contacts (${Object.values(columns).join(", ")}) VALUES
${rows};
`
    : ""
}`;
}

const keyLength = 40;

/** The field that records of a starter job are known by. */
export function starterKey(from: StarterSide, records: StarterRecords): NewField {
  const label = from.records === undefined ? "Contact No" : `${from.connection} Id`;
  return records.newKey(label, keyLength);
}

export function writeStarterJob(name: string, from: StarterSide, to: StarterSide): string {
  const { records } = to;
  const source = sourceOf(from, to);
  const target = targetOf(from, to);
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
    map: # ${records === undefined ? `column of the ${to.tables === undefined ? "file" : "table"}` : "field of the target"}: a SQL expression over the ${from.records === undefined ? "columns" : "fields"} of the source
${map.join("")}    validate:
      - { field: ${names.lastName}, required: true }
rejects: { max: 5% } # more than that, and nothing is loaded
# guards: { changed: 20% } # nor where more than a fifth of the records would change
`;
}

function sourceOf({ connection, records, tables }: StarterSide, to: StarterSide): string {
  if (tables !== undefined) return `{ connection: ${connection}, table: contacts }`;
  if (records === undefined) return `{ connection: ${connection}, files: "contacts*.csv" }`;
  const isWhole = to.records === undefined && to.tables === undefined;
  return `{ connection: ${connection}, object: ${records.people.object}${isWhole ? "" : ", incremental: {}"} }`;
}

function targetOf(from: StarterSide, { connection, records, tables }: StarterSide): string {
  if (records !== undefined) {
    const key = starterKey(from, records).name;
    return `{ connection: ${connection}, object: ${records.people.object}, key: ${key}, mode: upsert, adopt_by: ${records.people.email} }`;
  }
  if (tables === undefined) return `{ connection: ${connection}, files: ${sampleName}, mode: replace }`;
  const created = tables.createsTable ? ", create_table: true" : "";
  return `{ connection: ${connection}, table: contacts, key: ${columns.id}, mode: upsert${created} }`;
}

function aboutOf(from: StarterSide, to: StarterSide): string {
  const isOfFiles = from.records === undefined && from.tables === undefined;
  const what = isOfFiles ? `People from files of ${from.connection}` : `People of ${from.connection}`;
  if (to.tables !== undefined) return `${what}, into the table contacts of ${to.connection}.`;
  return to.records === undefined ? `${what}, as a CSV file into ${to.connection}.` : `${what}, into ${to.connection}.`;
}

function mapLines({ records, tables }: StarterSide, names: Record<keyof typeof columns, string>): string[] {
  const given = records?.people ?? columns;
  const text = (name: string) => (records === undefined && tables === undefined ? `trim(${name})` : name);
  return [
    `${names.id}: ${text(given.id)}`,
    `${names.firstName}: ${text(given.firstName)}`,
    `${names.lastName}: ${text(given.lastName)}`,
    `${names.email}: email(${given.email})`,
    `${names.phone}: ${text(given.phone)}`,
  ];
}
