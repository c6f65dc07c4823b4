// The two CRMs of a history (apply-model.ts): filled, changed by others, read. In: records and deeds of the model. Out: what
// the sandbox holds, in the model's terms, and which id each of its records has.

import { connections, createProject, type Project, type Sandbox } from "../support/rig.ts";
import {
  type Deed,
  fieldsOf,
  type Held,
  type History,
  type StreamName,
  type System,
  type Values,
} from "./apply-model.ts";

const text = { type: "string", length: 40 };

export const schema = {
  salesforce: {
    Account: { fields: { Ext__c: { ...text, externalId: true, unique: true } } },
    // Not unique: only the tool keeps a row of an insert from being doubled.
    Contact: {
      fields: {
        Ext__c: { ...text, externalId: true, unique: true },
        Loose__c: { ...text, externalId: true },
        Part__c: text,
        Number__c: text,
      },
    },
  },
  hubspot: {
    companies: { properties: { ext_id: { type: "string", fieldType: "text", hasUniqueValue: true } } },
    contacts: {
      properties: {
        ext_id: { type: "string", fieldType: "text", hasUniqueValue: true },
        key_part: { type: "string", fieldType: "text" },
        key_number: { type: "string", fieldType: "text" },
      },
    },
  },
};

export const namesOf: Record<System, Record<StreamName, Record<string, string>>> = {
  salesforce: {
    accounts: { last: "Name", phone: "Phone", note: "Site" },
    contacts: { last: "LastName", phone: "Phone", title: "Title", note: "Department" },
  },
  hubspot: {
    accounts: { last: "name", phone: "phone", note: "city" },
    contacts: { last: "lastname", phone: "phone", title: "jobtitle", note: "city" },
  },
};

export const objects = {
  salesforce: { accounts: "Account", contacts: "Contact" },
  hubspot: { accounts: "companies", contacts: "contacts" },
} as const;

function keyFields(
  { system, mode, isPair }: Pick<History, "system" | "mode" | "isPair">,
  stream: StreamName,
): string[] {
  if (isPair && stream === "contacts")
    return system === "hubspot" ? ["key_part", "key_number"] : ["Part__c", "Number__c"];
  if (system === "hubspot") return ["ext_id"];
  return [mode === "insert" && stream === "contacts" ? "Loose__c" : "Ext__c"];
}

/** A key in the fields that it is in: `K12` may be K and 12. */
function partsOf(key: string, fields: readonly string[]): string[] {
  return fields.length === 1 ? [key] : [key.replace(/\d+$/, ""), key.replace(/^\D+/, "")];
}

function keyCells(history: History, stream: StreamName, key: string): Record<string, string> {
  const fields = keyFields(history, stream);
  const parts = partsOf(key, fields);
  return Object.fromEntries(fields.map((name, index) => [name, parts[index] ?? ""]));
}

export interface Found {
  id: string;
  key: string;
  stream: StreamName;
  values: Values;
  /** All that the org shows of it. */
  whole: string;
}

export class Org {
  readonly #sandbox: Sandbox;
  readonly #history: History;
  readonly #ids = new Map<number, string>();

  constructor(sandbox: Sandbox, history: History) {
    this.#sandbox = sandbox;
    this.#history = history;
  }

  idOf(uid: number): string {
    const id = this.#ids.get(uid);
    if (id === undefined) throw new Error(`record ${uid} has no id`);
    return id;
  }

  /** One that the load has made has none here. */
  idsOf(uid: number): string[] {
    const id = this.#ids.get(uid);
    return id === undefined ? [] : [id];
  }

