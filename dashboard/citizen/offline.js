// The page without a connection: a worker of our own keeps its last answers (citizen/worker.js).

export function keepForOffline() {
  if (!navigator.serviceWorker || !window.isSecureContext) return;
  navigator.serviceWorker.register("/worker.js", { scope: "/" }).catch((error) => console.warn(error.message));
}
