// The number of the simulated account, which paths, links and ids of custom objects have in them.

export const portalId = 20_261_120;
