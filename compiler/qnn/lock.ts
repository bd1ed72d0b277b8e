/**
 * One installer at a time: a lock file that names its holder. A lock whose process is gone is taken over, and so is one that was
 * copied from elsewhere together with the folder around it.
 */
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeSync,
} from "node:fs";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

interface Holder {
  readonly pid: number;
  readonly host: string;
  /** The lock's own path: another one in a copy. */
  readonly place?: string;
  /** When the process began, by its system: a pid is given again, after a restart of the machine too. */
  readonly began?: string;
}

/** A holder touches its lock that often. */
const touchEvery = 5000;
/** One on another machine that did not touch it for so long is taken to be gone. */
const longestSilence = 60_000;

/**
 * Runs `body` while holding the lock at `path`; calls `onWait` once, with who it is ("process 12"), when another process holds it. Whether
 * a process of another machine lives cannot be asked: its lock counts until it has not been touched for `silence` milliseconds.
 */
export async function withLock<T>(
  path: string,
  onWait: (who: string) => void,
  body: () => Promise<T>,
  silence = longestSilence,
): Promise<T> {
  mkdirSync(dirname(path), { recursive: true });
  let told = false;
  // By this machine's clock alone: the other's may differ.
  let seen = { touched: touchedAt(path), at: Date.now() };
  while (!take(path)) {
    const holder = readHolder(path);
    const touched = touchedAt(path);
    if (touched !== seen.touched) seen = { touched, at: Date.now() };
    const isSilent = holder !== undefined && holder.host !== hostname() && Date.now() - seen.at > silence;
    if (isSilent || (holder ? !holds(holder, path) : isOld(path))) {
      discard(path, (found) => isSilent && touchedAt(found) === touched);
      continue;
    }
    if (holder && !told) {
      onWait(describe(holder, path, silence));
      told = true;
    }
    await sleep(200);
  }
  const touching = setInterval(() => touch(path), touchEvery).unref();
  try {
    return await body();
  } finally {
    clearInterval(touching);
    // Of a machine that slept for too long somebody else has it by now.
    const holder = readHolder(path);
    if (holder?.pid === process.pid && holder.host === hostname()) rmSync(path, { force: true });
  }
}

const touchedAt = (path: string): number | undefined => statSync(path, { throwIfNoEntry: false })?.mtimeMs;

function touch(path: string): void {
  try {
    utimesSync(path, new Date(), new Date());
  } catch {
    // Removed by hand.
  }
}

const describe = ({ pid, host }: Holder, path: string, silence: number): string =>
  host === hostname()
    ? `process ${pid}`
    : `process ${pid} on ${host} (taken for gone after ${silence / 1000} s without a sign of it, or when ${path} is removed)`;

function take(path: string): boolean {
  try {
    const file = openSync(path, "wx");
    const { pid } = process;
    const began = startOf(pid);
    const holder = { pid, host: hostname(), place: realpathSync(path), ...(began !== undefined && { began }) };
    writeSync(file, JSON.stringify(holder satisfies Holder));
    closeSync(file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Undefined while the holder has not written its name yet, or has just left. */
function readHolder(path: string): Holder | undefined {
  try {
    const value = JSON.parse(readFileSync(path, "utf8")) as Partial<Holder> | null;
    return typeof value?.pid === "number" && typeof value.host === "string" ? (value as Holder) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the process that `holder` names lives, and holds the lock at this path. */
function holds(holder: Holder, path: string): boolean {
  if (holder.host !== hostname()) return true;
  if (holder.place !== undefined && holder.place !== realPathOf(path)) return false;
  if (holder.began !== undefined && (startOf(holder.pid) ?? holder.began) !== holder.began) return false;
  if (holder.pid === process.pid) return true;
  try {
    process.kill(holder.pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** The path itself when there is nothing any more. */
function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** In ticks since the machine started; undefined where the system does not say. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The second of the fields is the program's name in parentheses, which may hold anything; this is the 22nd.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}

/** A lock without a name for so long was left by a process that ended between making and writing it. */
function isOld(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && Date.now() - stat.mtimeMs > 5000;
}

/**
 * Removes a dead lock. Two processes may find the same one: the rename lets only one of them have it, and one that
 * finds a living process' lock in its hand, because the other was quicker, puts it back.
 */
function discard(path: string, isSilent: (found: string) => boolean): void {
  const aside = `${path}.${process.pid}.dead`;
  try {
    renameSync(path, aside);
    const holder = readHolder(aside);
    if (holder && holds(holder, path) && !isSilent(aside)) renameSync(aside, path);
    else rmSync(aside, { force: true });
  } catch {
    // The other one was quicker.
  }
}
