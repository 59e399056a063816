// The place anew once a minute while it is seen; what is open stays open. What can't be had anew turns grey.
const AGAIN_MS = 60000;

async function again() {
  if (document.hidden) return;
  const shown = document.querySelector("main");
  try {
    const answer = await fetch(location.href, { cache: "no-cache" });
    if (!answer.ok) throw new Error(String(answer.status));
    const found = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
    const open = shown.querySelector("details[open]");
    if (open && found.querySelector("details")) found.querySelector("details").open = true;
    if (found.outerHTML !== shown.outerHTML) shown.replaceWith(found);
  } catch (error) {
    shown.dataset.state = "stale";
  }
}

setInterval(again, AGAIN_MS);
