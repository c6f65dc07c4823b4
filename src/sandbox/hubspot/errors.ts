// What HubSpot says no with: one shape for a refused request and for a refused input of a batch.
// https://developers.hubspot.com/docs/api-reference/error-handling

import { randomId } from "../../core/random.ts";
import { type Answer, json } from "../routes.ts";

/** One entry of `errors`. */
export interface ErrorDetail {
  message: string;
  code?: string;
  in?: string;
  subCategory?: string;
  context?: Record<string, string[]>;
}

export interface ErrorParts {
  subCategory?: string;
  errors?: ErrorDetail[];
  context?: Record<string, string[]>;
}

/** A refusal: the HTTP status that it has as an answer of its own, the vendor's category and wording. */
export class ApiError extends Error {
  readonly status: number;
  readonly category: string;
  readonly parts: ErrorParts;

  constructor(status: number, category: string, message: string, parts: ErrorParts = {}) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.category = category;
    this.parts = parts;
  }
}

export function validationError(message: string, parts?: ErrorParts): ApiError {
  return new ApiError(400, "VALIDATION_ERROR", message, parts);
}

/** No such path, object type or record: real answers have no category here. */
export function notFound(): ApiError {
  return new ApiError(404, "", "resource not found");
}

/** An error as the entry of a batch answer's `errors`. */
export function batchError(error: ApiError, context: Record<string, string[]> = {}): Record<string, unknown> {
  const { context: own, ...parts } = error.parts;
  return {
    status: "error",
    category: error.category,
    message: error.message,
    ...parts,
    context: { ...own, ...context },
  };
}

/** The answer to an error that a route threw. Anything unforeseen is 500. */
export function answerError(error: unknown): Answer {
  if (error instanceof ApiError) return errorAnswer(error.status, error.category, error.message, error.parts);
  return errorAnswer(500, "INTERNAL_ERROR", error instanceof Error ? error.message : String(error));
}

const usualErrors: Readonly<Record<number, readonly [category: string, message: string]>> = {
  401: [
    "INVALID_AUTHENTICATION",
    "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview",
  ],
  403: ["MISSING_SCOPES", "This app hasn't been granted all required scopes to make this call."],
  404: ["", "resource not found"],
  405: ["", "Method Not Allowed"],
  409: ["CONFLICT", "The request conflicts with another one."],
  414: ["", "URI Too Long"],
  423: ["LOCKED", "The record is locked. Try again in two seconds."],
  477: ["MIGRATION_IN_PROGRESS", "This account is being moved to another data center."],
  503: ["SERVICE_UNAVAILABLE", "The service is temporarily unavailable."],
};

/** HubSpot's usual answer with a status: what a fault sends when it does not say. */
export function answerStatus(status: number): Answer {
  if (status === 429) return rateLimited("TEN_SECONDLY_ROLLING");
  const [category, message] = usualErrors[status] ?? ["INTERNAL_ERROR", "internal error"];
  return status < 400 ? { status } : errorAnswer(status, category, message);
}

/** 429 has a body of its own: `errorType` and `policyName` in place of a category. */
export function rateLimited(policyName: "TEN_SECONDLY_ROLLING" | "SECONDLY" | "DAILY"): Answer {
  const correlationId = newCorrelationId();
  return hubspotJson(
    429,
    {
      status: "error",
      message: `You have reached your ${policyName.toLowerCase()} limit.`,
      errorType: "RATE_LIMIT",
      correlationId,
      policyName,
      requestId: newCorrelationId(),
    },
    correlationId,
  );
}

/** A JSON answer with HubSpot's headers. */
export function hubspotJson(status: number, value: unknown, correlationId = newCorrelationId()): Answer {
  return json(status, value, {
    "Content-Type": "application/json;charset=utf-8",
    "x-hubspot-correlation-id": correlationId,
  });
}

function errorAnswer(status: number, category: string, message: string, parts: ErrorParts = {}): Answer {
  const correlationId = newCorrelationId();
  const named = category === "" ? {} : { category };
  return hubspotJson(status, { status: "error", message, correlationId, ...named, ...parts }, correlationId);
}

function newCorrelationId(): string {
  return randomId(16).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
