// Mail by SMTP. In: a server, a letter. Out: what the server answered. Must hold: TLS, whose certificate is verified, but on
// loopback; it ends in time; a letter that one of its recipients was refused counts as not sent.

import { once } from "node:events";
import { Failure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import { isLoopback } from "../core/loopback.ts";
import { redactAnswer } from "../core/secret.ts";
import { connectSocket } from "../http/socket.ts";
import { visible } from "../report/visible-text.ts";

export interface Mail {
  /** `smtps:` or `smtp:`. */
  server: URL;
  auth?: { user: string; password: string };
  letter: { from: string; to: readonly string[]; subject: string; text: string };
  msMax: number;
}

/** Throws a Failure with what the server or the network said. */
export async function sendMail({ server, auth, letter, msMax }: Mail): Promise<string> {
  const { createTransport } = await import("nodemailer");
  const secure = server.protocol === "smtps:";
  const host = server.hostname.replace(/^\[(.*)\]$/, "$1");
  // https://www.rfc-editor.org/rfc/rfc8314: 465 with TLS from the first byte, 587 with STARTTLS.
  const port = server.port === "" ? (secure ? 465 : 587) : Number(server.port);
  const socket = connectSocket(host, port);
  const late = new Error(`no answer within ${Math.round(msMax / 1000)} s`);
  const timer = setTimeout(() => socket.destroy(late), msMax);
  const isPlain = !secure && isLoopback(server.hostname);
  try {
    await once(socket, "connect");
    const transport = createTransport({
      host,
      port,
      connection: socket,
      secure,
      ...(isPlain ? { ignoreTLS: true } : { requireTLS: true }),
      ...(auth === undefined ? {} : { auth: { user: auth.user, pass: auth.password } }),
      connectionTimeout: msMax,
      greetingTimeout: msMax,
      socketTimeout: msMax,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    // A machine's letter, which no machine is to answer. https://www.rfc-editor.org/rfc/rfc3834#section-5
    const headers = { "Auto-Submitted": "auto-generated" };
    const sent = await transport.sendMail({ ...letter, to: [...letter.to], headers });
    if (sent.rejected.length > 0) throw new Error(`the server refuses ${sent.rejected.map(String).join(", ")}`);
    return clean(sent.response);
  } catch (error) {
    const why = socket.errored === late ? late : error;
    throw new Failure(exitCode.failed, "it can't be told", {
      why: clean(why instanceof Error ? why.message : String(why)),
    });
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

function clean(text: string): string {
  return visible(redactAnswer(text).trim());
}
