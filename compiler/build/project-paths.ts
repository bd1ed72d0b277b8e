/** Where the project's own files lie: templates, C++ sources, native products. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Two folders up, both from `compiler/build/` and from the bundle in `out/compiler/`. */
export const projectRoot = fileURLToPath(new URL("../../", import.meta.url));

/** The C++ programs and libraries for this machine. */
export const nativeFolder = join(projectRoot, "out", "native");
/** The host backend. */
export const hostLibraryPath = join(nativeFolder, "libQnnHost.so");
