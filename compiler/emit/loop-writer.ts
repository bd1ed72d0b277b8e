/**
 * Writes a loop over tokens: what the steps share in front, a variable for each value that a step hands to the next, an array
 * for each value of which all steps' are read later.
 *
 *     Tensor S = S_in;
 *     Tensor y_rows[64];
 *     for (uint32_t token = 0; token < 64; ++token) {
 *       graph.token(token);
 *       const Tensor S_next = graph.add(...);
 *       y_rows[token] = graph.add(...);
 *       S = S_next;
 *     }
 */
import type { QnnNode } from "../lower/qnn-graph.ts";
import { type Loop, type StepReference, tokenPattern } from "./loops.ts";
import type { NameScope } from "./name-scope.ts";
import type { Reference, Section } from "./sections.ts";

/** What the loop needs of the section's writer. */
export interface LoopSurroundings {
  readonly scope: NameScope;
  readonly statements: string[];
  /** Layer's number left open where layers share the code. */
  readonly pattern: (name: string) => string;
  readonly expression: (reference: Reference) => string;
  /** Spec line of a node that follows `last`, in front of it. */
  readonly heading: (node: QnnNode, last: QnnNode | undefined, indent: string) => void;
  readonly add: (node: QnnNode, n: number, form: NodeForm) => void;
}

/** How a node's statement is written. */
export interface NodeForm {
  readonly indent: string;
  /** `{a, b}` */
  readonly inputs: string;
  /** `const Tensor x = `, or nothing. */
  readonly target: string;
  readonly pattern: (name: string) => string;
}

interface Carried {
  readonly node: number;
  readonly output: number;
  readonly first: Reference;
  readonly variable: string;
}

const inStep = "    ";

export class LoopWriter {
  private readonly carried: Carried[] = [];
  /** Arrays of all steps' values, and names of values inside a step, by `node.output`. */
  private readonly rows = new Map<string, string>();
  private readonly names = new Map<string, string>();
  private readonly lists = new Map<StepReference, string>();
  /** The loop's variable. */
  private counter = "";

  constructor(
    private readonly section: Pick<Section, "nodes">,
    private readonly loop: Loop,
    /** Everything outside the loop that is read or handed on in the section. */
    private readonly outside: readonly Reference[],
    private readonly around: LoopSurroundings,
  ) {}

  write(): void {
    const { loop, around, section } = this;
    this.prepare();
    const { counter } = this;
    around.statements.push(
      `  for (uint32_t ${counter} = 0; ${counter} < ${loop.count}; ++${counter}) {`,
      `${inStep}graph.token(${counter});`,
    );
    let last: QnnNode | undefined;
    for (let j = 0; j < loop.size; j++) {
      const node = section.nodes[loop.start + j]!;
      around.heading(node, last, inStep);
      last = node;
      this.writeNode(node, j);
    }
    for (const { node, output, variable } of this.carried)
      around.statements.push(`${inStep}${variable} = ${this.inside(node, output)};`);
    around.statements.push("  }");
  }

  /** How the section reads output `output` of node `n` after the loop. */
  value(n: number, output: number): string {
    const { step, node } = this.place(n);
    const carried = step === this.loop.count - 1 && this.carried.find((c) => c.node === node && c.output === output);
    return carried ? carried.variable : `${this.rows.get(`${node}.${output}`)}[${step}]`;
  }

  /** All steps' values of one node, in order, as `Tensors`; undefined if the references are anything else. */
  list(references: readonly Reference[]): string | undefined {
    const places = references.map((r) => (r.kind === "local" && this.has(r.node) ? this.place(r.node) : undefined));
    const [first] = references;
    if (references.length !== this.loop.count || first?.kind !== "local") return undefined;
    const isRow = (r: Reference, t: number): boolean =>
      r.kind === "local" && r.output === first.output && places[t]?.step === t && places[t].node === places[0]?.node;
    const variable = this.rows.get(`${places[0]?.node}.${first.output}`);
    return references.every(isRow) && variable ? `Tensors{${variable}, ${this.loop.count}}` : undefined;
  }

  has(n: number): boolean {
    return n >= this.loop.start && n < this.loop.start + this.loop.size * this.loop.count;
  }

  private place(n: number): { readonly step: number; readonly node: number } {
    const at = n - this.loop.start;
    return { step: Math.floor(at / this.loop.size), node: at % this.loop.size };
  }

  private path(node: number, output: number): string {
    const { name } = this.section.nodes[this.loop.start + node]!.outputs[output]!;
    return tokenPattern(this.around.pattern(name), 0);
  }

