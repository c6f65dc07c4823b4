// A message as JSON, for a receiver of one's own. Names in it are scripted against: they stay.

import { createHmac } from "node:crypto";
import type { Message } from "./message.ts";

export function webhookBody(message: Message): string {
  return JSON.stringify(message);
}

/** Lets a receiver that knows the secret tell our message from others'. */
export function signatureOf(body: string, secret: string): string {
  return `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
}
