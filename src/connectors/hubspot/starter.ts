// What `loadline init` writes for a HubSpot portal: the token of a private app.
// https://developers.hubspot.com/docs/apps/legacy-apps/private-apps/overview

import type { NewField, Starter } from "../../contract/starter.ts";
import type { FieldSchema } from "../../core/model.ts";

const connection = {
  name: "hubspot",
  lines: () => `type: hubspot
auth: { token: "\${HUBSPOT_TOKEN}" }
protected: true # loading wants --yes
`,
};

export const starter: Starter = {
  source: connection,
  target: connection,
  variables: `# HubSpot: the token of a private app or a service key, with read and write scopes for the objects of your jobs.
HUBSPOT_TOKEN=
`,
  records: {
    people: {
      object: "contacts",
      id: "hs_object_id",
      firstName: "firstname",
      lastName: "lastname",
      email: "email",
      phone: "phone",
    },
    newKey,
    define,
    extend: (properties) => ({ properties }),
  },
};

/** Names of properties are lower case, begin with a letter and have 100 characters at most. */
function newKey(label: string): NewField {
  const words = label
    .normalize("NFD")
    .replaceAll(/\p{M}/gu, "")
    .replaceAll("ß", "ss")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter(Boolean);
  const joined = words.join("_");
  return {
    name: (/^[a-z]/.test(joined) ? joined : `key_${joined}`).slice(0, 100).replace(/_+$/, ""),
    definition: { type: "string", fieldType: "text", hasUniqueValue: true, label },
    advice: "Settings > Properties: a single-line text that requires unique values (this can't be changed later)",
  };
}

const types = { number: "number", integer: "number", boolean: "bool", date: "date", datetime: "datetime" } as const;

function define({ kind, label, externalId, picklist }: FieldSchema): object {
  if (picklist !== undefined) {
    const labels = new Map([...(picklist.labels ?? [])].map(([text, value]) => [value, text]));
    const options = picklist.values.map((value) => ({ value, label: labels.get(value) ?? value }));
    return { type: "enumeration", fieldType: "select", label, options };
  }
  const type = kind in types ? types[kind as keyof typeof types] : "string";
  return { type, label, ...(externalId ? { hasUniqueValue: true } : {}) };
}
