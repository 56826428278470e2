// Puts the bundle and the style into the page that the package carries.
import { readFileSync, writeFileSync } from "node:fs";

const read = (name) => readFileSync(new URL(name, import.meta.url), "utf8");
const page = read("page.html")
  .replace("/* style */", () => read("style.css").replace(/\s+/g, " ").trim())
  .replace("/* script */", () => read("../dist/viewer.js").trim());
writeFileSync(process.argv[2] ?? new URL("../../../tracker_service/viewer/page.html", import.meta.url), page);
