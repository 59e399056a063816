// When the page stands and nothing else is to be done.

export function whenIdle(run) {
  const later = () => (window.requestIdleCallback ? requestIdleCallback(run, { timeout: 2000 }) : setTimeout(run, 200));
  if (document.readyState === "complete") later();
  else addEventListener("load", later, { once: true });
}
