/**
 * Where the entries of a zip archive lie in its file. Only stored (uncompressed) entries are accepted, since tensors
 * are read in place; names, offsets and sizes are checked against the file and against each other.
 */

import { RandomAccessReader, fromRandomAccessReaderPromise } from "yauzl";
import type { Entry, ZipFile } from "yauzl";

import { DiagnosticError } from "../diagnostics/diagnostic.ts";
import { failInput, failUnsupported, quote } from "./checkpoint-error.ts";
import type { CheckpointFile } from "./checkpoint-file.ts";

export interface ZipEntry {
  readonly name: string;
  /** Of the local header, in bytes from the start of the file. */
  readonly header: number;
  /** Of the data, in bytes from the start of the file. */
  readonly start: number;
  /** In bytes. */
  readonly size: number;
  /** CRC-32 of the data, as the directory states it. */
  readonly checksum: number;
}

/** A checkpoint has an entry for each tensor, a few thousand at most. */
const maximalEntries = 10_000;

/**
 * Diagnostics: checkpoint/zip (damaged), checkpoint/truncated, checkpoint/compressed, checkpoint/encrypted,
 * checkpoint/zip-overlap.
 */
export async function readZipDirectory(file: CheckpointFile): Promise<ReadonlyMap<string, ZipEntry>> {
  const entries = new Map<string, ZipEntry>();
  for (const entry of await readCentralDirectory(file)) {
    const { fileName } = entry;
    // Folders have no data.
    if (fileName.endsWith("/") && entry.uncompressedSize === 0) continue;
    if (entries.has(fileName)) failZip(file, `it holds two entries named ${quote(fileName)}`);
    entries.set(fileName, locate(file, entry));
  }
  checkOverlaps(file, [...entries.values()]);
  return entries;
}

async function readCentralDirectory(file: CheckpointFile): Promise<Entry[]> {
  const reader = new FileReader(file);
  const failed = new Promise<never>((_, reject) => (reader.onFailure = reject));
  // A failure after the directory has been read is nobody's concern.
  failed.catch(() => undefined);
  try {
    return await Promise.race([failed, listEntries(reader, file)]);
  } catch (error) {
    if (error instanceof DiagnosticError) throw error;
    return explain(file, error);
  }
}

async function listEntries(reader: FileReader, file: CheckpointFile): Promise<Entry[]> {
  const zip: ZipFile = await fromRandomAccessReaderPromise(reader, file.size, {
    autoClose: false,
    strictFileNames: true,
    // Sizes are checked in `locate`, once it is clear that the entry is neither compressed nor encrypted.
    validateEntrySizes: false,
  });
  if (zip.entryCount > maximalEntries || zip.entryCount * 46 > file.size) {
    throw new Error(`it claims ${zip.entryCount} entries; at most ${maximalEntries} are read`);
  }
  const entries: Entry[] = [];
  for await (const entry of zip.eachEntry()) entries.push(entry);
  return entries;
}

/** Gives yauzl the file without letting it keep or close it; what its callbacks throw comes out at `onFailure`. */
class FileReader extends RandomAccessReader {
  onFailure: (error: unknown) => void = () => undefined;

  constructor(readonly file: CheckpointFile) {
    super();
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null, bytesRead?: number) => void,
  ): void {
    queueMicrotask(() => {
      try {
        if (position + length > this.file.size) throw new Error("its directory leads beyond the end of the file");
        this.file.read(buffer.subarray(offset, offset + length), position);
        callback(null, length);
      } catch (error) {
        this.onFailure(error);
      }
    });
  }

  override close(callback: (error: Error | null) => void): void {
    callback(null);
  }
}

function explain(file: CheckpointFile, error: unknown): never {
  const message = error instanceof Error ? error.message : String(error);
  if (message.startsWith("End of central directory record signature not found")) {
    file.failTruncated("a zip archive ends with its directory, and there is none");
  }
  if (message.includes("encryption")) failEncrypted(file);
  return failZip(file, message);
}

/** The data follows the *local* header, whose extra field (torch aligns by it) is not that of the central directory. */
function locate(file: CheckpointFile, entry: Entry): ZipEntry {
  const name = entry.fileName;
  const detail = name;
  if ((entry.generalPurposeBitFlag & 1) !== 0) failEncrypted(file);
  if (entry.compressionMethod !== 0) {
    failUnsupported(file.path, "checkpoint/compressed", `${file.path} is a compressed zip archive`, {
      detail,
      notes: [
        `Entry ${quote(name)} is compressed; torch.save stores its entries as they are, ` +
          "so that they can be read in place.",
      ],
      hint: "the archive was repacked: unpack it and zip it again without compression (zip -0 -r), or save it anew",
    });
  }
  if (entry.compressedSize !== entry.uncompressedSize) {
    failZip(file, `stored entry ${quote(name)} has two sizes, ${entry.compressedSize} and ${entry.uncompressedSize}`);
  }
  const header = entry.relativeOffsetOfLocalHeader;
  const size = entry.uncompressedSize;
  // Of what the directory claims, checked before anything is read or reserved.
  if (header + 30 + size > file.size) {
    file.failTruncated(`entry ${quote(name)} claims ${size} bytes after byte ${header}`);
  }
  const local = Buffer.alloc(30);
  file.read(local, header);
  if (local.readUInt32LE(0) !== 0x04034b50)
    failZip(file, `there is no entry at byte ${header}, where ${quote(name)} should be`);
  const [flags, method] = [local.readUInt16LE(6), local.readUInt16LE(8)];
  if (method !== 0 || (flags & 1) !== 0) {
    failZip(file, `entry ${quote(name)} is plain data by the directory, but compressed or encrypted by its own header`);
  }
  const nameLength = local.readUInt16LE(26);
  const localName = file.bytes(header + 30, nameLength);
  if (!Buffer.from(localName).equals(entry.fileNameRaw)) {
    failZip(
      file,
      `entry ${quote(name)} has another name (${quote(Buffer.from(localName).toString())}) where its data is`,
    );
  }
  const start = header + 30 + nameLength + local.readUInt16LE(28);
  if (start + size > file.size) file.failTruncated(`entry ${quote(name)} needs bytes ${start} to ${start + size}`);
  return { name, header, start, size, checksum: entry.crc32 };
}

function checkOverlaps(file: CheckpointFile, entries: ZipEntry[]): void {
  entries.sort((a, b) => a.header - b.header);
  entries.forEach((entry, i) => {
    const next = entries[i + 1];
    if (next === undefined || entry.start + entry.size <= next.header) return;
    failInput(file.path, "checkpoint/zip-overlap", `entries of ${file.path} overlap`, {
      detail: entry.name,
      notes: [
        `${quote(entry.name)} takes bytes ${entry.header} to ${entry.start + entry.size}, ${quote(next.name)} ` +
          `starts at byte ${next.header}. No program that writes checkpoints does this; the file is damaged ` +
          "or made to mislead.",
      ],
      hint: "copy or download the file again",
    });
  });
}

function failEncrypted(file: CheckpointFile): never {
  return failUnsupported(file.path, "checkpoint/encrypted", `${file.path} is an encrypted zip archive`, {
    hint: "unpack it, and zip it again without password and compression",
  });
}

function failZip(file: CheckpointFile, note: string): never {
  return failInput(file.path, "checkpoint/zip", `${file.path} is a damaged zip archive`, {
    notes: [`Found: ${note}.`],
    hint: "copy or download the file again; if it is as it was saved, load it in Python and save its tensors anew",
  });
}
