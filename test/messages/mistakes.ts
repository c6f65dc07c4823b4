// Mistakes that people make, and what each message is judged by. Must hold: what is said of a message are words of it.

import { zipOf } from "../support/zip.ts";

export interface Mistake {
  title: string;
  /** Lines that are wrong, or the command that was typed. */
  made: string;
  /** Parts of what is printed. `why` may be said by `what`. */
  what: string;
  where: string;
  why?: string;
  next: string;
}

const latin1 = (text: string) => Buffer.from(text, "latin1");

export const schema = {
  salesforce: {
    Account: { fields: { Acc__c: { type: "string", length: 20, externalId: true, unique: true } } },
    Contact: {
      fields: {
        Ext__c: { type: "string", length: 20, externalId: true, unique: true },
        acme__Score__c: { type: "double", precision: 6, scale: 0 },
        Level__c: { type: "picklist", values: ["Gold", "Silver"], restricted: true },
      },
    },
    Visit__c: {
      custom: true,
      fields: {
        Ext__c: { type: "string", length: 20, externalId: true, unique: true },
        Account__c: { type: "reference", to: "Account", masterDetail: "fixed" },
      },
    },
  },
};

export const inbox = {
  "inbox/people.csv": "id,last,email,Firma Nr,order\n1,Lee,ann@example.com,F-1,1\n",
  "inbox/semicolon.csv": "id;last;email\n1;Lee;ann@example.com\n",
  "inbox/latin.csv": latin1("id,last\n1,Köster\n"),
  "inbox/book.xlsx": zipOf({ "[Content_Types].xml": "<Types/>", "xl/workbook.xml": "<workbook/>" }),
  "inbox/page.xls": "<html><body><table><tr><td>id</td></tr></table></body></html>",
  "inbox/feed.xml": "<feed>\n<c><id>1</id><last>Smith & Co</last></c>\n</feed>\n",
  "inbox/many.json": '{"id": 1, "last": "a"}\n{"id": 2, "last": "b"}\n',
};

export interface JobParts {
  /** Below `map:`; the key is there. */
  map?: string;
  files?: string;
  format?: string;
  target?: string;
  key?: string;
}

export function jobOf({
  map = "",
  files = "people.csv",
  format,
  target = "object: Contact",
  key = "Ext__c",
}: JobParts): string {
  const reading = format === undefined ? "" : `, format: ${format}`;
  const connection = target.startsWith("connection") ? target : `connection: salesforce, ${target}`;
  return `version: 1
name: people
streams:
  people:
    source: { connection: drop, files: ${files}${reading} }
    target: { ${connection}, key: ${key}, mode: upsert }
    map:
      ${key}: id
${map === "" ? "" : `      ${map}\n`}`;
}

export type Checked = Omit<Mistake, "made"> & JobParts & { job?: string; made?: string };

