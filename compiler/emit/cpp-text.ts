/** Pieces of C++ text: names, literals, calls broken into lines. */

const keywords = new Set(
  (
    "alignas alignof and asm auto bool break case catch char class compl const constexpr continue decltype default delete do " +
    "double else enum explicit export extern false float for friend goto if inline int long mutable namespace new noexcept " +
    "not nullptr operator or private protected public register return short signed sizeof static struct switch template " +
    "this throw true try typedef typeid typename union unsigned using virtual void volatile while xor main unix linux"
  ).split(" "),
);

/** The nearest C++ identifier: `S'` -> `S_next`, `maa-w1` -> `maa_w1`. */
export function identifier(text: string): string {
  const plain = text
    .replace(/'/g, "_next")
    .replace(/[^A-Za-z0-9_]+/g, "_")
    .replace(/__+/g, "_")
    .replace(/^_+|_+$/g, "");
  if (plain === "") return "value";
  return /^[0-9]/.test(plain) || keywords.has(plain) ? `v_${plain}` : plain;
}

/** `timeMix` -> `time_mix`. */
export const snakeCase = (text: string): string =>
  identifier(text)
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase();

/** `time_mix_layer_0` -> `TimeMixLayer0`. */
export const pascalCase = (text: string): string =>
  snakeCase(text)
    .split("_")
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join("");

export function stringLiteral(text: string): string {
  const escaped = [...Buffer.from(text, "utf8")].map((byte) => {
    if (byte === 0x22 || byte === 0x5c) return `\\${String.fromCharCode(byte)}`;
    return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, "0")}`;
  });
  // `??` would start a trigraph in old dialects.
  return `"${escaped.join("").replaceAll("??", '?""?')}"`;
}

/** Text that is safe behind `//`: one line, no backslash at its end. */
export const commentText = (text: string): string => text.replace(/\s+/g, " ").trim().replace(/\\$/, "\\ .");

/** A float literal that reads back as the same float32 number. */
export function floatLiteral(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`${value} as a scalar parameter`);
  const rounded = Math.fround(value);
  // The shortest digits that give the same float32.
  let text = String(value);
  for (let digits = 1; digits <= 9; digits++) {
    const candidate = Number(rounded.toPrecision(digits));
    if (Math.fround(candidate) === rounded) {
      text = String(candidate);
      break;
    }
  }
  return `${/[.e]/.test(text) ? text : `${text}.0`}f`;
}

export const lineWidth = 110;

/** `head(arg, arg);` on one line, or its arguments filled into indented lines. */
export function call(indent: string, head: string, args: readonly string[], tail = ");"): string[] {
  const single = `${indent}${head}(${args.join(", ")}${tail}`;
  if (single.length <= lineWidth) return [single];
  const inner = `${indent}    `;
  const lines: string[] = [`${indent}${head}(`];
  args.forEach((arg, i) => {
    const piece = i === args.length - 1 ? `${arg}${tail}` : `${arg},`;
    const current = lines.at(-1)!;
    const space = current.endsWith("(") ? "" : " ";
    if ((current + space + piece).length <= lineWidth) lines[lines.length - 1] = current + space + piece;
    else lines.push(...fillList(inner, piece));
  });
  return lines;
}

/** One argument on lines of its own: a long braced list is broken between its elements. */
function fillList(indent: string, piece: string): string[] {
  if (indent.length + piece.length <= lineWidth || !piece.startsWith("{")) return [indent + piece];
  const lines: string[] = [];
  const elements = elementsOf(piece);
  // An element that is too long by itself (a list of numbers) is broken at any comma.
  const pieces = elements.flatMap((e) => (indent.length + e.length < lineWidth ? [e] : e.split(/(?<=,) /)));
  for (const element of pieces) {
    const joined = `${lines.at(-1)} ${element}`;
    if (lines.length > 0 && joined.length <= lineWidth) lines[lines.length - 1] = joined;
    else lines.push(`${indent}${lines.length === 0 ? "" : " "}${element}`);
  }
  return lines;
}

/** `{a, f(b, c), d}` -> `{a,` `f(b, c),` `d}` */
function elementsOf(list: string): string[] {
  const elements: string[] = [];
  let depth = 0;
  let from = 0;
  for (let i = 0; i < list.length; i++) {
    const c = list[i]!;
    if ("({".includes(c)) depth++;
    if (")}".includes(c)) depth--;
    if (c !== "," || depth !== 1) continue;
    elements.push(list.slice(from, i + 1).trim());
    from = i + 1;
  }
  return [...elements, list.slice(from).trim()];
}
