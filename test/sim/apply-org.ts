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
      fields: { Ext__c: { ...text, externalId: true, unique: true }, Loose__c: { ...text, externalId: true } },
    },
  },
  hubspot: { contacts: { properties: { ext_id: { type: "string", fieldType: "text", hasUniqueValue: true } } } },
};

export const namesOf: Record<System, Record<StreamName, Record<string, string>>> = {
  salesforce: {
    accounts: { last: "Name", phone: "Phone", note: "Site" },
    contacts: { last: "LastName", phone: "Phone", title: "Title", note: "Department" },
  },
  hubspot: { accounts: {}, contacts: { last: "lastname", phone: "phone", title: "jobtitle", note: "city" } },
};

export const objectOf = { accounts: "Account", contacts: "Contact" } as const;

function keyField({ system, mode }: Pick<History, "system" | "mode">, stream: StreamName): string {
  if (system === "hubspot") return "ext_id";
  return mode === "insert" && stream === "contacts" ? "Loose__c" : "Ext__c";
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
    if (deed.kind === "edit") {
      const [name, value] = await this.#fieldOf(stream, deed.field, deed.value);
      await this.#change(stream, id, { [name]: value });
    } else if (deed.kind === "rekey") await this.#change(stream, id, { [keyField(this.#history, stream)]: deed.key });
    else if (system === "hubspot") {
      const contacts = "/crm/v3/objects/contacts";
      if (deed.kind === "delete") await this.#hubspot("DELETE", `${contacts}/${id}`);
      else {
        const primaryObjectId = this.idOf(deed.into);
        const merged = await this.#hubspot("POST", `${contacts}/merge`, { primaryObjectId, objectIdToMerge: id });
        this.#ids.set(deed.made, (merged as { id: string }).id);
      }
    } else if (deed.kind === "delete") await this.#salesforce("DELETE", `sobjects/${objectOf[stream]}/${id}`);
    else {
      const merge = { object: objectOf[stream], master: this.idOf(deed.into), merged: [id] };
      await this.#salesforce("POST", "/__sandbox/salesforce/merge", merge);
    }
  }

  async #make({ uid, stream, key, values }: Pick<Held, "uid" | "stream" | "key" | "values">): Promise<void> {
    const fields: [string, unknown][] = [[keyField(this.#history, stream), key]];
    for (const [field, value] of Object.entries(values)) {
      if (field === "account" && value === "") continue;
      if (value !== "") fields.push(await this.#fieldOf(stream, field, value));
    }
    const record = Object.fromEntries(fields);
    const made =
      this.#history.system === "hubspot"
        ? await this.#hubspot("POST", "/crm/v3/objects/contacts", { properties: record })
        : await this.#salesforce("POST", `sobjects/${objectOf[stream]}`, record);
    this.#ids.set(uid, (made as { id: string }).id);
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
      await this.#hubspot("PATCH", `/crm/v3/objects/contacts/${id}`, { properties: fields });
    else await this.#salesforce("PATCH", `sobjects/${objectOf[stream]}/${id}`, fields);
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
    const key = keyField(this.#history, stream);
    const valuesOf = (fields: Record<string, unknown>) =>
      Object.fromEntries(names.map(([field, name]) => [field, String(fields[name] ?? "")]));
    if (system === "hubspot") {
      const records = await this.#sandbox.dumpHubSpot("contacts");
      return records
        .filter(({ archived }) => !archived)
        .map((one) => ({
          id: one.id,
          key: one.properties[key] ?? "",
          stream,
          values: { ...valuesOf(one.properties), account: "" },
          whole: JSON.stringify(one),
        }));
    }
    const accounts = stream === "accounts" ? [] : await this.read("accounts");
    const records = (await this.#sandbox.dump(objectOf[stream])).filter((one) => one["IsDeleted"] !== true);
    return records.map((one) => ({
      id: String(one["Id"]),
      key: String(one[key]),
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
    const lines = rows[stream].map(({ key, cells }) => [key, ...columns.map((name) => cells[name] ?? "")].join(","));
    return [`inbox/${stream}.csv`, `${[["key", ...columns].join(","), ...lines].join("\n")}\n`];
  });
  return createProject({ ...connections(sandbox), "job.yaml": jobOf(history), ...Object.fromEntries(inbox) });
}

function jobOf(history: History): string {
  const { system, mode, streams } = history;
  const written = streams.map((stream) => {
    const way = stream === "accounts" ? "upsert" : mode;
    const object = system === "hubspot" ? stream : objectOf[stream];
    const names = namesOf[system][stream];
    const fields = fieldsOf[stream].flatMap((field) => {
      if (field !== "account") return [`${names[field]}: ${field}`];
      return streams.includes("accounts") ? ["AccountId: { parent: accounts, from: account }"] : [];
    });
    const key = keyField(history, stream);
    return `  ${stream}:
    source: { connection: drop, files: "${stream}.csv" }
    target: { connection: ${system}, object: ${object}, key: ${key}, mode: ${way}, batch: { rows: 5 } }
    map: { ${[`${key}: key`, ...(way === "delete" ? [] : fields)].join(", ")} }
`;
  });
  return `version: 1
name: history
streams:
${written.join("")}rejects: { max: 100% }
guards: { deletes: 100 }
`;
}
