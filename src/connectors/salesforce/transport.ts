// Lends our HTTP client to jsforce, so that its requests have our deadlines, retries and count, and its own retries are
// never reached (facts: jsforce resends PUT with an empty body, and everything through a proxy).

import { PassThrough } from "node:stream";
import { Transport } from "jsforce/lib/transport.js";
import { CallFault } from "../../http/outcome.ts";

export interface PlainRequest {
  method: string;
  url: string;
  headers?: Record<string, string>;
  body?: string;
}

export interface PlainResponse {
  statusCode: number;
  headers: Record<string, string>;
  body: string;
}

/** A jsforce transport that sends through `send`. A refusal is an answer to jsforce, not a fault. */
export class LentTransport extends Transport {
  readonly #send: (request: PlainRequest) => Promise<PlainResponse>;

  constructor(send: (request: PlainRequest) => Promise<PlainResponse>) {
    super();
    this.#send = send;
  }

  override getRequestStreamCreator(): never {
    const create = (request: PlainRequest) => {
      const stream = new PassThrough();
      this.#send(request)
        .catch((error: unknown) => {
          if (!(error instanceof CallFault) || error.status === undefined || error.transient) throw error;
          return { statusCode: error.status, headers: { "content-type": "application/json" }, body: error.body };
        })
        .then(
          (response) => stream.emit("complete", response),
          (error: unknown) => stream.emit("error", error),
        );
      return stream;
    };
    return create as never;
  }
}
