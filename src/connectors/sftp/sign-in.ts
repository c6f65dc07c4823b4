// The ways to sign in to an SSH server. In: the credentials of a connection. Out: attempts in their order, only those
// that the server takes. What must hold: a password goes to prompts that hide what is typed, and nowhere else.

import { createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";
import ssh2, { type AnyAuthMethod, type AuthHandlerMiddleware, type KeyboardInteractiveAuthMethod } from "ssh2";
import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import type { Environment } from "../../job/job.ts";
import type { SftpConnection } from "./connection.ts";

/** As ssh2 documents it; its types lack it. */
const noMore = false as unknown as AnyAuthMethod;

export interface SignIn {
  attempt: AuthHandlerMiddleware;
  /** Why no attempt was taken. */
  refusal(): Failure;
}

export function prepareSignIn(connection: SftpConnection, environment: Environment): SignIn {
  const { name, address } = connection;
  const attempts = listAttempts(connection, environment);
  const tried: string[] = [];
  let offered: readonly string[] = [];
  return {
    attempt(left, _partial, next) {
      // Asked for the first time, the server has not said yet what it takes.
      if (left !== null) offered = left;
      for (let way = attempts.shift(); way !== undefined; way = attempts.shift()) {
        if (offered.length > 0 && !offered.includes(way.type === "agent" ? "publickey" : way.type)) continue;
        tried.push(way.type);
        next(way);
        return;
      }
      next(noMore);
    },
    refusal: () =>
      new Failure(exitCode.signIn, `connection ${name}: ${address.host} refused the sign-in of ${address.user}`, {
        where: connection.place,
        why: `tried: ${tried.join(", ") || "nothing"}; the server takes: ${offered.join(", ") || "it did not say"}`,
        next: "check the user in the URL and the credential below auth",
      }),
  };
}

function listAttempts(connection: SftpConnection, environment: Environment): AnyAuthMethod[] {
  const { auth, address } = connection;
  const username = address.user;
  switch (auth.kind) {
    case "password": {
      const password = auth.password.resolve(environment).reveal();
      return [
        { type: "password", username, password },
        { type: "keyboard-interactive", username, prompt: answerPrompts(password) },
      ];
    }
    case "private_key": {
      const path = auth.keyFile.resolve(environment).reveal();
      const passphrase = auth.passphrase?.resolve(environment).reveal();
      return [{ type: "publickey", username, ...readPrivateKey(connection, path, passphrase) }];
    }
    case "agent": {
      const agent = environment["SSH_AUTH_SOCK"];
      if (agent !== undefined && agent !== "") return [{ type: "agent", username, agent }];
      throw new Failure(exitCode.signIn, `connection ${connection.name}: there is no SSH agent`, {
        where: connection.place,
        why: "SSH_AUTH_SOCK is not set",
        next: "start one with ssh-agent and add the key with ssh-add, or use private_key_file",
      });
    }
  }
}

/** The password for each hidden prompt; a one-time code, which is asked for openly or a second time, we don't have. */
function answerPrompts(password: string): KeyboardInteractiveAuthMethod["prompt"] {
  let answered = false;
  return (_name, _instructions, _language, prompts, finish) => {
    const answers = answered ? [] : prompts.map(({ echo }) => (echo === true ? "" : password));
    answered ||= prompts.length > 0;
    finish(answers);
  };
}

interface PrivateKey {
  key: string;
  passphrase?: string;
}

function readPrivateKey(connection: SftpConnection, path: string, passphrase: string | undefined): PrivateKey {
  const unusable = (why: string, next: string) =>
    new Failure(exitCode.signIn, `connection ${connection.name}: the private key can't be used`, {
      where: { file: path },
      why,
      next,
    });
  let text: string;
  try {
    text = readFileSync(path, "utf8").trim();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw unusable(why, "check private_key_file and who may read it");
  }
  try {
    const isPkcs8 = /^-----BEGIN (ENCRYPTED )?PRIVATE KEY-----/.test(text);
    const key = isPkcs8 ? { key: fromPkcs8(text, passphrase) } : { key: text, ...(passphrase && { passphrase }) };
    const parsed = ssh2.utils.parseKey(key.key, passphrase);
    if (parsed instanceof Error) throw parsed;
    return key;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw unusable(why, "check passphrase, and that the key is in the format of OpenSSH or PEM");
  }
}

/** ssh2 reads the older PEM formats only. */
function fromPkcs8(text: string, passphrase: string | undefined): string {
  const key = createPrivateKey({ key: text, format: "pem", ...(passphrase === undefined ? {} : { passphrase }) });
  const type = key.asymmetricKeyType === "rsa" ? "pkcs1" : "sec1";
  return key.export({ type, format: "pem" }).toString();
}
