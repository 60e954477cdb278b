// Bundles ws/web/ into ws/static/: one module a page part, and the licences of what is in them. No clock, no path.
import { build } from "esbuild";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const into = process.argv[2] ?? join(here, "..", "static");

const made = await build({
  absWorkingDir: here,
  entryPoints: { "crossing.bundle": "crossing.js", "live.bundle": "live.js", "map.bundle": "map.js" },
  splitting: true, // what both need is a file of its own
  chunkNames: "shared.bundle",
  outdir: into,
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  charset: "utf8",
  legalComments: "none", // all of them are in LICENSES.txt
  external: ["/static/*"], // the pages' own modules are served as they are written
  loader: { ".css": "text" },
  metafile: true,
  logLevel: "warning",
});

const packages = new Set();
for (const output of Object.values(made.metafile.outputs)) {
  for (const input of Object.keys(output.inputs)) {
    const found = /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(relative(here, join(here, input)).replaceAll("\\", "/"));
    if (found) packages.add(found[1]);
  }
}
const texts = [...packages].sort().map((name) => {
  const folder = join(here, "node_modules", name);
  const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return `${name} ${version}\n\n${readFileSync(join(folder, "LICENSE"), "utf8").trim()}\n`;
});
writeFileSync(join(into, "LICENSES.txt"), `In the files *.bundle.js of this folder:\n\n${texts.join(`\n${"-".repeat(72)}\n\n`)}`);
