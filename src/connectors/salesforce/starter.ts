// What `loadline init` writes for a Salesforce org: the client credentials flow, which wants no person and no key file.
// https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_client_credentials_flow.htm
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of connections.yaml are written so

import type { NewField, Starter } from "../../contract/starter.ts";
import type { FieldSchema } from "../../core/model.ts";

const connection = {
  name: "salesforce",
  lines: () => `type: salesforce
login_url: "\${SF_LOGIN_URL}"
auth: { client_credentials: { client_id: "\${SF_CLIENT_ID}", client_secret: "\${SF_CLIENT_SECRET}" } }
protected: true # loading wants --yes
`,
};

export const starter: Starter = {
  source: connection,
  target: connection,
  variables: `# Salesforce: your My Domain, https://acme.my.salesforce.com. Setup > External Client App Manager > an app with the
# client credentials flow has the other two.
SF_LOGIN_URL=
SF_CLIENT_ID=
SF_CLIENT_SECRET=
`,
  records: {
    people: {
      object: "Contact",
      id: "Id",
      firstName: "FirstName",
      lastName: "LastName",
      email: "Email",
      phone: "Phone",
    },
    newKey,
    define,
    extend: (fields) => ({ fields }),
  },
};

/** API names are letters, digits and single underscores, begin with a letter and have 40 characters with `__c`. */
function newKey(label: string, length: number): NewField {
  const words = label
    .normalize("NFD")
    .replaceAll(/\p{M}/gu, "")
    .replaceAll("ß", "ss")
    .split(/[^A-Za-z0-9]+/)
    .filter(Boolean);
  const joined = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("_");
  const name = `${/^[A-Za-z]/.test(joined) ? joined : `Key_${joined}`}`.slice(0, 37).replace(/_+$/, "");
  return {
    name: `${name}__c`,
    definition: { type: "string", length, externalId: true, unique: true, label },
    advice: `Setup > Object Manager > Fields: a text field of ${length} characters, ticked as External ID and Unique`,
  };
}

function define({
  vendorType,
  label,
  maxLength,
  scale,
  wholeDigits,
  externalId,
  unique,
  picklist,
  referenceTo,
}: FieldSchema): object {
  const isNumber = scale !== undefined;
  const digits = wholeDigits === undefined ? 18 : Math.min(18, wholeDigits + (scale ?? 0));
  return {
    type: vendorType,
    label,
    ...(maxLength === undefined || picklist !== undefined ? {} : { length: maxLength }),
    ...(isNumber && vendorType !== "int" ? { precision: digits, scale } : {}),
    ...(externalId ? { externalId } : {}),
    ...(unique ? { unique } : {}),
    ...(picklist === undefined ? {} : { values: picklist.values, restricted: picklist.restricted }),
    ...(referenceTo[0] === undefined ? {} : { to: referenceTo[0] }),
  };
}
