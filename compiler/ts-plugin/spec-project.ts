/**
 * The specs of one project, analysed as an editor asks for them. An analysis is kept while every file that it read has
 * the same text, so a change costs one analysis of each spec that reads the changed file.
 */
import { specEnding } from "../frontend/spec-file.ts";
import { analyseSpec, type SpecAnalysis } from "./analyse-spec.ts";

export interface SpecFiles {
  /** The text as the editor holds it, saved or not. */
  readonly readFile: (path: string) => string | undefined;
  /** Specs of the project, for finding those that import another. */
  readonly specs: () => readonly string[];
  /** What begins the paths of bundled specs. */
  readonly bundled: string;
}

export interface SpecProject {
  readonly bundled: string;
  readonly analyse: (path: string) => SpecAnalysis;
  /** Of all specs that read the file: its own first. */
  readonly analysesWith: (path: string) => readonly [SpecAnalysis, ...SpecAnalysis[]];
  /** The last analysis in which the spec could be read, for help in the middle of a change. */
  readonly lastGood: (path: string) => SpecAnalysis | undefined;
}

export const isSpecFile = (path: string): boolean => path.endsWith(specEnding);

export function openSpecProject({ readFile, specs, bundled }: SpecFiles): SpecProject {
  const analyses = new Map<string, SpecAnalysis>();
  const good = new Map<string, SpecAnalysis>();

  const isFresh = ({ sources, missing }: SpecAnalysis): boolean =>
    [...sources].every(([path, text]) => readFile(path) === text) &&
    missing.every((path) => readFile(path) === undefined);

  function analyse(path: string): SpecAnalysis {
    const known = analyses.get(path);
    if (known && isFresh(known)) return known;
    const analysis = analyseSpec(path, readFile, bundled);
    analyses.set(path, analysis);
    if (analysis.names) good.set(path, analysis);
    return analysis;
  }

  function analysesWith(path: string): readonly [SpecAnalysis, ...SpecAnalysis[]] {
    const all = specs();
    for (const known of analyses.keys()) {
      if (known === path || all.includes(known)) continue;
      analyses.delete(known);
      good.delete(known);
    }
    const others = all.filter((spec) => spec !== path).map(analyse);
    return [analyse(path), ...others.filter(({ sources }) => sources.has(path))];
  }

  return { bundled, analyse, analysesWith, lastGood: (path) => good.get(path) };
}
