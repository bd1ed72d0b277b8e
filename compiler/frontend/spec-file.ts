/** What the files of specs are called: NAME.rwkv.ts. */
export const specEnding = ".rwkv.ts";

/** NAME, of a file in any folder or of a bundled one. */
export const specName = (path: string): string => path.replace(/^.*[/\\:]/, "").replace(/\.rwkv\.ts$/, "");
