// One stream for all pages of a browser: a browser opens at most six connections to a site over HTTP/1.1.

import { connect } from "./stream.js";

const ports = new Map(); // url → {listeners, last state}

self.onconnect = (event) => {
  const port = event.ports[0];
  port.onmessage = ({ data }) => {
    if (data.open) join(data.open, port);
    const closed = data.close && ports.get(data.close);
    if (closed) closed.listeners.delete(port);
  };
  port.start();
};

function join(url, port) {
  if (!ports.has(url)) ports.set(url, open(url));
  const shared = ports.get(url);
  shared.listeners.add(port);
  if (shared.state) port.postMessage({ state: shared.state });
}

function open(url) {
  const shared = { listeners: new Set(), state: null };
  const tell = (message) => shared.listeners.forEach((port) => port.postMessage(message));
  shared.close = connect(url, {
    onItems: (items) => tell({ items }),
    onChange: (changed) => tell({ changed }),
    onState: (state) => {
      shared.state = state;
      tell({ state });
    },
  });
  return shared;
}
