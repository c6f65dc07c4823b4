// The records that an org starts with: those without which no client can sign in, and a few to look at.

import { identifier } from "../../core/sql.ts";
import type { StatementSync } from "../../core/sqlite.ts";
import { demoAddress, demoDomain, demoPeople } from "../demo.ts";
import type { Field } from "./catalog/field.ts";
import type { SalesforceObject } from "./catalog/object.ts";
import { type Org, orgId, userId } from "./org.ts";
import { writeRecord } from "./records/json.ts";
import { salesforceNow } from "./records/writer.ts";
import { type Stored, transact } from "./store.ts";

/** Fills a fresh org. Does nothing but refresh the metadata view where there are records already. */
export function seedOrg(org: Org, seed: "demo" | "empty"): void {
  transact(org.store.database, () => {
    insertDefinitions(org);
    refreshRecordTypes(org);
    refreshPermissions(org);
    const users = org.store.database.prepare(`SELECT count(*) AS count FROM "User"`).get();
    if (users?.["count"] !== 0) return;
    insertOwnRecords(org);
    if (seed === "demo") insertDemoRecords(org);
  });
}

function insertOwnRecords(org: Org): void {
  insert(org, "User", userId, {
    Username: "sandbox@loadline.example",
    FirstName: "Sandbox",
    LastName: "User",
    Email: "sandbox@loadline.example",
    Alias: "sandbox",
    CommunityNickname: "sandbox",
    IsActive: 1,
    TimeZoneSidKey: "UTC",
    LocaleSidKey: "en_US",
    LanguageLocaleKey: "en_US",
    UserType: "Standard",
  });
  insert(org, "Organization", orgId, {
    Name: "loadline sandbox",
    InstanceName: "SBX1",
    IsSandbox: 1,
    OrganizationType: "Developer Edition",
    DefaultLocaleSidKey: "en_US",
    TimeZoneSidKey: "UTC",
    LanguageLocaleKey: "en_US",
  });
  // Every org has it, and prices of its own go into none but it.
  insert(org, "Pricebook2", undefined, { Name: "Standard Price Book", IsActive: 1, IsStandard: 1 });
}

/** The record of what the user may do, as it stands. */
export function refreshPermissions(org: Org): void {
  org.store.database.exec(`DELETE FROM "UserPermissionAccess"`);
  insert(org, "UserPermissionAccess", undefined, { PermissionsViewAllData: org.permissions.viewAllData ? 1 : 0 });
}

function insertDefinitions(org: Org): void {
  org.store.database.exec(`DELETE FROM "EntityDefinition"; DELETE FROM "FieldDefinition"`);
  const writeObject = inserter(org, "EntityDefinition");
  const write = inserter(org, "FieldDefinition");
  for (const object of org.catalog.objects) {
    writeObject(object.name, { DurableId: object.name, QualifiedApiName: object.name, Label: object.label });
    for (const field of definedFields(object))
      write(undefined, {
        DurableId: `${object.name}.${field.name}`,
        QualifiedApiName: field.name,
        EntityDefinitionId: object.name,
        DataType: field.type,
        Label: field.label,
        Length: field.length,
        IsPolymorphicForeignKey: field.referenceTo.length > 1 ? 1 : 0,
      });
  }
}

/** Parts of addresses have no definition, those of a geolocation have one together, and a person's fields are Contact's. */
function definedFields({ name: object, fields }: SalesforceObject): Field[] {
  const parts = new Set(fields.flatMap(({ components }) => Object.values(components ?? {})));
  const own = fields.filter(({ name }) => !parts.has(name) && !name.endsWith("__pc"));
  const named = own.map((field) => ({ ...field, name: definitionOf(object, field.name).name }));
  return [...new Map(named.map((field) => [field.name, field])).values()];
}

/** What a field comes and goes with. */
function definitionOf(object: string, field: string): { object: string; name: string } {
  if (field.endsWith("__pc")) return { object: "Contact", name: field.replace(/__pc$/, "__c") };
  return { object, name: field.replace(/__[A-Za-z]+__s$/, "__c") };
}

/** Deletes a field and makes one of the same name: no record has a value, and none has changed by it. */
export function makeFieldAnew({ store: { database } }: Org, object: string, field: string): void {
  const defined = definitionOf(object, field);
  database.exec(`UPDATE ${identifier(object)} SET ${identifier(field)} = NULL`);
  database
    .prepare(
      `UPDATE "FieldDefinition" SET "DurableId" = "DurableId" || '2' WHERE "EntityDefinitionId" = ? AND "QualifiedApiName" = ?`,
    )
    .run(defined.object, defined.name);
}

