// Who is told: the receivers of a job with their references resolved. In: a notice and the variables. Out: a receiver that
// can be sent a message, or why there is none. Must hold: addresses and secrets are hidden before anything else is done.

import { usageFailure } from "../core/errors.ts";
import { isLoopback } from "../core/loopback.ts";
import { registerSecret } from "../core/secret.ts";
import type { Environment, MailReceiver, Notice, OptionalReference, Place } from "../job/job.ts";
import { findSmtpProblem, findUrlProblem } from "../job/notify-schema.ts";
import { sendMail } from "./email.ts";
import type { Message } from "./message.ts";
import { call, hideAddress } from "./post.ts";
import { slackBody } from "./slack.ts";
import { teamsBody } from "./teams.ts";
import { signatureOf, webhookBody } from "./webhook.ts";
import { textOf, titleOf } from "./words.ts";

/** With all attempts: Slack answers within a second, a workflow of Teams within some. */
const callMsMax = 10_000;
/** Mail servers let strangers wait before they greet them. */
const mailMsMax = 20_000;

export interface Receiver {
  /** As messages name it: what it is and its host. */
  name: string;
  place: Place;
  /** Whether what it is told stays on this machine. */
  isLocal: boolean;
  /** Gives what it answered. Throws a Failure whose `why` says what went wrong. */
  send(message: Message, msMax: number): Promise<string>;
}

/** Undefined where nobody is to be told, for a reference is empty. Throws a Failure (2) for one that can't be used. */
export function openReceiver({ to, place }: Notice, environment: Environment): Receiver | undefined {
  if (to.kind === "email") return openMail(to, place, environment);
  const url = readAddress(to.url, environment);
  if (url === undefined) return undefined;
  const name = `${to.kind} at ${url.host}`;
  const secret = to.kind === "webhook" && to.secret !== undefined ? readSecret(to.secret, environment) : undefined;
  const form = to.kind === "slack" ? slackBody : to.kind === "teams" ? teamsBody : webhookBody;
  return {
    name,
    place,
    isLocal: isLoopback(url.hostname),
    send(message, msMax) {
      const body = form(message);
      const signature = secret === undefined ? {} : { "x-loadline-signature": signatureOf(body, secret) };
      const headers = { "content-type": "application/json", ...signature };
      return call(url, { method: "POST", headers, body, environment, msMax: Math.min(msMax, callMsMax) });
    },
  };
}

/** The URL that a reference stands for. */
export function readAddress(reference: OptionalReference, environment: Environment): URL | undefined {
  if (reference.isNobody(environment)) return undefined;
  const text = reference.resolve(environment).reveal();
  const problem = findUrlProblem(text);
  if (problem !== undefined) throw usageFailure(problem, { where: reference.place });
  hideAddress(text);
  return new URL(text);
}

/** An empty one would sign, and be a secret to nobody. */
function readSecret(reference: OptionalReference, environment: Environment): string {
  const secret = reference.resolve(environment).reveal();
  if (secret === "") throw usageFailure("the secret is empty", { where: reference.place });
  registerSecret(secret);
  return secret;
}

function openMail(mail: MailReceiver, place: Place, environment: Environment): Receiver | undefined {
  if ([mail.smtp, mail.from].some((one) => one.isNobody(environment))) return undefined;
  const to = mail.to.filter((one) => !one.isNobody(environment)).map((one) => one.resolve(environment).reveal());
  if (to.length === 0) return undefined;
  const smtp = mail.smtp.resolve(environment).reveal();
  const problem = findSmtpProblem(smtp);
  if (problem !== undefined) throw usageFailure(problem, { where: mail.smtp.place });
  const server = new URL(smtp);
  const from = mail.from.resolve(environment).reveal();
  const auth =
    mail.auth === undefined
      ? {}
      : {
          auth: {
            user: mail.auth.user.resolve(environment).reveal(),
            password: readSecret(mail.auth.password, environment),
          },
        };
  return {
    name: `email by ${server.host}`,
    place,
    // A server on this machine hands mail on.
    isLocal: false,
    send(message, msMax) {
      const letter = { from, to, subject: titleOf(message), text: textOf(message) };
      return sendMail({ server, ...auth, letter, msMax: Math.min(msMax, mailMsMax) });
    },
  };
}