  /** Empty, then filled. */
  async fill(): Promise<void> {
    const { present, system } = this.#history;
    await (system === "hubspot" ? this.#sandbox.hubspotApi : this.#sandbox.api)("POST", "/__sandbox/reset");
    this.#ids.clear();
    for (const one of present) await this.#make(one);
  }

  async do(deeds: readonly Deed[]): Promise<void> {
    // Another second: versions of Salesforce are no finer.
    await this.#sandbox.advance(2000);
    for (const deed of deeds) await this.#doOne(deed);
    await this.#sandbox.advance(2000);
  }

  async #doOne(deed: Deed): Promise<void> {
    const { system } = this.#history;
    if (deed.kind === "make") return this.#make(deed);
    const id = this.idOf(deed.uid);
    const stream = this.#history.present.find(({ uid }) => uid === deed.uid)?.stream ?? "contacts";
    if (deed.kind === "edit" && deed.field === "account" && system === "hubspot") await this.#join(id, deed.value);
    else if (deed.kind === "edit") {
      const [name, value] = await this.#fieldOf(stream, deed.field, deed.value);
      await this.#change(stream, id, { [name]: value });
    } else if (deed.kind === "rekey") await this.#change(stream, id, keyCells(this.#history, stream, deed.key));
    else if (system === "hubspot") {
      const contacts = "/crm/v3/objects/contacts";
      if (deed.kind === "delete") await this.#hubspot("DELETE", `/crm/v3/objects/${objects.hubspot[stream]}/${id}`);
      else {
        const primaryObjectId = this.idOf(deed.into);
        const merged = await this.#hubspot("POST", `${contacts}/merge`, { primaryObjectId, objectIdToMerge: id });
        this.#ids.set(deed.made, (merged as { id: string }).id);
      }
    } else if (deed.kind === "delete") await this.#salesforce("DELETE", `sobjects/${objects.salesforce[stream]}/${id}`);
    else {
      const merge = { object: objects.salesforce[stream], master: this.idOf(deed.into), merged: [id] };
      await this.#salesforce("POST", "/__sandbox/salesforce/merge", merge);
    }
  }

