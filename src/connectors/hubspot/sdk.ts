// Lends our client to HubSpot's SDK, so that its requests have our token, deadlines, retries, pace and versions: by
// itself it has no time-outs, and knows v3 only.

import type { HttpRequest } from "../../http/client.ts";
import type { HubSpotClient } from "./client.ts";

/** The part of the SDK's requests and answers that it reads and we write; each of its APIs has classes of its own. */
interface SdkRequest {
  getUrl(): string;
  getHttpMethod(): string;
  getBody(): unknown;
}

interface SdkApi<Configuration> {
  createConfiguration(parameters: { httpApi: unknown }): Configuration;
  wrapHttpLibrary(library: { send(request: SdkRequest): Promise<unknown> }): unknown;
}

/** A configuration of one of the SDK's APIs that sends through our client. Its calls throw CallFault. */
export function lendTo<Configuration>(client: HubSpotClient, api: object, doing: string): Configuration {
  const { createConfiguration, wrapHttpLibrary } = api as SdkApi<Configuration>;
  const send = async (request: SdkRequest) => {
    const url = new URL(request.getUrl());
    const body = request.getBody();
    const { status, json } = await client.call({
      method: request.getHttpMethod() as HttpRequest["method"],
      path: `${url.pathname}${url.search}`,
      ...(typeof body === "string" ? { body, headers: { "content-type": "application/json" } } : {}),
      idempotent: request.getHttpMethod() === "GET",
      // All that is asked through the SDK are lists.
      form: { results: "list" },
      doing,
    });
    return {
      httpStatusCode: status,
      headers: { "content-type": "application/json" },
      body: { text: async () => JSON.stringify(json ?? {}) },
    };
  };
  return createConfiguration({ httpApi: wrapHttpLibrary({ send }) });
}
