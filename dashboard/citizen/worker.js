// Keeps the page readable without a connection. VERSION, ASSETS and FILES stand before this text when it is served
// (citizen/offline.py): the version is that of all scripts and styles, so that no page ever meets scripts of another one.

const KEPT = `page ${VERSION}`;
const DATA = "data";
const PAGES = ["/", "/vi/", "/en/"];
const READ = /^\/api\/v1\/(domains|alerts|notices|map\/[a-z0-9_-]+\.geojson)$/; // never the stream
const OURS = [KEPT, DATA];

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(activate()));
self.addEventListener("fetch", (event) => {
  const answer = answerTo(event.request);
  if (answer) event.respondWith(answer);
});

// A message of our own server, encrypted for this browser (alerts/subscribers).
self.addEventListener("push", (event) => {
  if (!event.data) return;
  const { title, body, language, tag, url, manage } = event.data.json();
  const end = { action: "manage", title: language === "en" ? "Stop this" : "Thôi báo" };
  event.waitUntil(self.registration.showNotification(title, {
    body, tag, lang: language, icon: "/assets/icon-192.png", data: { url, manage }, actions: [end],
  }));
});
self.addEventListener("notificationclick", (event) => {
  const { url, manage } = event.notification.data;
  event.notification.close();
  event.waitUntil(self.clients.openWindow(event.action === "manage" ? manage : url));
});

async function install() {
  const kept = await caches.open(KEPT);
  await kept.addAll(FILES.map((name) => `${ASSETS}/${name}`));
  const open = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const paths = new Set(open.map((client) => new URL(client.url).pathname).filter((path) => PAGES.includes(path)));
  await Promise.all([...paths].map((path) => fetchPage(path)));
  await self.skipWaiting();
}

async function activate() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => !OURS.includes(name)).map((name) => caches.delete(name)));
  await self.clients.claim();
}

// The answer, or undefined: the browser goes on by itself, as if there were no worker.
function answerTo(request) {
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return undefined;
  if (request.mode === "navigate") return PAGES.includes(url.pathname) ? pageOrKept(request, url.pathname) : undefined;
  if (url.pathname.startsWith(`${ASSETS}/`)) return keptOrFetched(request);
  return READ.test(url.pathname) && !url.search ? dataOrKept(request, url.pathname) : undefined;
}

async function pageOrKept(request, path) {
  try {
    return await fetchPage(path);
  } catch (error) {
    const kept = await (await caches.open(KEPT)).match(path);
    if (kept) return kept;
    throw error;
  }
}

// A page of another version is shown and not kept: the worker of that version will keep it.
async function fetchPage(path) {
  const answer = await fetch(path, { cache: "no-cache" });
  if (answer.ok && answer.headers.get("x-version") === VERSION) {
    await (await caches.open(KEPT)).put(path, answer.clone());
  }
  return answer;
}

// What a version's folder holds never changes.
async function keptOrFetched(request) {
  const kept = await caches.open(KEPT);
  const found = await kept.match(request.url);
  if (found) return found;
  const answer = await fetch(request);
  if (answer.ok) await kept.put(request.url, answer.clone());
  return answer;
}

async function dataOrKept(request, path) {
  const data = await caches.open(DATA);
  try {
    const answer = await fetch(request);
    if (answer.ok) await data.put(path, answer.clone());
    return answer;
  } catch (error) {
    const found = await data.match(path);
    if (found) return found;
    throw error;
  }
}
