import { expect } from "vitest";
import { contactsJob, hubspotProperties, rehearse } from "../../run/support.ts";
import { caseOf } from "../case.ts";

const job = contactsJob({ map: "      ext_id: id\n      lifecyclestage: stage\n      lastname: last" }).replace(
  "connection: salesforce, object: Contact, key: Ext__c",
  "connection: hubspot, object: contacts, key: ext_id",
);
const objects = { hubspot: { contacts: { properties: hubspotProperties } } };

caseOf(
  "sandbox/lifecycle-stage-goes-back",
  "the sandbox moves a lifecycle stage forward only, and a run that moves it back clears it first",
  async () => {
    const first = "id,stage,last\nA,customer,Ann\nB,lead,Bob\nC,,Cid\nD,opportunity,Dee\n";
    await using place = await rehearse(job, { "inbox/contacts.csv": first }, objects);
    const load = async () => await place.project.run("run", "job.yaml", "--json");
    expect((await load()).summary().streams["contacts"]).toMatchObject({ creates: 4, loaded: 4 });
    const records = await place.sandbox.dumpHubSpot("contacts");
    const idOf = (key: string) => records.find(({ properties }) => properties["ext_id"] === key)?.id ?? "";
    const inputs = [{ id: idOf("A"), properties: { lifecyclestage: "lead" } }];
    const { status } = await place.sandbox.hubspotApi("POST", "/crm/v3/objects/contacts/batch/update", { inputs });
    const stageOfA = (await place.sandbox.dumpHubSpot("contacts")).find(({ id }) => id === idOf("A"));
    expect([status, stageOfA?.properties["lifecyclestage"]]).toEqual([200, "customer"]);

    place.project.write({
      "inbox/contacts.csv": "id,stage,last\nA,lead,Ann\nB,customer,Bob\nC,other,Cid\nD,opportunity,Dot\n",
    });
    const back = await load();
    expect(back.summary().streams["contacts"]).toMatchObject({ updates: 4, loaded: 4, failed: 0, changedBack: 0 });
    expect(back.stderr.replace(/\s+/g, " ")).toContain("lifecyclestage: the value of 1 row moves back");
    const stages = new Map(
      (await place.sandbox.dumpHubSpot("contacts")).map(({ properties }) => [
        properties["ext_id"],
        properties["lifecyclestage"],
      ]),
    );
    expect(stages).toEqual(
      new Map([
        ["A", "lead"],
        ["B", "customer"],
        ["C", "other"],
        ["D", "opportunity"],
      ]),
    );
    expect((await load()).summary().streams["contacts"]).toMatchObject({ unchanged: 4, loaded: 0 });
  },
);
