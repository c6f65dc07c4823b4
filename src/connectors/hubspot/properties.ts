// Properties that mean something to HubSpot itself, by name.

export const idColumn = "hs_object_id";

/** Of companies. */
export const domainProperty = "domain";

export const stageProperty = "lifecyclestage";

/** A contact is found by each of its addresses, wherever HubSpot keeps them: https://developers.hubspot.com/docs/api-reference/crm-contacts-v3/guide */
export const emailProperty = "email";

export const otherAddressesProperty = "hs_additional_emails";

/**
 * The types that say "primary", from both ends. Their labels have changed ("Primary", "Primary Company", "Contact with
 * Primary Company"), the ids never do.
 * https://developers.hubspot.com/changelog/changes-to-primary-labels-for-hubspot-defined-association-labels
 */
export const primaryTypeIds: ReadonlySet<number> = new Set([1, 2, 5, 6, 25, 26]);

/** The label by which a job asks for the primary association, whatever HubSpot calls it. */
export const primaryLabel = "primary";
