/** Where the project's own files lie: templates, C++ sources, native products. */
import { fileURLToPath } from "node:url";

/** Two folders up, both from `compiler/build/` and from the bundle in `out/compiler/`. */
export const projectRoot = fileURLToPath(new URL("../../", import.meta.url));
