// Campaigns, and who is a member of one: a contact or a lead. The org would refuse a second member of the same two; this
// one takes it, so that a load which makes one shows.
// https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_campaignmember.htm

import {
  checkbox,
  field,
  longText,
  owner,
  picklist,
  readOnly,
  reference,
  required,
  systemFields,
  text,
} from "./field.ts";
import type { StandardObject } from "./setup-objects.ts";

const once = { updateable: false };
const member = { ...once, onParentDelete: "delete", childRelationshipName: "CampaignMembers" } as const;

export const campaignObjects: readonly StandardObject[] = [
  {
    name: "Campaign",
    label: "Campaign",
    labelPlural: "Campaigns",
    keyPrefix: "701",
    fields: [
      ...systemFields(),
      text("Name", 80, required),
      reference("ParentId", ["Campaign"], { childRelationshipName: "ChildCampaigns" }),
      picklist("Type", ["Conference", "Webinar", "Trade Show", "Email", "Advertisement", "Direct Mail", "Other"]),
      picklist("Status", ["Planned", "In Progress", "Completed", "Aborted"]),
      field("StartDate", "date"),
      field("EndDate", "date"),
      field("ExpectedRevenue", "currency", { precision: 18, scale: 0 }),
      field("BudgetedCost", "currency", { precision: 18, scale: 0 }),
      field("ActualCost", "currency", { precision: 18, scale: 0 }),
      checkbox("IsActive", { label: "Active" }),
      longText("Description", 32_000),
      owner(),
    ],
  },
  {
    name: "CampaignMember",
    label: "Campaign Member",
    labelPlural: "Campaign Members",
    keyPrefix: "00v",
    fields: [
      ...systemFields(),
      reference("CampaignId", ["Campaign"], { ...member, nillable: false }),
      reference("LeadId", ["Lead"], member),
      reference("ContactId", ["Contact"], member),
      picklist("Status", ["Sent", "Responded"], { length: 40, defaultedOnCreate: true, defaultValue: "Sent" }),
      checkbox("HasResponded", {
        ...readOnly,
        label: "Responded",
        expression: `coalesce("Status" = 'Responded', 0)`,
      }),
      field("FirstRespondedDate", "date", readOnly),
    ],
  },
];