  /** Names, and what stands in front of the loop. */
  private prepare(): void {
    const { loop, around } = this;
    this.counter = around.scope.name("token", "");
    const references = loop.references.flat();
    const declarations: string[] = [];
    for (const r of references) {
      if (r.kind === "same") around.expression(r.reference);
      if (r.kind === "each") this.prepareList(r, declarations);
      if (r.kind === "before") this.prepareCarried(r, declarations);
    }
    for (const r of this.outside) {
      if (r.kind !== "local" || !this.has(r.node)) continue;
      const { step, node } = this.place(r.node);
      const isCarried = this.carried.some((c) => c.node === node && c.output === r.output);
      const key = `${node}.${r.output}`;
      if ((isCarried && step === loop.count - 1) || this.rows.has(key)) continue;
      const variable = around.scope.name(this.path(node, r.output), "", "rows");
      this.rows.set(key, variable);
      declarations.push(`  Tensor ${variable}[${loop.count}];`);
    }
    around.statements.push("", ...declarations);
  }

  private prepareCarried(r: Extract<StepReference, { kind: "before" }>, declarations: string[]): void {
    const known = this.carried.some(
      (c) => c.node === r.node && c.output === r.output && JSON.stringify(c.first) === JSON.stringify(r.first),
    );
    if (known) return;
    const first = this.around.expression(r.first);
    const variable = this.around.scope.name(this.path(r.node, r.output), "now");
    this.carried.push({ node: r.node, output: r.output, first: r.first, variable });
    declarations.push(`  Tensor ${variable} = ${first};`);
  }

  /** A variable that step `token` finds its own value in. */
  private prepareList(r: Extract<StepReference, { kind: "each" }>, declarations: string[]): void {
    const known = [...this.lists].find(([other]) => JSON.stringify(other) === JSON.stringify(r));
    const items = r.references.map((reference) => this.around.expression(reference));
    const whole = /^(\w+)\[0\]$/.exec(items[0]!)?.[1];
    if (known) this.lists.set(r, known[1]);
    else if (whole && items.every((item, t) => item === `${whole}[${t}]`)) this.lists.set(r, whole);
    else {
      const variable = this.around.scope.name("each", "");
      this.lists.set(r, variable);
      declarations.push(`  const Tensor ${variable}[] = {`, ...items.map((item) => `      ${item},`), "  };");
    }
  }

  private writeNode(node: QnnNode, j: number): void {
    const { around, loop } = this;
    const inputs = `{${loop.references[j]!.map((r) => this.input(r)).join(", ")}}`;
    const [row] = node.outputs.map((_, o) => this.rows.get(`${j}.${o}`));
    const isRead = node.outputs.some((_, o) => this.isRead(j, o));
    const pattern = (name: string): string => tokenPattern(around.pattern(name), 0);
    const form = { indent: inStep, inputs, pattern };
    if (node.outputs.length === 1) {
      const target = row ? `${row}[${this.counter}] = ` : isRead ? `const Tensor ${this.inside(j, 0)} = ` : "";
      around.add(node, loop.start + j, { ...form, target });
      return;
    }
    const several = around.scope.name(this.path(j, 0), "", node.type.toLowerCase());
    node.outputs.forEach((_, o) => this.names.set(`${j}.${o}`, `${several}[${o}]`));
    around.add(node, loop.start + j, { ...form, target: `const Tensors ${several} = ` });
    node.outputs.forEach((_, o) => {
      const variable = this.rows.get(`${j}.${o}`);
      if (variable) around.statements.push(`${inStep}${variable}[${this.counter}] = ${several}[${o}];`);
    });
  }

  /** Whether the step or the next one reads the value. */
  private isRead(node: number, output: number): boolean {
    return this.loop.references
      .flat()
      .some((r) => (r.kind === "step" || r.kind === "before") && r.node === node && r.output === output);
  }

  private input(r: StepReference): string {
    switch (r.kind) {
      case "step":
        return this.inside(r.node, r.output);
      case "before":
        return this.carried.find(
          (c) => c.node === r.node && c.output === r.output && JSON.stringify(c.first) === JSON.stringify(r.first),
        )!.variable;
      case "same":
        return this.around.expression(r.reference);
      case "each":
        return `${this.lists.get(r)}[${this.counter}]`;
    }
  }

  /** A value inside the step. */
  private inside(node: number, output: number): string {
    const key = `${node}.${output}`;
    const known = this.names.get(key);
    if (known !== undefined) return known;
    const row = this.rows.get(key);
    const isCarried = this.carried.some((c) => c.node === node && c.output === output);
    const name = row
      ? `${row}[${this.counter}]`
      : this.around.scope.name(this.path(node, output), "", isCarried ? "next" : "");
    this.names.set(key, name);
    return name;
  }
}
