// The shape of `notify` and `ping` in a job file: whom to tell how a run ended. In: what is written. Out: the same, checked
// as far as it stands in the file. Must hold: an address that is itself a credential is a reference.

import { z } from "zod";
import { isLoopback } from "../core/loopback.ts";
import { closedMap, referencing, secret } from "./schema-parts.ts";

/** What is wrong with an address that is called over HTTP, without quoting it. */
export function findUrlProblem(text: string): string | undefined {
  if (!URL.canParse(text)) return "this is not a URL";
  const url = new URL(text);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopback(url.hostname))) {
    return "the address must be https (http only on loopback)";
  }
  if (url.username !== "" || url.password !== "") return "the address holds a user name or password";
  return undefined;
}

/** What is wrong with the address of a mail server, without quoting it. */
export function findSmtpProblem(text: string): string | undefined {
  const isSmtp = URL.canParse(text) && /^smtps?:$/.test(new URL(text).protocol);
  if (!isSmtp || new URL(text).hostname === "") return "expected smtps://host:465 or smtp://host:587";
  const { username, password, pathname, search, hash } = new URL(text);
  if (username !== "" || password !== "") return "the address holds a user name or password: they go below auth";
  return pathname.replace("/", "") + search + hash === "" ? undefined : "the address must not have a path";
}

/** Who has such an address may post: Slack's and Discord's, those of Teams and Power Automate, any with a token in it. */
const credentialLike =
  /\/\/hooks\.slack\.com\/|\/\/discord(app)?\.com\/api\/webhooks\/|\/\/[^/]*\.(webhook\.office\.com|logic\.azure\.com|powerplatform\.com|powerautomate\.com)[:/]|[?&](sig|token|key|secret|api_?key)=/i;
const advice = `this address is a credential: keep it in a variable and write a reference such as \${SLACK_WEBHOOK:-} here`;

function addressOf(isCredential: (text: string) => boolean) {
  return referencing.superRefine((text, context) => {
    // What a reference stands for is known only when it is used.
    if (text.includes("${")) return;
    const problem = findUrlProblem(text) ?? (isCredential(text) ? advice : undefined);
    if (problem !== undefined) context.addIssue(problem);
  });
}

const address = addressOf((text) => credentialLike.test(text));
const channel = addressOf((text) => !isLoopback(new URL(text).hostname));

const server = referencing.superRefine((text, context) => {
  const problem = text.includes("${") ? undefined : findSmtpProblem(text);
  if (problem !== undefined) context.addIssue(problem);
});

const email = closedMap({
  to: z
    .union(
      [referencing, z.array(referencing).min(1, "expected at least one address")],
      "expected an address, or a list",
    )
    .describe("One address, or a list."),
  from: referencing.describe("The sender's address."),
  smtp: server.describe(
    "The mail server: smtps://host:465 (TLS), or smtp://host:587 (STARTTLS; plain text on loopback).",
  ),
  auth: closedMap({
    user: referencing.describe("Who signs in to the mail server."),
    password: secret.describe("The password; a reference."),
  })
    .describe("How to sign in to the mail server. Default: not at all.")
    .optional(),
});

const receivers = ["webhook", "slack", "teams", "email"] as const;

const notice = closedMap({
  when: z
    .array(z.enum(["failure", "guard", "rejects", "drift", "recovered", "success"]))
    .min(1, "expected at least one of failure, guard, rejects, recovered, success")
    .describe("What to tell of."),
  webhook: address.describe("A URL that gets JSON by POST; a reference, where it is a credential.").optional(),
  slack: channel.describe("An incoming webhook of Slack; a reference.").optional(),
  teams: channel.describe("A webhook of Teams (Workflows); a reference.").optional(),
  email: email.describe("Mail by SMTP.").optional(),
  secret: secret.describe("Signs the body of `webhook` by HMAC-SHA256; a reference.").optional(),
})
  .meta({ oneOf: receivers.map((name) => ({ required: [name] })), dependentRequired: { secret: ["webhook"] } })
  .refine(
    (entry) => receivers.filter((name) => entry[name] !== undefined).length === 1,
    "expected one of webhook, slack, teams, email",
  )
  .refine((entry) => entry.secret === undefined || entry.webhook !== undefined, "`secret` goes with `webhook`");

export const notifyShape = z.array(notice);

export const pingShape = closedMap({
  start: address.describe("Called when a run begins.").optional(),
  success: address.describe("Called when a run ends with exit code 0.").optional(),
  failure: address.describe("Called when a run ends otherwise, or can't begin, with the reason as text.").optional(),
});