// A record type that is known keeps its id: records refer to it.
function refreshRecordTypes(org: Org): void {
  const { database } = org.store;
  const update = database.prepare(
    `UPDATE "RecordType" SET "Name" = ?, "IsActive" = ? WHERE "SobjectType" = ? AND "DeveloperName" = ?`,
  );
  database.exec(`UPDATE "RecordType" SET "IsActive" = 0`);
  for (const object of org.catalog.stored)
    for (const [DeveloperName, { label, active }] of Object.entries(object.recordTypes)) {
      const values = { Name: label ?? DeveloperName, IsActive: Number(active) };
      const known = update.run(values.Name, values.IsActive, object.name, DeveloperName);
      if (known.changes > 0) continue;
      insert(org, "RecordType", undefined, { ...values, DeveloperName, SobjectType: object.name });
    }
}

function insert(org: Org, name: string, id: string | undefined, values: Readonly<Record<string, Stored>>): void {
  inserter(org, name)(id, values);
}

type Insert = (id: string | undefined, values: Readonly<Record<string, Stored>>) => void;

/** Writes records with values of the same fields: the statement is made for the first of them. */
function inserter(org: Org, name: string): Insert {
  const object = org.catalog.storedObject(name) as SalesforceObject;
  const timestamp = salesforceNow();
  let statement: StatementSync | undefined;
  return (id, values) => {
    const next = org.store.nextId(object);
    const row: Record<string, Stored> = {
      serial: next.serial,
      Id: id ?? next.id,
      CreatedDate: timestamp,
      LastModifiedDate: timestamp,
      SystemModstamp: timestamp,
      CreatedById: userId,
      LastModifiedById: userId,
      ...values,
    };
    const columns = Object.keys(row);
    statement ??= org.store.database.prepare(
      `INSERT INTO ${identifier(name)} (${columns.map(identifier).join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`,
    );
    statement.run(...Object.values(row));
  };
}

const demoAccounts = [
  ["Harbour Freight Cooperative", "Shipping", "Rotterdam", "Netherlands", 48_000_000, 310],
  ["Northwind Grain Traders", "Agriculture", "Winnipeg", "Canada", 12_500_000, 85],
  ["Alder & Pine Furniture", "Manufacturing", "Grand Rapids", "United States", 7_300_000, 64],
  ["Lumen Diagnostics", "Healthcare", "Lyon", "France", 22_100_000, 140],
  ["Kestrel Avionics", "Engineering", "Bristol", "United Kingdom", 91_000_000, 520],
  ["Blue Mesa Energy", "Energy", "Santa Fe", "United States", 134_000_000, 410],
  ["Sakura Instruments", "Electronics", "Osaka", "Japan", 57_800_000, 275],
  ["Fjord Analytics", "Technology", "Bergen", "Norway", 4_900_000, 38],
  ["Olive Branch Foods", "Food & Beverage", "Valencia", "Spain", 18_600_000, 122],
  ["Granite State Bank", "Banking", "Concord", "United States", 210_000_000, 640],
  ["Weser Maschinenbau", "Machinery", "Bremen", "Germany", 66_400_000, 390],
  ["Southern Cross Freight", "Transportation", "Hobart", "Australia", 9_200_000, 71],
] as const;

const titles = ["Head of Operations", "Buyer", "Controller", "Sales Director"];

function insertDemoRecords(org: Org): void {
  const account = org.catalog.storedObject("Account") as SalesforceObject;
  const contact = org.catalog.storedObject("Contact") as SalesforceObject;
  const accounts = demoAccounts.map(
    ([Name, Industry, BillingCity, BillingCountry, AnnualRevenue, NumberOfEmployees]) => {
      const domain = demoDomain(Name);
      const record = {
        Name,
        Industry,
        BillingCity,
        BillingCountry,
        AnnualRevenue,
        NumberOfEmployees,
        Website: `https://${domain}`,
      };
      return { id: writeRecord(org, account, { operation: "insert", record }).id, domain };
    },
  );
  demoPeople.forEach(([FirstName, LastName], index) => {
    const employer = accounts[index % accounts.length];
    const record = {
      FirstName,
      LastName,
      AccountId: employer?.id,
      Email: demoAddress(FirstName, LastName, employer?.domain),
      Phone: `+1 202 555 01${String(index).padStart(2, "0")}`,
      Title: titles[index % titles.length],
    };
    writeRecord(org, contact, { operation: "insert", record });
  });
}
