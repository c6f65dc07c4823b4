// Properties that mean something to HubSpot itself, by name.

export const idColumn = "hs_object_id";

/** Of companies. */
export const domainProperty = "domain";

export const stageProperty = "lifecyclestage";

/** A contact is found by each of its addresses, wherever HubSpot keeps them: https://developers.hubspot.com/docs/api-reference/crm-contacts-v3/guide */
export const emailProperty = "email";

export const otherAddressesProperty = "hs_additional_emails";
