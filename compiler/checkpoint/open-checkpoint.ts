/**
 * Opens what the user named as a checkpoint: `random:SEED:PRESET`, a file, the index of several, or a folder. A file's
 * kind is told by its first bytes, not by its name.
 */

import { basename } from "node:path";

import type { Checkpoint } from "./checkpoint.ts";
import { describeBytes, failInput, failUnsupported } from "./checkpoint-error.ts";
import { CheckpointFile } from "./checkpoint-file.ts";
import { findInFolder } from "./checkpoint-folder.ts";
import { looksLikeLegacyTorch, readLegacyTorch } from "./legacy-torch.ts";
import { renameTensors } from "./naming.ts";
import { readPth } from "./pth.ts";
import { looksLikeSafetensors, readSafetensors } from "./safetensors.ts";
import { looksLikeIndex, readShards } from "./shards.ts";
import { type StoredTensor, storedCheckpoint } from "./stored-tensor.ts";

/**
 * Diagnostics: checkpoint/not-found, unreadable, not-a-file, folder, empty, unknown-format, known-but-unsupported
 * formats (torch-tar, bare-pickle, gguf), download (a page or pointer in place of the file), and those of the readers.
 * `onFile` hears of each file before it is looked at.
 */
export async function openCheckpoint(source: string, onFile: (path: string) => void = () => {}): Promise<Checkpoint> {
  // What it needs of the front end is loaded for it alone.
  if (source.startsWith("random:")) return (await import("./random.ts")).openRandom(source);
  onFile(source);
  const path = findInFolder(source);
  const files: CheckpointFile[] = [];
  const open = (name: string): CheckpointFile => {
    onFile(name);
    const file = CheckpointFile.open(name);
    files.push(file);
    return file;
  };
  try {
    const file = open(path);
    const tensors = looksLikeIndex(headOf(file)) ? await readShards(file, open, readTensors) : await readTensors(file);
    return storedCheckpoint(basename(path), renameTensors(path, tensors), files);
  } catch (error) {
    files.forEach((file) => file.close());
    throw error;
  }
}

const headOf = (file: CheckpointFile): Uint8Array => file.bytes(0, 512);

/** The tensors of one file that holds them itself. */
async function readTensors(file: CheckpointFile): Promise<StoredTensor[]> {
  if (file.size === 0) {
    failInput(file.path, "checkpoint/empty", `checkpoint ${file.path} is an empty file`, {
      hint: "the download or copy did not succeed: repeat it",
    });
  }
  const head = headOf(file);
  if (startsWith(head, "PK\x03\x04") || startsWith(head, "PK\x05\x06")) return readPth(file);
  if (looksLikeLegacyTorch(head)) return readLegacyTorch(file);
  for (const format of otherFormats) if (format.matches(head)) format.fail(file.path);
  if (looksLikeSafetensors(head)) return readSafetensors(file);
  return failInput(file.path, "checkpoint/unknown-format", `${file.path} is not a checkpoint of a known format`, {
    notes: [
      `The file (${file.size} bytes) starts with ${describeBytes(head.subarray(0, 16))}.`,
      'Expected: a .pth file of torch.save (a zip archive, starting with 50 4b 03 04 "PK..", or the older format, ' +
        'starting with 80 02 8a 0a), a .safetensors file (an 8-byte header length, then "{"), or the index.json of ' +
        "such files.",
    ],
    hint: "name the checkpoint itself: a .pth or .safetensors file",
  });
}

interface OtherFormat {
  readonly matches: (head: Uint8Array) => boolean;
  readonly fail: (path: string) => never;
}

const resave = "load it in Python and save it again: torch.save(torch.load(f), g)";

const otherFormats: readonly OtherFormat[] = [
  {
    matches: (head) => startsWith(head.subarray(257), "ustar"),
    fail: (path) =>
      failUnsupported(path, "checkpoint/torch-tar", `${path} is a tar archive`, {
        notes: ["Only torch before 0.2 saved such checkpoints; what torch.save has written since is read."],
        hint: `if it is a checkpoint, ${resave}; if one is packed in it, unpack it`,
      }),
  },
  {
    // PROTO 2 to 5, then an opcode that can begin a pickled dict, OrderedDict or framed pickle.
    matches: (head) => head[0] === 0x80 && head[1]! >= 2 && head[1]! <= 5 && "}]c(\x95".includes(latin1(head, 2, 3)),
    fail: (path) =>
      failUnsupported(path, "checkpoint/bare-pickle", `${path} is a bare pickle, not a torch checkpoint`, {
        notes: ["A pickle outside the containers of torch.save is not read; nothing in it was executed."],
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
