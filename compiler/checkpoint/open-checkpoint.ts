/**
 * Opens what the user named as a checkpoint: `random:SEED:PRESET`, or a file. A file's kind is told by its first bytes,
 * not by its name.
 */

import { basename } from "node:path";

import type { Checkpoint } from "./checkpoint.ts";
import { describeBytes, failInput, failUnsupported } from "./checkpoint-error.ts";
import { CheckpointFile } from "./checkpoint-file.ts";
import { openPth } from "./pth.ts";
import { openRandom } from "./random.ts";
import { looksLikeSafetensors, openSafetensors } from "./safetensors.ts";

/**
 * Diagnostics: checkpoint/not-found, unreadable, not-a-file, empty, unknown-format, known-but-unsupported formats
 * (legacy-torch, bare-pickle, gguf, sharded), download (a page or pointer in place of the file), and those of the
 * readers.
 */
export async function openCheckpoint(source: string): Promise<Checkpoint> {
  if (source.startsWith("random:")) return openRandom(source);
  const file = CheckpointFile.open(source);
  try {
    return await openFile(file);
  } catch (error) {
    file.close();
    throw error;
  }
}

async function openFile(file: CheckpointFile): Promise<Checkpoint> {
  if (file.size === 0) failInput(file.path, "checkpoint/empty", `checkpoint ${file.path} is an empty file`);
  const name = basename(file.path);
  const head = file.bytes(0, 512);
  if (startsWith(head, "PK\x03\x04") || startsWith(head, "PK\x05\x06")) return openPth(file, name);
  if (looksLikeSafetensors(head)) return openSafetensors(file, name);
  for (const format of otherFormats) if (format.matches(head)) format.fail(file.path);
  return failInput(file.path, "checkpoint/unknown-format", `${file.path} is not a checkpoint of a known format`, {
    notes: [
      `The file (${file.size} bytes) starts with ${describeBytes(head.subarray(0, 16))}.`,
      'Expected: a .pth file of torch.save (a zip archive, starting with 50 4b 03 04 "PK.."), or a .safetensors file ' +
        '(an 8-byte header length, then "{").',
    ],
  });
}

interface OtherFormat {
  readonly matches: (head: Uint8Array) => boolean;
  readonly fail: (path: string) => never;
}

/** The number that opens torch's format before 1.6: PROTO 2, LONG1 of ten bytes, 0x1950a86a20f9469cfc6c. */
const legacyTorchMagic = "\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";

const resave = "load it in Python and save it again with a torch of 1.6 or newer: torch.save(torch.load(f), g)";

const otherFormats: readonly OtherFormat[] = [
  {
    matches: (head) => startsWith(head.subarray(2), legacyTorchMagic) || startsWith(head.subarray(257), "ustar"),
    fail: (path) =>
      failUnsupported(path, "checkpoint/legacy-torch", `${path} is in the torch format from before torch 1.6`, {
        notes: ["Only the zip container, which torch.save has written since torch 1.6, is read."],
        hint: resave,
      }),
  },
  {
    // PROTO 2 to 5, then an opcode that can begin a pickled dict, OrderedDict or framed pickle.
    matches: (head) => head[0] === 0x80 && head[1]! >= 2 && head[1]! <= 5 && "}]c(\x95".includes(latin1(head, 2, 3)),
    fail: (path) =>
      failUnsupported(path, "checkpoint/bare-pickle", `${path} is a bare pickle, not a torch checkpoint`, {
        notes: ["A pickle outside torch's zip container is not read; nothing in it was executed."],
        hint: resave,
      }),
  },
  {
    matches: (head) => startsWith(head, "GGUF"),
    fail: (path) =>
      failUnsupported(path, "checkpoint/gguf", `${path} is a GGUF file`, {
        notes: [
          "GGUF files hold weights that are already quantized and renamed; compile from the original checkpoint.",
        ],
        hint: "use the .pth or .safetensors file that the GGUF file was made from",
      }),
  },
  {
    matches: (head) => /^\s*\{\s*"/.test(latin1(head)) && /"(weight_map|metadata)"\s*:/.test(latin1(head)),
    fail: (path) =>
      failUnsupported(path, "checkpoint/sharded", `${path} is the index of a checkpoint in several files`, {
        notes: [
          "A sharded safetensors checkpoint (*.safetensors.index.json) is not read yet: one file has to hold all.",
        ],
        hint: "merge the shards: load each with safetensors and save one dict of all tensors with save_file",
      }),
  },
  {
    matches: (head) => startsWith(head, "version https://git-lfs.github.com/spec"),
    fail: (path) =>
      failInput(path, "checkpoint/download", `${path} is a Git LFS pointer, not the checkpoint itself`, {
        hint: "fetch the file with `git lfs pull`, or download it from its page",
      }),
  },
  {
    matches: (head) => /^\s*<(!doctype|html|\?xml)/i.test(latin1(head)),
    fail: (path) =>
      failInput(path, "checkpoint/download", `${path} is a web page, not a checkpoint`, {
        hint: "the download saved the page around the file: use the page's download link",
      }),
  },
];

function startsWith(bytes: Uint8Array, prefix: string): boolean {
  return latin1(bytes, 0, prefix.length) === prefix;
}

function latin1(bytes: Uint8Array, start = 0, end = bytes.length): string {
  return Buffer.from(bytes.subarray(start, end)).toString("latin1");
}
