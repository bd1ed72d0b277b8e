/**
 * Packs: pinned releases of the Python package `onnxruntime-qnn`, whose wheels carry Qualcomm's own libraries for
 * Linux x86-64. A newer release is another row. Nothing of a pack is part of this project; `install.ts` fetches it
 * into the user's cache after the licence was accepted.
 */
import type { BackendKind } from "../targets/targets.ts";

/** A backend that a library of a pack provides. */
export type QnnBackend = Extract<BackendKind, "cpu" | "htp">;

export interface Pack {
  /** Release of the Python package; also the folder's name in the cache. */
  readonly version: string;
  /** Release of Qualcomm's SDK that the libraries are of. */
  readonly sdk: string;
  readonly backend: QnnBackend;
  readonly purpose: string;
  readonly wheel: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Files of the wheel that are unpacked, besides the licences and the folder of bundled C++ libraries. */
  readonly libraries: readonly string[];
}

export const pythonPackage = "onnxruntime-qnn";
/** The folder of the libraries inside wheel and pack; beside it, found by their RPATH, the bundled libc++. */
export const libraryFolder = "onnxruntime_qnn";
export const bundledFolder = "onnxruntime_qnn.libs";

/** What pip is asked for: the same file whatever Python, pip and machine ask. */
export const wheelTags = { python: "3.11", implementation: "cp", platform: "manylinux_2_35_x86_64" } as const;

export const packs: readonly Pack[] = [
  {
    version: "2.7.0",
    sdk: "2.51.0",
    backend: "htp",
    purpose: "compiles, simulates and estimates for HTP; reads context binaries",
    wheel: "onnxruntime_qnn-2.7.0-cp311-cp311-manylinux_2_35_x86_64.whl",
    bytes: 98_578_793,
    sha256: "c56c01562b8534fe8980cfea4601408d950c065f8251fb862ce82101c52c9849",
    libraries: ["libQnnHtp.so", "libQnnSystem.so"],
  },
  {
    version: "2.3.0",
    sdk: "2.47.0",
    backend: "cpu",
    purpose: "runs float32 graphs on Qualcomm's CPU backend",
    wheel: "onnxruntime_qnn-2.3.0-cp311-cp311-manylinux_2_35_x86_64.whl",
    bytes: 93_166_107,
    sha256: "087bb672ca0cabd3c7fed07084478fe78658cfa09fae1cb013099d7b2289dc72",
    libraries: ["libQnnCpu.so"],
  },
];

/** Licence texts inside the wheel; all are kept beside the libraries. */
export const licenceFiles: readonly string[] = [
  "Qualcomm_LICENSE.pdf",
  "LICENSE",
  "ThirdPartyNotices.txt",
  "Privacy.md",
];

export const licence = {
  name: "Qualcomm AI Stack license",
  /** Where its text stands. */
  place: "Qualcomm_LICENSE.pdf and LICENSE, inside the wheels of the Python package onnxruntime-qnn",
  /** What `--accept-license` and RWKVC_ACCEPT_LICENSE have to say. */
  answer: "qualcomm",
} as const;

export const packFor = (backend: QnnBackend): Pack => packs.find((pack) => pack.backend === backend)!;
export const libraryName = (backend: QnnBackend): string => (backend === "htp" ? "libQnnHtp.so" : "libQnnCpu.so");
export const systemLibrary = "libQnnSystem.so";
