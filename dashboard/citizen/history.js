// The last day of a Thing's property, as charts and 'Around me' need it.

const DAY_MS = 86400000;
const BUCKET_S = { "1h": 3600, "1d": 86400 };

export async function fetchJson(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

// → {points: [{time, result, quality, provenance}] oldest first, intervalS: of buckets, else undefined}
export async function lastDay(thing, property) {
  const { datastreams } = await fetchJson(`/api/v1/things/${encodeURIComponent(thing)}`);
  const stream = datastreams.find((one) => one.property === property);
  if (!stream) return { points: [], intervalS: undefined };
  const to = Date.now() + 60000;
  const from = new Date(to - DAY_MS).toISOString();
  const page = await fetchJson(`/api/v1/datastreams/${stream.id}/observations?step=auto&from=${from}&to=${new Date(to).toISOString()}`);
  if (page.step === "raw") return { points: page.items, intervalS: undefined };
  // Directions that cancel out have no mean: a gap.
  const means = page.items.filter((item) => item.mean !== null);
  return { points: means.map((item) => ({ time: item.time, result: item.mean, quality: 1, provenance: item.provenance })), intervalS: BUCKET_S[page.step] };
}
