// Properties of activities and of the rarer object types.
// https://developers.hubspot.com/docs/api-reference/crm-notes-v3/guide

import { choice, own, readOnly } from "./define.ts";
import type { Property } from "./property.ts";

const engagement = { groupName: "engagement" };

const activity: Property[] = [
  own("hs_timestamp", "datetime", "Activity date", engagement),
  own("hs_attachment_ids", "enumeration", "Attached file IDs", {
    ...engagement,
    fieldType: "checkbox",
    externalOptions: true,
  }),
];

export const noteProperties: Property[] = [
  ...activity,
  own("hs_note_body", "string", "Note body", { ...engagement, fieldType: "html" }),
];

export const taskProperties: Property[] = [
  ...activity,
  own("hs_task_subject", "string", "Task Title", engagement),
  own("hs_task_body", "string", "Task notes", { ...engagement, fieldType: "html" }),
  choice(
    "hs_task_status",
    "Task Status",
    ["NOT_STARTED", "IN_PROGRESS", "WAITING", "DEFERRED", "COMPLETED"],
    engagement,
  ),
  choice("hs_task_priority", "Priority", ["NONE", "LOW", "MEDIUM", "HIGH"], engagement),
  choice("hs_task_type", "Task Type", ["EMAIL", "CALL", "TODO", "LINKED_IN"], engagement),
];

export const callProperties: Property[] = [
  ...activity,
  own("hs_call_title", "string", "Call Title", engagement),
  own("hs_call_body", "string", "Call notes", { ...engagement, fieldType: "html" }),
  own("hs_call_duration", "number", "Call duration", engagement),
  choice("hs_call_direction", "Call direction", ["INBOUND", "OUTBOUND"], engagement),
  choice(
    "hs_call_status",
    "Call status",
    [
      "BUSY",
      "CALLING_CRM_USER",
      "CANCELED",
      "COMPLETED",
      "CONNECTING",
      "FAILED",
      "IN_PROGRESS",
      "MISSED",
      "NO_ANSWER",
      "QUEUED",
      "RINGING",
    ],
    engagement,
  ),
];

export const meetingProperties: Property[] = [
  ...activity,
  own("hs_meeting_title", "string", "Meeting Name", engagement),
  own("hs_meeting_body", "string", "Meeting description", { ...engagement, fieldType: "html" }),
  own("hs_meeting_start_time", "datetime", "Meeting start time", engagement),
  own("hs_meeting_end_time", "datetime", "Meeting end time", engagement),
  choice(
    "hs_meeting_outcome",
    "Meeting outcome",
    ["SCHEDULED", "COMPLETED", "RESCHEDULED", "NO_SHOW", "CANCELED"],
    engagement,
  ),
];

export const emailProperties: Property[] = [
  ...activity,
  choice("hs_email_direction", "Email Direction", ["EMAIL", "INCOMING_EMAIL", "FORWARDED_EMAIL"], engagement),
  own("hs_email_subject", "string", "Email subject", engagement),
  own("hs_email_text", "string", "Email body", { ...engagement, fieldType: "textarea" }),
  own("hs_email_html", "string", "Email HTML", { ...engagement, fieldType: "html" }),
  choice("hs_email_status", "Email send status", ["BOUNCED", "FAILED", "SCHEDULED", "SENDING", "SENT"], engagement),
];

export const leadProperties: Property[] = [
  own("hs_lead_name", "string", "Lead name", { groupName: "leadinformation" }),
  choice("hs_lead_type", "Lead type", ["NEW_BUSINESS", "RE_ENGAGEMENT", "UPSELL"], { groupName: "leadinformation" }),
  choice("hs_lead_label", "Lead label", ["HOT", "WARM", "COLD"], { groupName: "leadinformation" }),
];

export const quoteProperties: Property[] = [
  readOnly("hs_quote_amount", "number", "Quote amount", { groupName: "quote" }),
  own("hs_title", "string", "Quote title", { groupName: "quote" }),
  own("hs_expiration_date", "datetime", "Expiration date", { groupName: "quote" }),
];
