// The connection itself: an EventSource that says whether it is open and comes back when the server went away.

const AGAIN_MS = 3000;

// `onItems` gets the values of a tick, `onState` one of "open", "lost", `onChange` what else is another (dashboard/live.py, What). Returns a
// function that closes it.
export function connect(url, { onItems, onState, onChange = () => {} }) {
  let source = null;
  let timer = null;
  const open = () => {
    source = new EventSource(url);
    source.addEventListener("open", () => onState("open"));
    source.addEventListener("observation", (event) => onItems(JSON.parse(event.data).items));
    source.addEventListener("changed", (event) => onChange(JSON.parse(event.data).what));
    source.addEventListener("error", () => {
      onState("lost");
      if (source.readyState === EventSource.CLOSED) timer = setTimeout(open, AGAIN_MS);
    });
  };
  open();
  return () => {
    clearTimeout(timer);
    source.close();
  };
}
