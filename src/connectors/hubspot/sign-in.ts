// Signing in to HubSpot: a token that does not end (private app, service key), or the refresh of an OAuth app's.
// https://developers.hubspot.com/docs/api-reference/auth-oauth-v1/tokens/post-oauth-v1-token

import { monotonicMs } from "../../core/clock.ts";
import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { registerSecret } from "../../core/secret.ts";
import { type HttpClient, readJson } from "../../http/client.ts";
import { CallFault } from "../../http/outcome.ts";
import { withRetries } from "../../http/retry.ts";
import type { Environment } from "../../job/job.ts";
import type { ApiSession } from "../kit/api-client.ts";
import type { HubSpotConnection } from "./connection.ts";
import { explainFault, readApiError, readFault } from "./errors.ts";
import { type ApiVersion, pathIn } from "./paths.ts";

export interface Session extends ApiSession {
  /** On the monotonic clock; undefined for a token that does not end. */
  endsMs?: number;
}

/** HubSpot says that 401 is no signal to refresh: tokens are renewed this long before they end. */
const marginMs = 60_000;

export function isEnding({ endsMs }: Session): boolean {
  return endsMs !== undefined && monotonicMs() > endsMs - marginMs;
}

/** Throws a Failure (8 refused, 75 unreachable). */
export async function signIn(
  http: HttpClient,
  connection: HubSpotConnection,
  environment: Environment,
  version: ApiVersion,
  signal: AbortSignal,
): Promise<Session> {
  const { auth, baseUrl: origin } = connection;
  if (auth.kind === "token") return { origin, token: auth.token.resolve(environment).reveal() };
  const body = new URLSearchParams({
    grant_type: "refresh_token",
    client_id: auth.clientId.resolve(environment).reveal(),
    client_secret: auth.clientSecret.resolve(environment).reveal(),
    refresh_token: auth.refreshToken.resolve(environment).reveal(),
  }).toString();
  const url = `${origin}${pathIn(version, "/oauth/v3/token")}`;
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  const ask = async () => {
    try {
      return await readJson(await http.send({ method: "POST", url, headers, body, signal }), "the token refresh");
    } catch (error) {
      throw error instanceof CallFault ? readFault(error) : error;
    }
  };
  try {
    const answer = (await withRetries(ask, { idempotent: true, signal })) as Record<string, unknown>;
    const token = answer["access_token"];
    if (typeof token !== "string") throw new Error("the answer holds no access token");
    registerSecret(token);
    return { origin, token, endsMs: monotonicMs() + Number(answer["expires_in"] ?? 1800) * 1000 };
  } catch (error) {
    throw explainRefusal(error, connection);
  }
}

function explainRefusal(error: unknown, { name, place }: HubSpotConnection): unknown {
  if (error instanceof Failure) return error;
  if (error instanceof CallFault && error.transient) return explainFault(error, name, "the token refresh");
  const why =
    error instanceof CallFault ? (readApiError(error.body)?.message ?? error.message) : (error as Error).message;
  return new Failure(exitCode.signIn, `${name}: HubSpot refuses the sign-in`, {
    where: place,
    why,
    next: "check client_id, client_secret and refresh_token that connections.yaml refers to",
  });
}
