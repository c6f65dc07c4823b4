// One call to a receiver over HTTP. In: an address, a body, how long it may take at most. Out: what it answered. Must hold:
// it ends in time whatever the receiver does, and no part of the address that could be a credential is in a message.

import { Failure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import { redactAnswer, registerSecret } from "../core/secret.ts";
import { HttpClient, type HttpRequest, type HttpResponse } from "../http/client.ts";
import { CallFault } from "../http/outcome.ts";
import { withRetries } from "../http/retry.ts";
import type { Environment } from "../job/job.ts";
import { visible } from "../report/visible-text.ts";
import { version } from "../version.ts";

const attemptsMax = 3;
const answerBytesMax = 2000;
const answerShownMax = 200;

export interface Call extends Pick<HttpRequest, "method" | "headers" | "body"> {
  /** With all attempts. */
  msMax: number;
  /** Where proxies are named. */
  environment: Environment;
}

/** A second message is better than none: whatever passes is tried again. Throws a Failure without the address. */
export async function call(url: URL, { method, headers, body, msMax, environment }: Call): Promise<string> {
  const client = new HttpClient(() => true, { environment });
  const signal = AbortSignal.timeout(msMax);
  let fault: CallFault | undefined;
  const attempt = async () => {
    const request = { method, url: url.href, headers: { "user-agent": `loadline/${version}`, ...headers }, signal };
    try {
      const response = await client.send(body === undefined ? request : { ...request, body });
      return describeAnswer(response.status, await readStart(response));
    } catch (error) {
      // The time that there is may end while it waits for another attempt.
      if (error instanceof CallFault) fault = error;
      throw error;
    }
  };
  try {
    return await withRetries(attempt, { idempotent: true, attemptsMax, signal });
  } catch (error) {
    throw new Failure(exitCode.failed, "it can't be told", {
      why: fault === undefined ? explainNoAnswer(error, msMax) : explainFault(fault),
    });
  } finally {
    client.close();
  }
}

/** The status alone says that it was told: nobody waits for the rest of a long answer, or minds one that breaks off. */
async function readStart({ body }: HttpResponse): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > answerBytesMax) break;
    }
  } catch {
    // What came of it is shown.
  }
  return Buffer.concat(chunks).toString("utf8");
}

function describeAnswer(status: number, text: string): string {
  const said = visible(redactAnswer(text).trim()).slice(0, answerShownMax);
  return said === "" ? `HTTP ${status}` : `HTTP ${status}: ${said}`;
}

/** What the client refuses by itself, a certificate or a proxy, is told as it says it. */
function explainNoAnswer(error: unknown, msMax: number): string {
  if (!(error instanceof Failure)) return `no answer within ${Math.round(msMax / 1000)} s`;
  return error.why === undefined ? error.message : `${error.message}: ${error.why}`;
}

function explainFault(fault: CallFault): string {
  if (fault.status === undefined) {
    const { message = "", code = "" } = (fault.cause ?? {}) as NodeJS.ErrnoException;
    return redactAnswer(message === "" ? code : message);
  }
  const answer = describeAnswer(fault.status, fault.body);
  return fault.status < 400 ? `${answer}; redirects are not followed: write the address that it leads to` : answer;
}

/** A part of a path or query that long is a token, or may be one. */
const tokenLengthMin = 16;

/** Hides an address wherever it could be printed: who knows it may write to the channel. */
export function hideAddress(text: string): void {
  const { pathname, search, searchParams } = new URL(text);
  registerSecret(text);
  const parts = [pathname.slice(1) + search, ...pathname.split("/"), ...searchParams.values()];
  for (const part of parts) if (part.length >= tokenLengthMin) registerSecret(part);
}
