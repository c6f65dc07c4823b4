// The rest of the object types that HubSpot's own definitions list, with the properties that their guides name.
// https://developers.hubspot.com/docs/guides/crm/using-object-apis (type ids); paths as in @hubspot/api-client

import { choice, own, readOnly } from "./define.ts";
import type { Property, PropertyType } from "./property.ts";

/** Type id, plural, singular, properties; then what is searched and shown beside id and times, the first as its name. */
export type TypeDefinition = [
  typeId: string,
  name: string,
  singular: string,
  properties: readonly Property[],
  shown: readonly string[],
];

const text = "string";

/** Properties that clients may set: name, type, label. */
function owned(singular: string, ...properties: [name: string, type: PropertyType, label: string][]): Property[] {
  return properties.map(([name, type, label]) => own(name, type, label, { groupName: `${singular}information` }));
}

const engagement = { groupName: "engagement" };

const communication: Property[] = [
  own("hs_timestamp", "datetime", "Activity date", engagement),
  choice(
    "hs_communication_channel_type",
    "Channel type",
    ["WHATS_APP=WhatsApp", "LINKEDIN_MESSAGE=LinkedIn message", "SMS"],
    engagement,
  ),
  choice("hs_communication_logged_from", "Logged from", ["CRM"], engagement),
  own("hs_communication_body", text, "Communication body", { ...engagement, fieldType: "html" }),
];

const postalMail: Property[] = [
  own("hs_timestamp", "datetime", "Activity date", engagement),
  own("hs_postal_mail_body", text, "Postal mail body", { ...engagement, fieldType: "html" }),
];

/** What is taken off a price or added to it. */
function share(singular: string): Property[] {
  return [
    ...owned(
      singular,
      ["hs_label", text, "Name"],
      ["hs_value", "number", "Value"],
      ["hs_sort_order", "number", "Order"],
    ),
    choice("hs_type", "Type", ["PERCENT=Percent", "FIXED=Fixed"], { groupName: `${singular}information` }),
  ];
}

export const rarerTypes: readonly TypeDefinition[] = [
  ["0-18", "communications", "communication", communication, ["hs_communication_body"]],
  ["0-116", "postal_mail", "postal_mail", postalMail, ["hs_postal_mail_body"]],
  [
    "0-19",
    "feedback_submissions",
    "feedback_submission",
    [
      readOnly("hs_survey_name", text, "Survey name", { groupName: "feedback_submissioninformation" }),
      readOnly("hs_content", text, "Response", { groupName: "feedback_submissioninformation" }),
      readOnly("hs_sentiment", text, "Sentiment", { groupName: "feedback_submissioninformation" }),
    ],
    ["hs_survey_name", "hs_content", "hs_sentiment"],
  ],
  [
    "0-115",
    "users",
    "user",
    [
      readOnly("hs_email", text, "Email", { groupName: "userinformation" }),
      readOnly("hs_given_name", text, "First name", { groupName: "userinformation" }),
      readOnly("hs_family_name", text, "Last name", { groupName: "userinformation" }),
      ...owned("user", ["hs_job_title", text, "Job title"], ["hs_additional_phone", text, "Additional phone"]),
    ],
    ["hs_email", "hs_given_name", "hs_family_name", "hs_job_title"],
  ],
  [
    "0-74",
    "goal_targets",
    "goal_target",
    owned(
      "goal_target",
      ["hs_goal_name", text, "Goal name"],
      ["hs_target_amount", "number", "Target amount"],
      ["hs_start_datetime", "datetime", "Start"],
      ["hs_end_datetime", "datetime", "End"],
    ),
    ["hs_goal_name", "hs_target_amount", "hs_start_datetime", "hs_end_datetime"],
  ],
  [
    "0-142",
    "carts",
    "cart",
    owned(
      "cart",
      ["hs_cart_name", text, "Cart name"],
      ["hs_external_cart_id", text, "External cart ID"],
      ["hs_external_status", text, "External status"],
      ["hs_source_store", text, "Source store"],
      ["hs_currency_code", text, "Currency code"],
      ["hs_total_price", "number", "Total price"],
    ),
    ["hs_cart_name", "hs_external_cart_id", "hs_source_store", "hs_total_price"],
  ],
  [
    "0-123",
    "orders",
    "order",
    owned(
      "order",
      ["hs_order_name", text, "Order name"],
      ["hs_external_order_id", text, "External order ID"],
      ["hs_external_order_status", text, "External order status"],
      ["hs_source_store", text, "Source store"],
      ["hs_currency_code", text, "Currency code"],
      ["hs_total_price", "number", "Total price"],
    ),
    ["hs_order_name", "hs_external_order_id", "hs_source_store", "hs_total_price"],
  ],
  [
    "0-53",
    "invoices",
    "invoice",
    owned(
      "invoice",
      ["hs_number", text, "Invoice number"],
      ["hs_currency", text, "Currency"],
      ["hs_invoice_date", "datetime", "Invoice date"],
      ["hs_due_date", "datetime", "Due date"],
    ),
    ["hs_number", "hs_invoice_date", "hs_due_date"],
  ],
  [
    "0-69",
    "subscriptions",
    "subscription",
    owned("subscription", ["hs_name", text, "Name"], ["hs_status", text, "Status"]),
    ["hs_name", "hs_status"],
  ],
  [
    "0-101",
    "commerce_payments",
    "commerce_payment",
    owned(
      "commerce_payment",
      ["hs_customer_email", text, "Customer email"],
      ["hs_initial_amount", "number", "Gross amount"],
      ["hs_currency_code", text, "Currency"],
    ),
    ["hs_customer_email", "hs_initial_amount"],
  ],
  ["0-84", "discounts", "discount", share("discount"), ["hs_label", "hs_type", "hs_value"]],
  ["0-85", "fees", "fee", share("fee"), ["hs_label", "hs_type", "hs_value"]],
  ["0-86", "taxes", "tax", share("tax"), ["hs_label", "hs_type", "hs_value"]],
  [
    "0-421",
    "appointments",
    "appointment",
    owned(
      "appointment",
      ["hs_appointment_name", text, "Appointment name"],
      ["hs_appointment_start", "datetime", "Start"],
      ["hs_appointment_end", "datetime", "End"],
    ),
    ["hs_appointment_name", "hs_appointment_start", "hs_appointment_end"],
  ],
  [
    "0-410",
    "courses",
    "course",
    owned("course", ["hs_course_name", text, "Course name"], ["hs_course_id", text, "Course ID"]),
    ["hs_course_name", "hs_course_id"],
  ],
  [
    "0-420",
    "listings",
    "listing",
    owned("listing", ["hs_name", text, "Name"], ["hs_price", "number", "Price"], ["hs_city", text, "City"]),
    ["hs_name", "hs_price", "hs_city"],
  ],
  ["0-162", "services", "service", owned("service", ["hs_name", text, "Name"]), ["hs_name"]],
  ["0-970", "projects", "project", owned("project", ["hs_name", text, "Name"]), ["hs_name"]],
];
