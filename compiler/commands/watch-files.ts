/**
 * Waits until one of several files is another than it was. The folders are watched, not the files: editors replace files
 * by renaming, and a file may be deleted and come back, even with its folder. Nothing is polled, unless the
 * system has no watches left.
 */
import { type FSWatcher, readlinkSync, statSync, unwatchFile, watch, watchFile } from "node:fs";
import { basename, dirname, resolve } from "node:path";

/** Events come in groups, and a file that is being written is not worth reading yet: ms of silence to wait for. */
const quiet = 50;
/** Where nothing tells of changes, files are looked at this often, in ms. */
const pollInterval = 1000;

/** Changes whenever the file is written, replaced, deleted or created. */
export function stampOf(path: string): string {
  try {
    const { dev, ino, size, mtimeNs } = statSync(path, { bigint: true });
    return `${dev} ${ino} ${size} ${mtimeNs}`;
  } catch {
    // Not there, or not to be asked for: a part of the path is a file, say.
    return "none";
  }
}

/** `stamps`: the files as they were when they were read. */
export async function watchFiles(stamps: ReadonlyMap<string, string>): Promise<void> {
  const hasChanged = (): boolean => [...stamps].some(([path, stamp]) => stampOf(path) !== stamp);
  for (;;) {
    // The watches first, then the look: what changes in between is an event.
    const watches = openWatches([...stamps.keys()]);
    try {
      if (hasChanged()) return;
      await watches.event;
    } finally {
      watches.close();
    }
  }
}

interface Watches {
  /** Something happened near the files, and then nothing for a moment. */
  readonly event: Promise<void>;
  readonly close: () => void;
}

function openWatches(paths: readonly string[]): Watches {
  const watchers: FSWatcher[] = [];
  const polled: string[] = [];
  let timer: NodeJS.Timeout | undefined;
  let done = (): void => {};
  const event = new Promise<void>((resolve) => (done = resolve));
  const happened = (): void => {
    clearTimeout(timer);
    timer = setTimeout(done, quiet);
  };
  for (const [folder, names] of foldersOf(paths)) {
    try {
      const watcher = watch(folder, (_, name) => {
        // The folder's own name: it was itself moved or deleted.
        if (name === null || names.has(name) || name === basename(folder)) happened();
      });
      // A folder that is deleted under the watch fails it, on some systems.
      watcher.on("error", happened);
      watchers.push(watcher);
    } catch {
      for (const name of names) {
        const path = resolve(folder, name);
        polled.push(path);
        watchFile(path, { interval: pollInterval }, happened);
      }
    }
  }
  const close = (): void => {
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
    for (const path of polled) unwatchFile(path, happened);
  };
  return { event, close };
}

/** The folders to watch, and the names of interest in each: for a folder that is missing, its place in the nearest one. */
function foldersOf(paths: readonly string[]): Map<string, Set<string>> {
  const folders = new Map<string, Set<string>>();
  const add = (path: string): void => {
    let [folder, name] = [dirname(path), basename(path)];
    while (folder !== dirname(folder) && !isFolder(folder)) {
      [folder, name] = [dirname(folder), basename(folder)];
    }
    folders.set(folder, (folders.get(folder) ?? new Set()).add(name));
  };
  paths.flatMap((path) => withTargets(resolve(path))).forEach(add);
  return folders;
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** The path, and where it leads if it is a symbolic link, from one to the next; the last need not be there. */
function withTargets(path: string, left = 40): string[] {
  try {
    const target = resolve(dirname(path), readlinkSync(path));
    return left > 0 ? [path, ...withTargets(target, left - 1)] : [path];
  } catch {
    return [path];
  }
}
