/** Systems that libraries are built for. */
export const triples = ["x86_64-linux", "aarch64-linux", "aarch64-android"] as const;
export type Triple = (typeof triples)[number];

/** The machine that this runs on. */
export const hostTriple = process.arch === "arm64" ? "aarch64-linux" : "x86_64-linux";
