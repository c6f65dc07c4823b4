// The shape of connections.yaml. Where a credential belongs only a reference is accepted, so that a file with a secret
// in it cannot be committed unnoticed.

import { z } from "zod";
import { closedMap, name, percent, referencing, secret, version } from "./schema-parts.ts";

const optionalProtected = z
  .boolean()
  .describe("Loads into it want an approved plan or --yes. Default: false.")
  .optional();

const salesforceAuth = closedMap({
  access_token: secret.describe("A session's access token; login_url is then the instance.").optional(),
  jwt: closedMap({
    client_id: referencing.describe("Consumer key of the connected app."),
    username: referencing.describe("The user to sign in as."),
    key_file: referencing.describe("File with the private key (PEM), relative to this file."),
  })
    .describe("JWT bearer flow: no password, for machines.")
    .optional(),
  client_credentials: closedMap({
    client_id: referencing.describe("Consumer key of the connected app."),
    client_secret: secret.describe("Consumer secret; a reference."),
  })
    .describe("Client credentials flow.")
    .optional(),
  refresh_token: closedMap({
    client_id: referencing.describe("Consumer key of the connected app."),
    client_secret: secret.describe("Consumer secret; a reference.").optional(),
    refresh_token: secret.describe("The refresh token; a reference."),
  })
    .describe("Refresh token flow.")
    .optional(),
  password: closedMap({
    username: referencing.describe("The user to sign in as."),
    password: secret.describe("The password; a reference."),
    security_token: secret.describe("The user's security token; a reference.").optional(),
  })
    .describe("User name and password (legacy).")
    .optional(),
})
  .meta({ minProperties: 1, maxProperties: 1 })
  .refine(hasOneKey, "expected one of access_token, jwt, client_credentials, refresh_token, password");

const salesforce = closedMap({
  type: z.literal("salesforce").describe("The kind of system."),
  login_url: referencing.describe(
    "https URL of the org's My Domain; https://login.salesforce.com or https://test.salesforce.com where the flow allows; with access_token the instance.",
  ),
  auth: salesforceAuth.describe("How to sign in: one of the flows."),
  api_version: z
    .string('expected text: write it in quotes, "66.0"')
    .regex(/^\d{2,3}\.0$/, 'expected a version such as "66.0"')
    .describe('REST API version, e.g. "66.0". Default: the newest that loadline was tested with.')
    .optional(),
  protected: optionalProtected,
});

const hubspot = closedMap({
  type: z.literal("hubspot").describe("The kind of system."),
  base_url: referencing.describe("https URL. Default: HubSpot's public host.").optional(),
  auth: closedMap({
    token: secret.describe("A private app's token; a reference.").optional(),
    oauth: closedMap({
      client_id: referencing.describe("The app's client id."),
      client_secret: secret.describe("The app's client secret; a reference."),
      refresh_token: secret.describe("The refresh token; a reference."),
    })
      .describe("OAuth refresh.")
      .optional(),
  })
    .meta({ minProperties: 1, maxProperties: 1 })
    .refine(hasOneKey, "expected one of token, oauth")
    .describe("How to sign in: one of token, oauth."),
  api_version: z
    .enum(["v3", "2026-03", "2026-09"], 'expected v3, "2026-03" or "2026-09"')
    .describe("v3 (with v4), 2026-03 or 2026-09. Default: the newest that loadline was tested with.")
    .optional(),
  limits: closedMap({
    burst: percent.describe("Share of the calls that the portal allows in ten seconds. Default: 80%.").optional(),
    daily: percent.describe("Share of the calls that the portal allows in a day. Default: 100%.").optional(),
  })
    .describe("How much of the portal's limits to use.")
    .optional(),
  protected: optionalProtected,
});

const sftp = closedMap({
  type: z.literal("sftp").describe("The kind of system."),
  url: referencing.describe("sftp://user@host:port, or with a folder: sftp://user@host:port/folder."),
  auth: closedMap({
    password: secret.describe("The password; a reference.").optional(),
    private_key_file: referencing.describe("File with the private key.").optional(),
    passphrase: secret.describe("The key's passphrase; a reference.").optional(),
    agent: z.literal(true).describe("Use the SSH agent.").optional(),
  })
    .meta({
      oneOf: [{ required: ["password"] }, { required: ["private_key_file"] }, { required: ["agent"] }],
      dependentRequired: { passphrase: ["private_key_file"] },
    })
    .refine(
      ({ passphrase, ...auth }) => hasOneKey(auth) && (passphrase === undefined || auth.private_key_file !== undefined),
      "expected one of password, private_key_file (with or without passphrase), agent",
    )
    .describe("How to sign in: one of password, private_key_file, agent."),
  host_key: z
    .string()
    .regex(/^SHA256:[A-Za-z0-9+/]{43}=?$/, "expected a fingerprint, SHA256:…, as `loadline connections pin` prints it")
    .describe("The server's key: SHA256:…")
    .optional(),
  jump: z
    .string()
    .describe("Another connection of type sftp, whose server stands in between (a bastion, a jump host).")
    .optional(),
  known_hosts: referencing
    .describe("File that knows the server's key, relative to this file. Default: ~/.ssh/known_hosts.")
    .optional(),
  protected: optionalProtected,
});

const file = closedMap({
  type: z.literal("file").describe("The kind of system."),
  path: referencing.describe("A folder, relative to this file."),
});

/** connections.yaml as it is written. */
export const connectionsShape = closedMap({
  version,
  connections: z
    .record(name, z.discriminatedUnion("type", [salesforce, hubspot, sftp, file]))
    .describe("The systems, by the name that jobs use."),
}).meta({ title: "loadline connections file" });

export type ConnectionsFile = z.infer<typeof connectionsShape>;
export type ConnectionFile = ConnectionsFile["connections"][string];

function hasOneKey(value: object): boolean {
  return Object.keys(value).length === 1;
}
