// Properties of contacts. https://knowledge.hubspot.com/properties/hubspots-default-contact-properties

import { calculated, choice, own, readOnly } from "./define.ts";
import type { Property } from "./property.ts";

const information = { groupName: "contactinformation" };
const phone = { ...information, fieldType: "phonenumber" };

export const lifecycleStages = [
  "subscriber=Subscriber",
  "lead=Lead",
  "marketingqualifiedlead=Marketing Qualified Lead",
  "salesqualifiedlead=Sales Qualified Lead",
  "opportunity=Opportunity",
  "customer=Customer",
  "evangelist=Evangelist",
  "other=Other",
];

export const leadStatuses = [
  "NEW=New",
  "OPEN=Open",
  "IN_PROGRESS=In Progress",
  "OPEN_DEAL=Open Deal",
  "UNQUALIFIED=Unqualified",
  "ATTEMPTED_TO_CONTACT=Attempted to Contact",
  "CONNECTED=Connected",
  "BAD_TIMING=Bad Timing",
];

/** Their options can be changed, as those of most choices. */
const openOptions = { modificationMetadata: { archivable: false, readOnlyDefinition: false, readOnlyValue: false } };

export const contactProperties: Property[] = [
  readOnly("createdate", "datetime", "Create Date", information),
  readOnly("lastmodifieddate", "datetime", "Last Modified Date", information),
  own("email", "string", "Email", { ...information, hasUniqueValue: true }),
  own("hs_additional_emails", "enumeration", "Additional email addresses", {
    ...information,
    fieldType: "checkbox",
    externalOptions: true,
  }),
  own("firstname", "string", "First Name", information),
  own("lastname", "string", "Last Name", information),
  own("salutation", "string", "Salutation", information),
  own("phone", "string", "Phone Number", phone),
  own("mobilephone", "string", "Mobile Phone Number", phone),
  own("fax", "string", "Fax Number", phone),
  own("company", "string", "Company Name", information),
  own("jobtitle", "string", "Job Title", information),
  own("website", "string", "Website URL", information),
  own("address", "string", "Street Address", information),
  own("city", "string", "City", information),
  own("state", "string", "State/Region", information),
  own("zip", "string", "Postal Code", information),
  own("country", "string", "Country/Region", information),
  own("industry", "string", "Industry", information),
  own("numemployees", "enumeration", "Number of Employees", { ...information, externalOptions: true }),
  own("annualrevenue", "string", "Annual Revenue", information),
  own("date_of_birth", "string", "Date of birth", information),
  own("hs_language", "enumeration", "Preferred language", { ...information, externalOptions: true }),
  own("message", "string", "Message", { ...information, fieldType: "textarea" }),
  own("hs_linkedin_url", "string", "LinkedIn URL", information),
  own("twitterhandle", "string", "Twitter Username", information),
  choice("lifecyclestage", "Lifecycle Stage", lifecycleStages, { ...information, fieldType: "radio", ...openOptions }),
  choice("hs_lead_status", "Lead Status", leadStatuses, { ...information, fieldType: "radio", ...openOptions }),
  choice(
    "hs_legal_basis",
    "Legal basis for processing contact's data",
    [
      "Legitimate interest – prospect/lead",
      "Legitimate interest – existing customer",
      "Legitimate interest - other",
      "Performance of a contract",
      "Freely given consent from contact",
      "Not applicable",
    ],
    { ...information, fieldType: "checkbox" },
  ),
  choice(
    "hs_buying_role",
    "Buying Role",
    ["BLOCKER", "BUDGET_HOLDER", "CHAMPION", "DECISION_MAKER", "END_USER", "EXECUTIVE_SPONSOR", "INFLUENCER", "OTHER"],
    { ...information, fieldType: "checkbox", ...openOptions },
  ),
  readOnly("hs_email_optout", "bool", "Unsubscribed from all email", information),
  readOnly("hs_marketable_status", "enumeration", "Marketing contact status", {
    ...information,
    fieldType: "booleancheckbox",
  }),
  readOnly("hs_calculated_merged_vids", "string", "Merged vids with timestamps of a contact", information),
  calculated("hs_email_domain", "string", "Email Domain"),
  calculated("hs_full_name_or_email", "string", "Full name or email"),
  calculated("hs_searchable_calculated_phone_number", "string", "Searchable phone number"),
  calculated("hs_searchable_calculated_mobile_number", "string", "Searchable mobile number"),
];