/** Found by `check`, all in one process. */
export const checked: Checked[] = [
  {
    title: "A column with a blank, without quotes",
    map: "LastName: Firma Nr",
    what: '"Firma Nr" is a column here',
    where: "job.yaml:9:17",
    why: "SQL reads these words otherwise",
    next: `put the name into double quotes: "Firma Nr"`,
  },
  {
    title: "A column that is a word of SQL",
    map: "LastName: order",
    what: '"order" is a column here',
    why: "SQL reads these words otherwise",
    where: "job.yaml:9:17",
    next: `put the name into double quotes: "order"`,
  },
  {
    title: "A constant without quotes",
    map: "LastName: Berlin",
    what: `the files of stream people have no column "Berlin"`,
    where: "job.yaml:9:17",
    next: `A text is written in single quotes: "'Berlin'"`,
  },
  {
    title: "A column that is spelt otherwise in the file",
    map: "LastName: lastt",
    what: `no column "lastt"`,
    where: "job.yaml:9:17",
    next: 'did you mean "last"?',
  },
  {
    title: "&& in place of AND",
    map: "LastName: if(last = 'Lee' && id = '1', 'x', 'y')",
    what: "&& is not AND in SQL",
    where: "job.yaml:9:33",
    next: "write AND",
  },
  {
    title: "CASE without END",
    map: "LastName: CASE WHEN id = '1' THEN last",
    what: "CASE without END",
    where: "job.yaml:9:17",
    next: "write CASE WHEN … THEN … ELSE … END",
  },
  {
    title: "Too few arguments",
    map: "Birthdate: parse_date(last)",
    what: "parse_date takes 2 to 3 arguments, here is 1",
    where: "job.yaml:9:18",
    next: "write parse_date(text, format [, locale])",
  },
  {
    title: "A function that is spelt wrong",
    map: "LastName: trm(last)",
    what: "the function trm can't be used in a job",
    where: "job.yaml:9:17",
    next: "did you mean trim?",
  },
  {
    title: "A function that gives another result each time",
    map: "LastName: uuid()",
    what: "the function uuid can't be used in a job",
    where: "job.yaml:9:17",
    why: "the same row gives the same result each time",
    next: "loadline help functions lists those that can",
  },
  {
    title: "Texts joined by +",
    map: "LastName: last + ' ' + id",
    what: "+ can't be used between text and text",
    where: "job.yaml:9:17",
    next: "texts are joined by ||",
  },
  {
    title: "The wrong delimiter",
    files: "semicolon.csv",
    map: "LastName: last",
    what: 'have one column, "id;last;email"',
    where: "job.yaml:5:",
    why: "they are separated by ;, the job reads",
    next: 'format: { delimiter: ";" }',
  },
  {
    title: "The wrong encoding",
    files: "latin.csv",
    map: "LastName: last",
    what: "latin.csv is not in UTF-8, as the job reads it",
    where: "job.yaml:5:",
    why: "one word reads Köster (windows-1252)",
    next: "format: { encoding: windows-1252 }",
  },
  {
    title: "An Excel workbook",
    files: "book.xlsx",
    map: "LastName: last",
    what: "the file is an Excel workbook, not CSV",
    where: "book.xlsx",
    next: "in a spreadsheet, save it as CSV UTF-8",
  },
  {
    title: "A web page that is named .xls",
    files: "page.xls",
    map: "LastName: last",
    what: "the file is an HTML page, not CSV",
    where: "page.xls",
    next: "fetch it again, if it is a page that came in place of the file",
  },
  {
    title: "An & in XML",
    files: "feed.xml",
    format: "{ type: xml, records: /feed/c }",
    map: "LastName: last",
    what: "the file is not well-formed XML",
    where: "feed.xml:2",
    why: "an & stands for itself",
    next: "&amp;",
  },
  {
    title: "Objects in a row, read as one JSON document",
    files: "many.json",
    format: "{ type: json }",
    map: "LastName: last",
    what: "the file holds several JSON objects in a row, not an array of them",
    where: "many.json:2",
    next: "set format.type: jsonl",
  },
  {
    title: "An object that is spelt wrong",
    target: "object: Contat",
    map: "LastName: last",
    what: "has no object Contat",
    where: "job.yaml:6:",
    next: 'did you mean "Contact"?',
  },
  {
    title: "A field of a package, without its namespace",
    map: "Score__c: id",
    what: "Contact has no field Score__c",
    where: "job.yaml:9:7",
    next: 'did you mean "acme__Score__c"?',
  },
  {
    title: "A name that is made of others",
    map: "Name: last",
    what: "Name of Contact is made of other fields",
    where: "job.yaml:9:7",
    why: "can't be written itself",
    next: "map Salutation, FirstName, LastName",
  },
  {
    title: "An address in one field",
    map: "MailingAddress: last",
    what: "MailingAddress of Contact is made of other fields",
    where: "job.yaml:9:7",
    why: "can't be written itself",
    next: "map MailingStreet, MailingCity",
  },
  {
    title: "A parent by the field of its id",
    map: "AccountId.Acc__c: id",
    what: "AccountId is no relation of Contact",
    where: "job.yaml:9:7",
    why: "a parent is named by the lookup's relation",
    next: 'did you mean "Account.Acc__c"?',
  },
  {
    title: "A field that a new record must have",
    map: "Email: email",
    what: "a new Contact must have LastName",
    where: "job.yaml:6:",
    why: "it is not in the map",
    next: "add to the map: LastName: <column",
  },
  {
    title: "A detail without its master",
    target: "object: Visit__c",
    what: "a new Visit__c must have Account__c",
    where: "job.yaml:6:",
    why: "it is not in the map",
    next: "Account__r.<key of Account>: <column>",
  },
  {
    title: "A detail that is moved to another master",
    target: "object: Visit__c",
    map: "Account__r.Acc__c: last",
    what: "Visit__c.Account__r.Acc__c can't be changed once a record is there",
    where: "job.yaml:9:7",
    why: "a detail stays with its master",
    next: "policy: create_only",
  },
  {
    title: "A key that HubSpot does not have",
    target: "connection: hubspot, object: contacts",
    key: "vendor_no",
    what: "contacts has no field vendor_no",
    where: "job.yaml:8:7",
    next: "make it there (an external id, a property with unique values)",
  },
  {
    title: "A key that tells no records apart",
    key: "LastName",
    what: "LastName is neither an external id nor unique",
    where: "job.yaml:6:",
    why: "so it can't tell records apart",
    next: "these can: ",
  },
  {
    title: "A constant that the picklist does not have",
    map: `Level__c: "'Platinum'"\n      LastName: last`,
    what: '"Platinum" is not in its restricted picklist',
    where: "job.yaml:9:",
    next: "Gold, Silver",
  },
  {
    title: "A key of the job file that is spelt wrong",
    job: jobOf({ map: "LastName: last" }).replace("source:", "sorce:"),
    made: "sorce: { connection: drop, files: people.csv }",
    what: 'unknown key "sorce"',
    where: "job.yaml:5:5",
    next: 'did you mean "source"?',
  },
  {
    title: "A connection that is not there",
    target: "connection: salesfroce, object: Contact",
    map: "LastName: last",
    what: 'there is no connection "salesfroce" in connections.yaml',
    where: "job.yaml:6:",
    next: 'did you mean "salesforce"?',
  },
];

