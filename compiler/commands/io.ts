/**
 * The command line's side of the world: streams, environment, and how much may be said. Commands write through it, so
 * that a test can read what a user would see.
 */

export interface Stream {
  write(text: string | Uint8Array): unknown;
  readonly isTTY?: boolean;
}

export interface Io {
  readonly stdout: Stream;
  readonly stderr: Stream;
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly env: NodeJS.ProcessEnv;
}

/** Options that every command has. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly color?: boolean;
}

export const processIo = (): Io => ({
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: process.stdin,
  env: process.env,
});

/** NO_COLOR and FORCE_COLOR as no-color.org and Node have them; a pipe and a dumb terminal get none. */
export function useColour(stream: Stream, io: Io, options: CommonOptions): boolean {
  if (options.color === false || io.env.NO_COLOR) return false;
  if (io.env.FORCE_COLOR) return io.env.FORCE_COLOR !== "0";
  return stream.isTTY === true && io.env.TERM !== "dumb";
}

/** A line on standard error that each message replaces; nothing where standard error is not a terminal. */
export class Progress {
  private shown = false;

  constructor(private readonly io: Io) {}

  get active(): boolean {
    return this.io.stderr.isTTY === true && this.io.env.TERM !== "dumb";
  }

  update(text: string): void {
    if (!this.active) return;
    this.io.stderr.write(`\r\x1b[K${text}`);
    this.shown = true;
  }

  done(): void {
    if (this.shown) this.io.stderr.write("\r\x1b[K");
    this.shown = false;
  }
}
