/**
 * The names under which precision policies speak of weights and equations. A weight `blocks.3.att.key.weight` is also
 * `att.key.weight` and `att.key`; an equation `blocks.3.timeMix.k` is also `timeMix.k` and, where only equations are meant, `k`.
 */
import { matchesPattern, parsePattern } from "./name-pattern.ts";

/** `name`: in full, as the checkpoint has it. */
export function weightNames(name: string): string[] {
  const names = [name, withoutLayer(name)];
  return [...new Set(names.flatMap((one) => [one, one.replace(/\.weight$/, "")]))];
}

/** Behind the segment that counts the layers: a number, or a word that has one (`layers_3`). Never the last segment. */
function withoutLayer(name: string): string {
  const segments = name.split(".");
  const inner = segments.slice(0, -1);
  const number = inner.findIndex((segment) => /^\d+$/.test(segment));
  const at = number >= 0 ? number : inner.findIndex((segment) => /\d/.test(segment));
  return segments.slice(at + 1).join(".");
}

/** `path`: `blocks.3.timeMix.k`, or `head.logits` outside the layers. A prime of a state's new value does not count. */
export function equationNames(path: string): string[] {
  const full = path.replace(/'$/, "");
  return [...new Set([full, full.replace(/^blocks\.\d+\./, "")])];
}

export const matchesWeight = (pattern: string, name: string): boolean => matchesAny(pattern, weightNames(name));

/** Of a policy about weights: an equation has to be named with its part, since weights have short names as well. */
export const matchesEquation = (pattern: string, path: string): boolean => matchesAny(pattern, equationNames(path));

/** Of a policy about equations: the value's name alone will do. */
export function matchesValue(pattern: string, path: string): boolean {
  const names = equationNames(path);
  return matchesAny(pattern.replaceAll("'", ""), [...names, names[0]!.split(".").at(-1)!]);
}

function matchesAny(text: string, names: readonly string[]): boolean {
  const pattern = parsePattern(text);
  return "pieces" in pattern && names.some((name) => matchesPattern(pattern, name));
}