export type Typed = Omit<Mistake, "made"> & { args: readonly string[]; files?: Record<string, string> };

/** Each a command of its own. */
export const typed: Typed[] = [
  {
    title: "A command that is spelt wrong",
    args: ["chekc", "job.yaml"],
    what: "unknown command 'chekc'",
    where: "chekc",
    next: "Did you mean check?",
  },
  {
    title: "A file that the shell has made several of",
    args: ["guess", "inbox/people.csv", "inbox/semicolon.csv"],
    what: "guess takes one file, or a glob in quotes",
    where: "guess",
    why: "the shell has made several names of it",
    next: "loadline guess 'inbox/*.csv'",
  },
  {
    title: "A stream that the job does not have",
    args: ["plan", "job.yaml", "--streams", "poeple"],
    files: { "job.yaml": jobOf({ map: "LastName: last" }) },
    what: "job people has no stream poeple",
    where: "job.yaml",
    next: "did you mean people?",
  },
  {
    title: "Two jobs of one name",
    args: ["check", "jobs/people.yaml", "jobs/copy.yaml"],
    files: { "jobs/people.yaml": jobOf({}), "jobs/copy.yaml": jobOf({}) },
    what: "are both called people",
    where: "jobs/people.yaml and jobs/copy.yaml",
    next: "give each job a name of its own",
  },
  {
    title: "A load into a protected connection",
    args: ["run", "job.yaml"],
    files: { "job.yaml": jobOf({ target: "connection: live, object: Contact", map: "LastName: last" }) },
    what: "connection live is protected",
    where: "live",
    why: "loading wants --yes",
    next: "loadline plan job.yaml",
  },
  {
    title: "A variable that is not set",
    args: ["connections", "test", "other"],
    what: "the variable OTHER_SECRET is not set",
    where: "connections.yaml:21:",
    next: "set OTHER_SECRET in .env beside connections.yaml",
  },
  {
    title: "A secret that is wrong",
    args: ["connections", "test", "wrong"],
    what: "Salesforce refuses the sign-in",
    where: "connections.yaml:22:3: wrong",
    why: "invalid_client: invalid client credentials",
    next: "check the credentials that connections.yaml refers to",
  },
  {
    title: "A secret that is written down",
    args: ["connections"],
    files: {
      "connections.yaml":
        "version: 1\nconnections:\n  hubspot: { type: hubspot, auth: { token: pat-eu1-00000000-0000-4000-8000-000000000000 } }\n",
    },
    what: "a literal secret",
    where: "connections.yaml:3:",
    next: "keep it in a variable or file and write a reference such as",
  },
  {
    title: "A folder without a project",
    args: ["--dir", "inbox", "runs"],
    what: "there is no connections.yaml",
    where: "/home/ann/feeds/inbox",
    why: "--dir names the folder of a project",
    next: "loadline init inbox makes one there",
  },
];