  async #make({ uid, stream, key, values }: Pick<Held, "uid" | "stream" | "key" | "values">): Promise<void> {
    const { system } = this.#history;
    const fields: [string, unknown][] = Object.entries(keyCells(this.#history, stream, key));
    for (const [field, value] of Object.entries(values)) {
      if (field === "account" && (value === "" || system === "hubspot")) continue;
      if (value !== "") fields.push(await this.#fieldOf(stream, field, value));
    }
    const record = Object.fromEntries(fields);
    const made =
      system === "hubspot"
        ? await this.#hubspot("POST", `/crm/v3/objects/${objects.hubspot[stream]}`, { properties: record })
        : await this.#salesforce("POST", `sobjects/${objects.salesforce[stream]}`, record);
    const { id } = made as { id: string };
    this.#ids.set(uid, id);
    if (system === "hubspot" && (values["account"] ?? "") !== "") await this.#join(id, values["account"] ?? "");
  }

  /** To these companies and to no other. */
  async #join(id: string, links: string): Promise<void> {
    const companies = new Map((await this.#readCompanies()).map(([company, key]) => [key, company]));
    const wanted = new Set(links === "" ? [] : links.split("+"));
    const path = `/crm/v4/objects/contacts/${id}/associations`;
    const there = new Set(await this.#linksOf(id));
    for (const [key, company] of companies) {
      if (wanted.has(key) && !there.has(company)) await this.#hubspot("PUT", `${path}/default/companies/${company}`);
      if (!wanted.has(key) && there.has(company)) await this.#hubspot("DELETE", `${path}/companies/${company}`);
    }
  }

  async #linksOf(id: string): Promise<string[]> {
    const { results } = (await this.#hubspot("GET", `/crm/v4/objects/contacts/${id}/associations/companies`)) as {
      results: { toObjectId: number }[];
    };
    return results.map(({ toObjectId }) => String(toObjectId));
  }

  async #readCompanies(): Promise<[string, string][]> {
    const records = await this.#sandbox.dumpHubSpot("companies");
    return records.filter(({ archived }) => !archived).map(({ id, properties }) => [id, properties["ext_id"] ?? ""]);
  }

  /** A parent is named by its id. */
  async #fieldOf(stream: StreamName, field: string, value: string): Promise<[string, unknown]> {
    if (field !== "account") {
      return [
        namesOf[this.#history.system][stream][field] ?? "",
        value === "" && this.#history.system === "salesforce" ? null : value,
      ];
    }
    const accounts = await this.read("accounts");
    return ["AccountId", accounts.find(({ key }) => key === value)?.id ?? null];
  }

  async #change(stream: StreamName, id: string, fields: object): Promise<void> {
    if (this.#history.system === "hubspot")
      await this.#hubspot("PATCH", `/crm/v3/objects/${objects.hubspot[stream]}/${id}`, { properties: fields });
    else await this.#salesforce("PATCH", `sobjects/${objects.salesforce[stream]}/${id}`, fields);
  }

  async #hubspot(method: string, path: string, body?: object): Promise<unknown> {
    return expectDone(path, await this.#sandbox.hubspotApi(method, path, body));
  }

  async #salesforce(method: string, path: string, body?: object): Promise<unknown> {
    return expectDone(path, await this.#sandbox.api(method, path, body));
  }

  /** Live records. */
  async read(stream: StreamName): Promise<Found[]> {
    const { system } = this.#history;
    const names = Object.entries(namesOf[system][stream]);
    const keys = keyFields(this.#history, stream);
    const keyOf = (fields: Record<string, unknown>) => keys.map((name) => String(fields[name] ?? "")).join("");
    const valuesOf = (fields: Record<string, unknown>) =>
      Object.fromEntries(names.map(([field, name]) => [field, String(fields[name] ?? "")]));
    if (system === "hubspot") {
      const records = await this.#sandbox.dumpHubSpot(objects.hubspot[stream]);
      const live = records.filter(({ archived }) => !archived);
      const isJoined = stream === "contacts" && this.#history.streams.length > 1;
      const companies = new Map(isJoined ? await this.#readCompanies() : []);
      return Promise.all(
        live.map(async (one) => {
          const joined = isJoined ? await this.#linksOf(one.id) : [];
          const account = joined
            .map((company) => companies.get(company) ?? company)
            .sort()
            .join("+");
          const values = { ...valuesOf(one.properties), account };
          return { id: one.id, key: keyOf(one.properties), stream, values, whole: JSON.stringify([one, account]) };
        }),
      );
    }
    const accounts = stream === "accounts" ? [] : await this.read("accounts");
    const records = (await this.#sandbox.dump(objects.salesforce[stream])).filter((one) => one["IsDeleted"] !== true);
    return records.map((one) => ({
      id: String(one["Id"]),
      key: keyOf(one),
      stream,
      values: { ...valuesOf(one), account: accounts.find(({ id }) => id === one["AccountId"])?.key ?? "" },
      whole: JSON.stringify(one),
    }));
  }

  async readAll(): Promise<Found[]> {
    return (await Promise.all(this.#history.streams.map((stream) => this.read(stream)))).flat();
  }
}

function expectDone(path: string, { status, body }: { status: number; body: unknown }): unknown {
  if (status >= 300) throw new Error(`${path}: HTTP ${status} ${JSON.stringify(body)}`);
  return body;
}

/** A machine with the job, and the rows in its inbox. */
export function openProject(sandbox: Sandbox, history: History): Project {
  const { rows, streams } = history;
  const inbox = streams.map((stream) => {
    const columns = fieldsOf[stream];
    const keys = keyFields(history, stream);
    const lines = rows[stream].map(({ key, cells }) =>
      [...partsOf(key, keys), ...columns.map((name) => cells[name] ?? "")].join(","),
    );
    return [`inbox/${stream}.csv`, `${[[...keys, ...columns].join(","), ...lines].join("\n")}\n`];
  });
  return createProject({ ...connections(sandbox), "job.yaml": jobOf(history), ...Object.fromEntries(inbox) });
}

function jobOf(history: History): string {
  const { system, mode, streams } = history;
  const written = streams.map((stream) => {
    const way = stream === "accounts" ? "upsert" : mode;
    const object = objects[system][stream];
    const names = namesOf[system][stream];
    const fields = fieldsOf[stream].flatMap((field) => {
      if (field !== "account") return [`${names[field]}: ${field}`];
      const parent = system === "hubspot" ? "companies" : "AccountId";
      const how = history.replaces ? ", mode: replace" : "";
      return streams.includes("accounts") ? [`${parent}: { parent: accounts, from: account${how} }`] : [];
    });
    const keys = keyFields(history, stream);
    return `  ${stream}:
    source: { connection: drop, files: "${stream}.csv" }
    target: { connection: ${system}, object: ${object}, key: [${keys.join(", ")}], mode: ${way}, batch: { rows: 5 } }
    map: { ${[...keys.map((name) => `${name}: ${name}`), ...(way === "delete" ? [] : fields)].join(", ")} }
`;
  });
  return `version: 1
name: history
streams:
${written.join("")}rejects: { max: 100% }
guards: { deletes: 100 }
`;
}
