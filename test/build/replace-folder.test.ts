/** Whatever kills a build, the place holds a whole folder: the old one or the new one, or none for an instant. */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { build } from "esbuild";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { projectRoot } from "../../compiler/build/project-paths.ts";
import { beginReplacement, recover } from "../../compiler/build/replace-folder.ts";

let scratch: string;
let place: string;
beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), "rwkvc-replace-"));
  place = join(scratch, "kjv");
});
afterEach(() => rm(scratch, { recursive: true, force: true }));

const always = () => Promise.resolve(true);
const never = () => Promise.resolve(false);
/** No process has it: larger than Linux gives. */
const deadPid = 4_999_999;

async function put(folder: string, text: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "a"), text);
  await writeFile(join(folder, "model.json"), text);
}

const contents = async () => [
  await readFile(join(place, "a"), "utf8"),
  await readFile(join(place, "model.json"), "utf8"),
];

describe("beginReplacement", () => {
  it("replaces what is ours, and refuses the rest before and after building", async () => {
    await put(place, "old");
    await expect(beginReplacement(place, never)).rejects.toThrow("build/not-an-artefact");
    const replacement = await beginReplacement(place, always);
    await put(replacement.folder, "new");
    expect(await contents()).toEqual(["old", "old"]);
    await replacement.commit();
    expect(await contents()).toEqual(["new", "new"]);
    expect(await readdir(scratch)).toEqual(["kjv"]);
    await rm(place, { recursive: true });
    await writeFile(place, "a file");
    await expect(beginReplacement(place, always)).rejects.toThrow("build/not-a-folder");
  });

  it("takes an empty folder and a missing one, makes parents, follows a link", async () => {
    await mkdir(place);
    const first = await beginReplacement(place, never);
    await put(first.folder, "one");
    await first.commit();
    const link = join(scratch, "link");
    await symlink(place, link);
    const second = await beginReplacement(link, always);
    await put(second.folder, "two");
    await second.commit();
    expect(await contents()).toEqual(["two", "two"]);
    const deep = await beginReplacement(join(scratch, "x", "y", "z"), never);
    await deep.abandon();
    expect(await readdir(join(scratch, "x", "y"))).toEqual([]);
  });

  it("leaves a living build of its own alone", async () => {
    const one = await beginReplacement(place, always);
    await put(one.folder, "one");
    await recover(place);
    await one.commit();
    expect(await contents()).toEqual(["one", "one"]);
  });
});

describe("a folder that another build replaces meanwhile", () => {
  it("is looked at again", async () => {
    await put(place, "one");
    let looks = 0;
    const isOurs = async (folder: string): Promise<boolean> => {
      if (looks++ > 0) return true;
      await rename(folder, join(scratch, "away"));
      await put(folder, "two");
      return false;
    };
    const replacement = await beginReplacement(place, isOurs);
    await replacement.abandon();
    expect(looks).toBe(2);
  });
});

describe("recover", () => {
  it("puts the old folder back when a swap stopped half-way", async () => {
    await put(join(scratch, `.kjv.old-${deadPid}`), "old");
    await put(join(scratch, `.kjv.partial-${deadPid}`), "new");
    await recover(place);
    expect(await contents()).toEqual(["old", "old"]);
    expect(await readdir(scratch)).toEqual(["kjv"]);
  });

  it("clears what dead builds left, and nothing of the living or of others", async () => {
    await put(place, "now");
    await put(join(scratch, `.kjv.old-${deadPid}`), "old");
    await put(join(scratch, `.kjv.partial-${deadPid}`), "half");
    await put(join(scratch, `.kjv.partial-${process.ppid}`), "alive");
    await put(join(scratch, `.kjv2.partial-${deadPid}`), "another place");
    await recover(place);
    expect((await readdir(scratch)).sort()).toEqual([
      `.kjv.partial-${process.ppid}`,
      `.kjv2.partial-${deadPid}`,
      "kjv",
    ]);
    expect(await contents()).toEqual(["now", "now"]);
  });
});

/** Starts processes that replace the folder over and over, each time by one whose files agree. */
async function replacer(): Promise<() => ReturnType<typeof execa>> {
  const program = join(scratch, "replacer.mjs");
  await build({
    stdin: {
      contents: `
        import { beginReplacement } from "./compiler/build/replace-folder.ts";
        import { mkdirSync, writeFileSync } from "node:fs";
        import { join } from "node:path";
        for (let i = 0; ; i++) {
          const text = process.pid + "." + i;
          const replacement = await beginReplacement(process.argv[2], () => Promise.resolve(true));
          writeFileSync(join(replacement.folder, "a"), text);
          for (let k = 0; k < 20; k++) {
            mkdirSync(join(replacement.folder, "d" + k));
            writeFileSync(join(replacement.folder, "d" + k, "f"), text);
          }
          writeFileSync(join(replacement.folder, "model.json"), text);
          await replacement.commit();
        }`,
      resolveDir: projectRoot,
      loader: "ts",
    },
    bundle: true,
    platform: "node",
    format: "esm",
    outfile: program,
  });
  return () => execa("node", [program, place], { reject: false });
}

describe("kill -9", () => {
  for (const processes of [1, 2]) {
    it(`leaves the old folder, the new one, or none that the next build does not recover (${processes} at work)`, async () => {
      const start = await replacer();
      await put(place, "first");
      for (let round = 0; round < 20; round++) {
        const children = Array.from({ length: processes }, start);
        await sleep(130 + ((round * 37) % 90));
        for (const child of children) child.kill("SIGKILL");
        const ends = await Promise.all(children);
        for (const end of ends) expect(end.signal, String(end.stderr)).toBe("SIGKILL");
        if (existsSync(place)) {
          const [a, model] = await contents();
          expect(a, `round ${round}`).toBe(model);
        }
        await recover(place);
        const [a, model] = await contents();
        expect(a, `round ${round}, recovered`).toBe(model);
        expect((await readdir(scratch)).sort()).toEqual(["kjv", "replacer.mjs"]);
      }
    });
  }
});
