// From alerts to an incident: a new one, or one that is open already.

import { ask, element, showRows, working } from "./asking.js";
import { filled, h } from "./page.js";


// Opens an incident of these alerts and goes there.
export const openIncident = (resultId, alerts) =>
  working(resultId, async () => {
    const { id } = await ask("/incidents", { alerts });
    location.assign(`/ops/incidents/${id}`);
    return filled("incident_done_open", { id });
  });

// Adds them to the one that is chosen in a select.
export const joinIncident = (resultId, selectId, alerts) =>
  working(resultId, async () => {
    const id = Number(element(selectId).value);
    await ask(`/incidents/${id}/join`, { alerts });
    return filled("incident_done_join", { id });
  });

// Fills a select with the open incidents; without any, what is around it is hidden.
export async function offerIncidents(selectId, aroundId) {
  const { open } = await ask("/incidents");
  showRows(element(selectId), open, (one) => h("option", { value: one.id }, `#${one.id} ${one.title}`));
  element(aroundId).hidden = !open.length;
}

// The incidents that an alert is in, as links.
export function showIncidents(parent, found) {
  showRows(parent, found, (one) => h("li", {}, h("a", { href: `/ops/incidents/${one.id}` }, one.words)), "incident_in_none");
}
