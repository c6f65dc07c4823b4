// Properties of deals, tickets, products and line items.
// https://knowledge.hubspot.com/properties/hubspots-default-deal-properties

import { calculated, choice, own, readOnly } from "./define.ts";
import type { Property } from "./property.ts";

const deal = { groupName: "dealinformation" };
const ticket = { groupName: "ticketinformation" };
const product = { groupName: "productinformation" };

/** Stages of the pipeline that every portal starts with, by the id of the stage. */
const dealStages = [
  "appointmentscheduled=Appointment Scheduled",
  "qualifiedtobuy=Qualified To Buy",
  "presentationscheduled=Presentation Scheduled",
  "decisionmakerboughtin=Decision Maker Bought-In",
  "contractsent=Contract Sent",
  "closedwon=Closed Won",
  "closedlost=Closed Lost",
];
const ticketStages = ["1=New", "2=Waiting on contact", "3=Waiting on us", "4=Closed"];

export const dealProperties: Property[] = [
  own("createdate", "datetime", "Create Date", deal),
  own("dealname", "string", "Deal Name", deal),
  own("amount", "number", "Amount", deal),
  own("closedate", "datetime", "Close Date", deal),
  choice("dealstage", "Deal Stage", dealStages, { ...deal, fieldType: "radio" }),
  choice("pipeline", "Pipeline", ["default=Sales Pipeline"], deal),
  choice("dealtype", "Deal Type", ["newbusiness=New Business", "existingbusiness=Existing Business"], {
    ...deal,
    fieldType: "radio",
  }),
  choice("hs_priority", "Priority", ["low=Low", "medium=Medium", "high=High"], deal),
  choice("deal_currency_code", "Currency", ["USD", "EUR", "GBP"], deal),
  own("description", "string", "Deal Description", { ...deal, fieldType: "textarea" }),
  own("closed_lost_reason", "string", "Closed Lost Reason", { ...deal, fieldType: "textarea" }),
  own("closed_won_reason", "string", "Closed Won Reason", { ...deal, fieldType: "textarea" }),
  own("hs_next_step", "string", "Next step", deal),
  own("hs_deal_stage_probability", "number", "Deal probability", deal),
  calculated("hs_is_closed", "bool", "Is Deal Closed?"),
  calculated("hs_is_closed_won", "bool", "Is Closed Won"),
];

export const ticketProperties: Property[] = [
  own("createdate", "datetime", "Create date", ticket),
  own("subject", "string", "Ticket name", ticket),
  own("content", "string", "Ticket description", { ...ticket, fieldType: "textarea" }),
  choice("hs_pipeline", "Pipeline", ["0=Support Pipeline"], ticket),
  choice("hs_pipeline_stage", "Ticket status", ticketStages, ticket),
  choice("hs_ticket_priority", "Priority", ["LOW=Low", "MEDIUM=Medium", "HIGH=High", "URGENT=Urgent"], ticket),
  choice("hs_ticket_category", "Category", ["PRODUCT_ISSUE", "BILLING_ISSUE", "FEATURE_REQUEST", "GENERAL_INQUIRY"], {
    ...ticket,
    fieldType: "checkbox",
  }),
  choice("source_type", "Source", ["CHAT", "EMAIL", "FORM", "PHONE"], ticket),
  own("closed_date", "datetime", "Close date", ticket),
];

export const productProperties: Property[] = [
  readOnly("createdate", "datetime", "Create Date", product),
  own("name", "string", "Name", product),
  own("description", "string", "Product Description", { ...product, fieldType: "textarea" }),
  own("price", "number", "Unit price", product),
  own("hs_sku", "string", "SKU", product),
  own("hs_cost_of_goods_sold", "number", "Unit cost", product),
  choice("recurringbillingfrequency", "Billing frequency", ["weekly", "monthly", "quarterly", "annually"], product),
  own("hs_recurring_billing_period", "string", "Term", product),
];

export const lineItemProperties: Property[] = [
  ...productProperties,
  own("quantity", "number", "Quantity", product),
  own("hs_product_id", "number", "Product ID", product),
  own("discount", "number", "Unit discount", product),
  own("hs_discount_percentage", "number", "Discount percentage", product),
  own("hs_line_item_currency_code", "string", "Currency", product),
  calculated("amount", "number", "Net price"),
];
