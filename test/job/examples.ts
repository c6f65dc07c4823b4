// Files that the reader accepts, and files that use all that is only recognised so far.

export const contactsJob = `# yaml-language-server: $schema=../.loadline/job.schema.json
version: 1
name: vendor-feed-to-salesforce
x-notes: &note { owner: RevOps }
x-more: *note
defaults: { target: { connection: salesforce, mode: upsert, batch: { rows: 200 } } }

streams:
  contacts:
    source: { connection: drop, files: "contacts_*.csv", keep: active, optional: [fax], order: name }
    target: { object: Contact, key: Vendor_Contact_Id__c, batch: { bytes: 50MB } }
    map:
      Vendor_Contact_Id__c: contact_no
      AccountId: { parent: accounts, from: account_no, miss: reject }
      LastName:  trim(last_name)
      Email:     { from: lower(trim(email)), on_null: clear }
      Phone:     phone(phone, country)
      Description: { from: notes, policy: fill_empty }
    dedupe: { by: [Vendor_Contact_Id__c], keep: last }
  accounts:
    source:
      connection: drop
      files: "accounts_*.csv"
      format: { type: csv, delimiter: ";", encoding: utf-8 }
    target: { object: Account, key: [Vendor_Account_Id__c], mode: mirror, scope: "Source__c = 'vendor'" }
    map:
      Vendor_Account_Id__c: upper(trim(account_no))
      Name: trim(name)
      AnnualRevenue: parse_decimal(revenue, 'de')
    validate:
      - { field: Name, required: true, max_length: 255 }
      - { expr: "AnnualRevenue >= 0", message: "revenue is negative", severity: warn }

rejects: { max: 2% }
keep:    { runs: 30d }
timezone: Europe/Berlin
guards:  { changed: 20%, deletes: 0, creates: 5000, source_rows_min: 1 }
limits:  { api_calls: 5000, reserve: 20%, minutes: 45 }
lock: wait 10m
redact: [Email, Phone]
notify:
  - { when: [failure, guard, rejects, recovered], webhook: "\${SLACK_WEBHOOK:-}", secret: "\${OPS_SECRET}" }
  - { when: [success], slack: "\${SLACK_WEBHOOK:-}" }
  - { when: [success], teams: "\${TEAMS_WEBHOOK:-}" }
  - when: [failure]
    email: { to: [ops@acme.com], from: etl@acme.com, smtp: smtps://mail.acme.com, auth: { user: etl, password: "\${P}" } }
ping: { start: "\${PING_URL:-}/start", success: "\${PING_URL:-}", failure: "\${PING_URL:-}/fail" }
`;

/** Every key and value of the design that is not built yet. */
export const futureJob = `version: 1
name: future
streams:
  a:
    source:
      connection: drop
      files: "*.csv"
      format: { encoding: latin-1 }
      order: time
      ready: { stable_for: 5m }
      once: content_hash
      after: { move: done }
      max_age: 36h
      object: Contact
      fields: [Id]
      where: IsActive = true
      incremental: { cursor: SystemModstamp, overlap: 5m, since: "2026-01-01" }
      deletes: emit
    target: { connection: out, object: Contact, key: Id, mode: replace, files: out.csv, format: { type: csv } }
    map:
      Id: id
      LeadSource: { lookup: { file: ref/source.csv, key: theirs, value: ours, from: source, miss: create } }
    validate: [ { expr: "count(*) > 0", over: run } ]
  b:
    source: { format: { encoding: utf-16 }, after: { delete: true }, ready: { done_file: done } }
    target: { mode: delta }
tests: [ { name: t, stream: a, given: [ { id: 1 } ], expect: [ { Id: 1 } ], expect_rejects: [ { field: Id, rule: key } ] } ]
`;

export const connections = `version: 1
connections:
  salesforce: { type: salesforce, login_url: "https://acme.my.salesforce.com",
                auth: { jwt: { client_id: "\${SF_CLIENT_ID}", username: "etl@acme.com", key_file: "\${SF_KEY_FILE}" } },
                api_version: "66.0", protected: true }
  token: { type: salesforce, login_url: "http://127.0.0.1:8025/", auth: { access_token: "\${SF_TOKEN}" } }
  app:
    type: salesforce
    login_url: "\${SF_URL:-https://login.example.com}"
    auth: { client_credentials: { client_id: sandbox, client_secret: "\${file:secret.txt}" } }
  refresh: { type: salesforce, login_url: "https://test.salesforce.com",
             auth: { refresh_token: { client_id: a, client_secret: "\${S}", refresh_token: "\${R}" } } }
  legacy: { type: salesforce, login_url: "https://login.salesforce.com",
            auth: { password: { username: a, password: "\${P}", security_token: "\${T}" } } }
  drop: { type: file, path: "./\${FOLDER:-inbox}" }
  vendor: { type: sftp, url: "sftp://acme@files.vendor.example:22/out", auth: { private_key_file: "\${SFTP_KEY}" },
            host_key: "SHA256:I1FSRe70cxmdgmy1Wyi24wURRRiRYbk55QGP5Wu9Pag" }
  hubspot: { type: hubspot, auth: { token: "\${HUBSPOT_TOKEN}" }, limits: { burst: 80%, daily: 25% } }
  portal: { type: hubspot, base_url: "https://api.hubapi.com", api_version: "2026-03",
         auth: { oauth: { client_id: a, client_secret: "\${B}", refresh_token: "\${C}" } } }
`;
