// Live values by server-sent events, one stream a browser. Three ways, the best one that the browser has:
// a SharedWorker; a tab that holds a lock and tells the others by BroadcastChannel; a stream of its own.

import { connect } from "./stream.js";

// openStream("/api/v1/stream", {onItems(items), onState("open" | "lost"), onChange(what)}) → close()
// items: [{thing, domain, property, time, result, quality, provenance, input_provenance}]
// `onChange` may be left out: of what besides values is another ("things", "notices", …), ask for that again.
// After "lost" comes "open" again: load snapshots anew then, values may have been missed.
// A page of a past moment gets none.
export function openStream(path, handlers) {
  if (document.documentElement.dataset.replayAt) return () => {};
  const url = new URL(path, location.href).href;
  if (window.SharedWorker) return throughWorker(url, handlers);
  if (window.BroadcastChannel && navigator.locks) return throughLeader(url, handlers);
  return connect(url, handlers);
}

// Where the scripts lie: a page of versioned ones says so.
function assets() {
  const said = document.body.dataset.assets;
  return said || (location.pathname.startsWith("/ops/") ? "/ops/static" : "/assets");
}

function receive({ data }, { onItems, onState, onChange = () => {} }) {
  if (data.items) onItems(data.items);
  else if (data.changed) onChange(data.changed);
  else onState(data.state);
}

function throughWorker(url, handlers) {
  const worker = new SharedWorker(`${assets()}/live-worker.js`, { type: "module", name: "live" });
  let own = null;
  worker.onerror = () => {
    if (!own) own = connect(url, handlers); // modules in workers may be missing
  };
  worker.port.onmessage = (event) => receive(event, handlers);
  worker.port.postMessage({ open: url });
  const close = () => {
    worker.port.postMessage({ close: url });
    if (own) own();
  };
  addEventListener("pagehide", (event) => event.persisted || close());
  return close;
}

function throughLeader(url, handlers) {
  const { onItems, onState, onChange = () => {} } = handlers;
  const channel = new BroadcastChannel(`live ${url}`);
  const leave = new AbortController();
  let stop = () => {};
  channel.onmessage = (event) => receive(event, handlers);
  navigator.locks
    .request(`live ${url}`, { signal: leave.signal }, () => {
      stop = connect(url, {
        onItems: (items) => {
          channel.postMessage({ items });
          onItems(items);
        },
        onChange: (changed) => {
          channel.postMessage({ changed });
          onChange(changed);
        },
        onState: (state) => {
          channel.postMessage({ state });
          onState(state);
        },
      });
      return new Promise(() => {}); // the lock is held as long as this page lives
    })
    .catch((error) => {
      if (error.name !== "AbortError") throw error;
    });
  return () => {
    leave.abort();
    stop();
    channel.close();
  };
}
