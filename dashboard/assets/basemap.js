// The offline basemap: schematic water and the names of wards and communes, from one GeoJSON of ours.

import "./leaflet/leaflet.js";
import { css, onSchemeChange } from "./tokens.js";

const L = window.L;

// `scale`: of the names, for screens that are looked at from afar.
export async function drawBasemap(map, url, attribution, scale = 1) {
  map.createPane("water").style.zIndex = 200;
  map.createPane("names").style.zIndex = 210;
  map.getPane("names").style.pointerEvents = "none";
  map.attributionControl.addAttribution(attribution);
  const answer = await fetch(url);
  if (!answer.ok) return; // the marks do not need it
  const features = (await answer.json()).features;
  const renderer = L.canvas({ pane: "water", padding: 0.5 });
  const water = L.geoJSON(features.filter((f) => f.properties.kind === "water"), {
    renderer, interactive: false, style: waterStyle,
  }).addTo(map);
  const names = new Names(features.filter((f) => f.properties.name), scale).addTo(map);
  onSchemeChange(() => {
    water.setStyle(waterStyle);
    names.draw();
  });
}

const waterStyle = () => ({ color: css("--map-water-line"), weight: 1, fillColor: css("--map-water"), fillOpacity: 1 });

// One canvas for all names; a name that would lie on another one is left out, larger places first.
const Names = L.Layer.extend({
  initialize(features, scale) {
    this.scale = scale;
    this.places = features
      .map((f) => ({ at: L.latLng(labelPoint(f)), ...f.properties }))
      .sort((a, b) => a.rank - b.rank);
  },
  onAdd(map) {
    this.canvas = L.DomUtil.create("canvas", "", map.getPane("names"));
    this.canvas.setAttribute("aria-hidden", "true");
    map.on("moveend zoomend resize", this.draw, this);
    map.on("zoomstart", this.hide, this);
    this.draw();
  },
  onRemove(map) {
    this.canvas.remove();
    map.off("moveend zoomend resize", this.draw, this);
    map.off("zoomstart", this.hide, this);
  },
  hide() {
    this.canvas.style.visibility = "hidden";
  },
  draw() {
    const map = this._map;
    const { x: width, y: height } = map.getSize();
    const ratio = window.devicePixelRatio || 1;
    Object.assign(this.canvas, { width: width * ratio, height: height * ratio });
    Object.assign(this.canvas.style, { width: `${width}px`, height: `${height}px`, visibility: "visible" });
    L.DomUtil.setPosition(this.canvas, map.containerPointToLayerPoint([0, 0]));
    const ctx = this.canvas.getContext("2d");
    ctx.scale(ratio, ratio);
    const taken = [];
    for (const place of this.places) if (map.getZoom() >= place.from_zoom) this.name(ctx, place, taken);
  },
  name(ctx, place, taken) {
    const { x, y } = this._map.latLngToContainerPoint(place.at);
    ctx.font = `${place.kind === "water" ? "italic " : ""}${place.rank < 1 ? 600 : 400} ${12 * this.scale}px ${css("--font")}`;
    const half = ctx.measureText(place.name).width / 2 + 4 * this.scale;
    const box = [x - half, y - 9 * this.scale, x + half, y + 9 * this.scale];
    if (taken.some((b) => box[0] < b[2] && b[0] < box[2] && box[1] < b[3] && b[1] < box[3])) return;
    taken.push(box);
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    ctx.lineWidth = 3;
    ctx.lineJoin = "round";
    ctx.strokeStyle = css(place.kind === "water" ? "--map-water" : "--map-halo");
    ctx.strokeText(place.name, x, y);
    ctx.fillStyle = css(place.kind === "water" ? "--map-water-label" : "--map-label");
    ctx.fillText(place.name, x, y);
  },
});

function labelPoint(feature) {
  const [lon, lat] = feature.properties.label_at || feature.geometry.coordinates;
  return [lat, lon];
}
