// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of a job are written so
// `notify` and `ping` as they are read: what is refused at its place, and what a diagnostic shows of an address.

import { describe, expect, test } from "vitest";
import { jobText, readJobText, refusalOfJob } from "./rig.ts";

const one = (receiver: string) => jobText({ job: `notify:\n  - { when: [failure], ${receiver} }\n` });
const credential = "this address is a credential: keep it in a variable";
const mail = (more: string) => one(`email: { to: a@x, from: b@x, ${more} }`);

describe("notify", () => {
  test.each([
    ['webhook: "http://127.0.0.1:8080/hook"'],
    ['webhook: "http://[::1]/hook", secret: "${S}"'],
    ['webhook: "https://ops.example/hook"'],
    ['slack: "${SLACK_WEBHOOK:-}"'],
    ['slack: "http://localhost:1/x"'],
    ['email: { to: [a@x, "${B:-}"], from: b@x, smtp: "smtp://localhost:25" }'],
  ])("takes %s", (receiver) => {
    expect(readJobText(one(receiver)).notify).toHaveLength(1);
  });

  test.each([
    ['webhook: "http://ops.example/hook"', "the address must be https (http only on loopback)"],
    ['webhook: "ftp://127.0.0.1/x"', "the address must be https"],
    ["webhook: ops", "this is not a URL"],
    ['webhook: "https://ops.example/x?token=abc"', credential],
    ['webhook: "https://hooks.slack.com/services/T0/B0/x"', credential],
    ['webhook: "https://prod-1.westeurope.logic.azure.com:443/workflows/x"', credential],
    ['slack: "https://hooks.slack.com/services/T0/B0/x"', credential],
    ['teams: "https://anything.example/x"', credential],
    ['webhook: "https://me:pass@ops.example/x"', "a literal secret"],
    ['webhook: "${URL}", secret: literal', "a literal secret"],
    ['slack: "${URL}", secret: "${S}"', "`secret` goes with `webhook`"],
    ['slack: "${URL}", webhook: "${URL}"', "expected one of webhook, slack, teams, email"],
    ['webhook: "${URL"', "is not closed with }"],
    ['mail: "${URL}"', 'unknown key "mail"'],
  ])("refuses %s", (receiver, message) => {
    expect(refusalOfJob(one(receiver))).toContain(message);
  });

  test.each([
    ["smtp: mail.example", "expected smtps://host:465 or smtp://host:587"],
    ['smtp: "https://mail.example"', "expected smtps://host:465 or smtp://host:587"],
    ['smtp: "smtps://mail.example/x"', "the address must not have a path"],
    ['smtp: "smtps://me@mail.example"', "holds a user name or password: they go below auth"],
    ['smtp: "smtps://mail.example", auth: { user: me, password: literal }', "a literal secret"],
    ["to: []", "duplicate key"],
  ])("refuses mail with %s", (more, message) => {
    expect(refusalOfJob(mail(more))).toContain(message);
  });

  test("wants to know of what to tell, by its words", () => {
    expect(refusalOfJob(jobText({ job: 'notify: [ { when: [], webhook: "${U}" } ]\n' }))).toContain(
      "expected at least one",
    );
    const refusal = refusalOfJob(jobText({ job: 'notify: [ { when: [failures], webhook: "${U}" } ]\n' }));
    expect(refusal).toContain('did you mean "failure"?');
  });

  test("shows no address and no password beside a mistake on the same line", () => {
    const url = "https://hooks.slack.com/services/T0KEN/B0KEN/abcdef";
    expect(refusalOfJob(one(`slack: "${url}", wen: 1`))).not.toMatch(/T0KEN|abcdef/);
    expect(refusalOfJob(jobText({ job: `ping: { start: "${url}?x=1#y", stat: 1 }\n` }))).not.toMatch(
      /T0KEN|abcdef|x=1/,
    );
    const literal = mail('smtp: "smtps://m", auth: { user: me, password: hunter2 }');
    expect(refusalOfJob(literal)).not.toContain("hunter2");
  });
});

test("ping knows start, success and failure", () => {
  const { ping } = readJobText(jobText({ job: 'ping: { start: "${P:-}/start", failure: "http://127.0.0.1/f" }\n' }));
  expect(Object.keys(ping ?? {})).toEqual(["start", "failure"]);
  // With an empty variable nobody is meant, whatever stands around it.
  expect([
    ping?.start?.isNobody({}),
    ping?.start?.isNobody({ P: "" }),
    ping?.start?.isNobody({ P: "https://x" }),
  ]).toEqual([true, true, false]);
  expect(ping?.failure?.isNobody({})).toBe(false);
  expect(refusalOfJob(jobText({ job: 'ping: { url: "${P}" }\n' }))).toContain('unknown key "url"');
});
