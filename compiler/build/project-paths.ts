/** Where the project's own files lie: templates, C++ sources, native products, what is cached. */
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** Two folders up, both from `compiler/build/` and from the bundle in `out/compiler/`. */
export const projectRoot = fileURLToPath(new URL("../../", import.meta.url));

/** The specs that come with rwkvc. */
export const specsFolder = join(projectRoot, "specs");

/** The C++ programs and libraries for this machine. */
export const nativeFolder = join(projectRoot, "out", "native");
/** The host backend. */
export const hostLibraryPath = join(nativeFolder, "libQnnHost.so");

/** What is kept between commands, for one user: RWKVC_CACHE_DIR, XDG_CACHE_HOME/rwkvc or ~/.cache/rwkvc. */
export function cacheFolder(env: NodeJS.ProcessEnv): string {
  if (env.RWKVC_CACHE_DIR) return resolve(env.RWKVC_CACHE_DIR);
  // The XDG specification: a relative path there is to be ignored.
  const xdg = env.XDG_CACHE_HOME;
  return join(xdg?.startsWith("/") ? xdg : join(env.HOME || homedir(), ".cache"), "rwkvc");
}
