// `notify`, `ping` and `lineage` of a job: references still, for an address is known only when somebody is told. In: what is written,
// and its tree. Out: notices with their places. Must hold: a reference that says it may be empty, and is, means nobody.

import type { Diagnostics } from "./diagnostics.ts";
import type { Environment, LineageReceiver, Notice, NoticeReceiver, OptionalReference, Ping } from "./job.ts";
import { isGivenNothing, referTo } from "./references.ts";
import type { JobFile } from "./schema.ts";
import { nodeAt, type TreeNode, type TreePath } from "./yaml-tree.ts";

interface NotifyDraft {
  root: TreeNode;
  diagnostics: Diagnostics;
  /** Where relative paths of `${file:…}` start. */
  folder: string;
}

type NoticeFile = NonNullable<JobFile["notify"]>[number];

export function buildNotices(written: JobFile["notify"], draft: NotifyDraft): Notice[] {
  return (written ?? []).map((notice, index) => {
    const at: TreePath = ["notify", index];
    return { when: notice.when, to: buildReceiver(notice, at, draft), place: placeAt(at, draft) };
  });
}

function buildReceiver(notice: NoticeFile, at: TreePath, draft: NotifyDraft): NoticeReceiver {
  const build = (text: string, ...path: TreePath) => buildReference(text, [...at, ...path], draft);
  const { webhook, slack, teams, email, secret } = notice;
  if (webhook !== undefined) {
    const signed = secret === undefined ? {} : { secret: build(secret, "secret") };
    return { kind: "webhook", url: build(webhook, "webhook"), ...signed };
  }
  if (slack !== undefined) return { kind: "slack", url: build(slack, "slack") };
  if (teams !== undefined) return { kind: "teams", url: build(teams, "teams") };
  if (email === undefined) throw new Error("a notice without a receiver got through the schema");
  const { to, from, smtp, auth } = email;
  const all = typeof to === "string" ? [build(to, "email", "to")] : to.map((one, n) => build(one, "email", "to", n));
  const signIn =
    auth === undefined
      ? {}
      : {
          auth: {
            user: build(auth.user, "email", "auth", "user"),
            password: build(auth.password, "email", "auth", "password"),
          },
        };
  return { kind: "email", to: all, from: build(from, "email", "from"), smtp: build(smtp, "email", "smtp"), ...signIn };
}

export function buildPing(written: JobFile["ping"], draft: NotifyDraft): { ping?: Ping } {
  if (written === undefined) return {};
  const { start, success, failure } = written;
  const build = (name: string, text: string | undefined) =>
    text === undefined ? {} : { [name]: buildReference(text, ["ping", name], draft) };
  return { ping: { ...build("start", start), ...build("success", success), ...build("failure", failure) } };
}

export function buildLineage(written: JobFile["lineage"], draft: NotifyDraft): { lineage?: LineageReceiver } {
  if (written === undefined) return {};
  return { lineage: { ...buildReference(written, ["lineage"], draft), folder: draft.folder } };
}

/** Its value is registered as a secret by whoever uses it as one: an address of a mailbox is to be named. */
function buildReference(text: string, path: TreePath, draft: NotifyDraft): OptionalReference {
  const place = placeAt(path, draft);
  return {
    ...referTo(text, place, draft.folder, { isPath: false, isSecret: false }),
    isNobody: (environment: Environment) => isGivenNothing(text, environment),
    place,
  };
}

function placeAt(path: TreePath, { root, diagnostics }: NotifyDraft) {
  return diagnostics.source.placeAt((nodeAt(root, path) ?? root).span.start);
}
