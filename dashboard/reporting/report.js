// The form for a report: a place by a tap on a map or the browser's position, and a photo made smaller. The form is
// whole without this script. Written in the words of ES2018, for old phones.

import "../leaflet/leaflet.js";
import { drawBasemap } from "../basemap.js";

const L = window.L;
const data = JSON.parse(document.getElementById("page-data").textContent);
const HANOI = [21.027, 105.832];
const LIMITS = [[20.45, 105.15], [21.5, 106.15]];
const LONGEST_SIDE = 1600; // pixels, as the server keeps it
const SMALL = 400000; // bytes: not worth the while

const element = (id) => document.getElementById(id);
const [lat, lon] = [element("lat"), element("lon")];
let mark = null;

element("with-script").hidden = false;
const map = L.map(element("map"), {
  center: HANOI, zoom: 12, minZoom: 9, maxZoom: 18, maxBounds: LIMITS, zoomControl: false, attributionControl: false,
});
L.control.attribution({ prefix: "Leaflet", position: "bottomright" }).addTo(map);
L.control.zoom({ position: "topright", zoomInTitle: data.texts.zoom_in, zoomOutTitle: data.texts.zoom_out }).addTo(map);
if (data.tilesUrl) L.tileLayer(data.tilesUrl, { maxZoom: 18 }).addTo(map);
else drawBasemap(map, "/assets/basemap.geojson", data.texts.schematic);
map.on("click", (event) => choose(event.latlng.lat, event.latlng.lng));
if (lat.value && lon.value) show(true);

function say(id, text) {
  element(id).textContent = text;
}

function choose(newLat, newLon) {
  lat.value = newLat.toFixed(5);
  lon.value = newLon.toFixed(5);
  say("place-said", data.texts[isInside(newLat, newLon) ? "said_chosen" : "said_outside"]);
  show(false);
}

const isInside = (one, other) => one >= LIMITS[0][0] && one <= LIMITS[1][0] && other >= LIMITS[0][1] && other <= LIMITS[1][1];

function show(go) {
  if (mark) mark.remove();
  mark = null;
  const place = [lat, lon].map((field) => Number(field.value.replace(",", ".")));
  if (!lat.value || !lon.value || !isInside(place[0], place[1])) return;
  mark = L.circleMarker(place, { radius: 10, weight: 3, color: "#ffffff", fillColor: "#0b5cad", fillOpacity: 1 }).addTo(map);
  if (go) map.setView(place, 16, { animate: false });
}

for (const field of [lat, lon]) field.addEventListener("input", () => show(true));

element("clear").addEventListener("click", () => {
  lat.value = "";
  lon.value = "";
  show(false);
  say("place-said", data.texts.said_cleared);
});

element("here").addEventListener("click", () => {
  const none = () => say("place-said", data.texts.said_no_position);
  if (!navigator.geolocation) return none();
  say("place-said", data.texts.said_seeking);
  return navigator.geolocation.getCurrentPosition(({ coords }) => {
    choose(coords.latitude, coords.longitude);
    show(true);
  }, none, { enableHighAccuracy: true, timeout: 15000, maximumAge: 60000 });
});

element("photo").addEventListener("change", () => {
  say("photo-said", "");
  const file = element("photo").files[0];
  // A browser that does not turn a picture as its notes say would lose how it was held.
  if (!file || file.size <= SMALL || !CSS.supports("image-orientation", "from-image")) return;
  smaller(file).then((made) => {
    if (!made || element("photo").files[0] !== file) return;
    const files = new DataTransfer();
    files.items.add(made);
    element("photo").files = files.files;
    say("photo-said", data.texts.said_photo);
  }).catch((error) => console.warn(error.message)); // then it goes as it is
});

// A JPEG file of at most LONGEST_SIDE, or null where that would be no smaller.
async function smaller(file) {
  const image = await loaded(file);
  const scale = Math.min(1, LONGEST_SIDE / Math.max(image.naturalWidth, image.naturalHeight));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(image.naturalWidth * scale));
  canvas.height = Math.max(1, Math.round(image.naturalHeight * scale));
  const ctx = canvas.getContext("2d");
  ctx.fillStyle = "#ffffff";
  ctx.fillRect(0, 0, canvas.width, canvas.height);
  ctx.drawImage(image, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.85));
  return blob && blob.size < file.size ? new File([blob], "photo.jpg", { type: "image/jpeg" }) : null;
}

function loaded(file) {
  const url = URL.createObjectURL(file);
  return new Promise((resolve, reject) => {
    const image = new Image();
    const done = (act) => () => {
      URL.revokeObjectURL(url);
      act(image);
    };
    image.onload = done(resolve);
    image.onerror = done(() => reject(new Error("the browser can't read it")));
    image.src = url;
  });
}

document.documentElement.dataset.ready = "1";
