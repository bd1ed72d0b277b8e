/** A real tsserver over its protocol, with the bundled plugin, in a project of its own: what an editor does, line by line. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

// @ts-expect-error: plain JavaScript, so that it runs before anything is installed
import { buildCompiler } from "../../compiler/build.mjs";

/** An installed rwkvc, of which an editor needs no more than this. */
export async function installPackage(folder: string): Promise<void> {
  const own = join(folder, "node_modules/rwkvc");
  await (buildCompiler as (out: string) => Promise<void>)(join(own, "out/compiler"));
  for (const path of ["package.json", "compiler/spec/index.ts", "specs/rwkv-7.rwkv.ts", "ts-plugin/package.json"]) {
    mkdirSync(dirname(join(own, path)), { recursive: true });
    writeFileSync(join(own, path), readFileSync(path));
  }
  symlinkSync(resolve("node_modules/typescript"), join(folder, "node_modules/typescript"));
}

export interface Place {
  readonly line: number;
  readonly offset: number;
}

export interface FileSpan {
  readonly file: string;
  readonly start: Place;
  readonly end: Place;
}

export interface ServerDiagnostic {
  readonly start: Place;
  readonly end: Place;
  readonly text: string;
  readonly category: string;
  readonly source?: string;
  readonly reportsUnnecessary?: object;
  readonly relatedInformation?: readonly {
    readonly message: string;
    readonly span?: { readonly file: string; readonly start: Place };
  }[];
}

interface Response {
  readonly request_seq?: number;
  readonly success?: boolean;
  readonly message?: string;
  readonly body?: unknown;
}

export class TsServer {
  readonly folder = mkdtempSync(join(tmpdir(), "rwkvc-ts-plugin-"));
  private process: ChildProcessWithoutNullStreams | undefined;
  private buffer = Buffer.alloc(0);
  private sequence = 0;
  private readonly texts = new Map<string, string>();
  private readonly waiting = new Map<number, (response: Response) => void>();

  constructor(options: object = {}) {
    this.write(
      "tsconfig.json",
      JSON.stringify({
        compilerOptions: {
          target: "ES2022",
          module: "ESNext",
          moduleResolution: "Bundler",
          strict: true,
          noEmit: true,
          types: [],
          allowImportingTsExtensions: true,
          plugins: [{ name: "rwkvc/ts-plugin" }],
          ...options,
        },
      }),
    );
  }

  async start(): Promise<void> {
    await installPackage(this.folder);
    // The project's own TypeScript, which is how editors find a plugin; its log says what the plugin could not do.
    const server = join(this.folder, "node_modules/typescript/lib/tsserver.js");
    const where = ["--preserve-symlinks", "--preserve-symlinks-main", server];
    const log = ["--logVerbosity", "normal", "--logFile", join(this.folder, "tsserver.log")];
    const cwd = this.folder;
    this.process = spawn(process.execPath, [...where, "--disableAutomaticTypingAcquisition", ...log], { cwd });
    this.process.stdout.on("data", (data: Buffer) => this.receive(data));
  }

  stop(): void {
    this.process?.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  write(name: string, text: string): void {
    writeFileSync(this.path(name), text);
  }

  log(): string {
    return readFileSync(this.path("tsserver.log"), "utf8");
  }

  /** In ms, of all its threads (Linux counts in hundredths of a second). */
  processorTime(): number {
    const fields = readFileSync(`/proc/${this.process!.pid}/stat`, "utf8").split(") ")[1]!.split(" ");
    return 10 * (Number(fields[11]) + Number(fields[12]));
  }

  /** Opens a file with this text; what was saved of it is older. */
  async open(name: string, text: string): Promise<void> {
    this.write(name, "export {};\n");
    this.texts.set(name, text);
    const file = this.path(name);
    await this.request("updateOpen", { openFiles: [{ file, fileContent: text, projectRootPath: this.folder }] });
  }

  /** Replaces the first `from` in an open file, as typing does. */
  async edit(name: string, from: string, to: string): Promise<void> {
    const text = this.texts.get(name)!;
    const at = text.indexOf(from);
    if (at < 0) throw new Error(`${name} has no ${from}`);
    const textChanges = [{ start: place(text, at), end: place(text, at + from.length), newText: to }];
    this.texts.set(name, text.slice(0, at) + to + text.slice(at + from.length));
    await this.request("updateOpen", { changedFiles: [{ fileName: this.path(name), textChanges }] });
  }

  /** Places are told by the text around: `|` stands at the place. */
  at(name: string, marked: string): Place & { readonly file: string } {
    const bar = marked.indexOf("|");
    const text = this.texts.get(name)!;
    const found = text.indexOf(marked.slice(0, bar) + marked.slice(bar + 1));
    if (found < 0) throw new Error(`${name} has no ${marked}`);
    return { file: this.path(name), ...place(text, found + bar) };
  }

  /** What stands at a place that the server names, with its line. */
  textAt({ file, start, end }: FileSpan): string {
    const name = file.slice(this.folder.length + 1);
    const text = this.texts.get(name) ?? readFileSync(file, "utf8");
    const line = text.split("\n")[start.line - 1]!;
    return `${name}: ${line.slice(0, start.offset - 1).trimStart()}«${line.slice(start.offset - 1, end.offset - 1)}»${line.slice(end.offset - 1)}`;
  }

  diagnostics(name: string): Promise<readonly ServerDiagnostic[]> {
    return this.request("semanticDiagnosticsSync", { file: this.path(name) });
  }

  async request<T>(command: string, args: object): Promise<T> {
    const seq = ++this.sequence;
    const answered = new Promise<Response>((done) => this.waiting.set(seq, done));
    this.process!.stdin.write(`${JSON.stringify({ seq, type: "request", command, arguments: args })}\n`);
    const { success, message, body } = await answered;
    if (success === false && message !== "No content available.") throw new Error(`${command}: ${message}`);
    return body as T;
  }

  /** Messages come as `Content-Length: N`, an empty line, N bytes. */
  private receive(data: Buffer): void {
    this.buffer = Buffer.concat([this.buffer, data]);
    for (;;) {
      const head = this.buffer.indexOf("\r\n\r\n");
      if (head < 0) return;
      const length = Number(/Content-Length: (\d+)/.exec(this.buffer.subarray(0, head).toString())![1]);
      if (this.buffer.length < head + 4 + length) return;
      const message = JSON.parse(this.buffer.subarray(head + 4, head + 4 + length).toString()) as Response;
      this.buffer = this.buffer.subarray(head + 4 + length);
      if (message.request_seq === undefined) continue;
      this.waiting.get(message.request_seq)?.(message);
      this.waiting.delete(message.request_seq);
    }
  }
}

function place(text: string, offset: number): Place {
  const before = text.slice(0, offset).split("\n");
  return { line: before.length, offset: before.at(-1)!.length + 1 };
}
