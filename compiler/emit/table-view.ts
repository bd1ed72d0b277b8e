/** The table of what differs between the layers that share a function: one row per layer, named columns. */
import { lineWidth } from "./cpp-text.ts";

export interface Column {
  readonly field: string;
  /** C++ type. */
  readonly type: string;
  /** One per row. */
  readonly literals: readonly string[];
}

export interface TableView {
  readonly type: string;
  readonly name: string;
  readonly fields: readonly string[];
  readonly heading: readonly string[];
  readonly rows: readonly string[];
}

export function tableView(type: string, name: string, columns: readonly Column[]): TableView {
  const lines = breakColumns(columns);
  const rowCount = columns[0]?.literals.length ?? 0;
  return {
    type,
    name,
    fields: fieldDeclarations(columns),
    heading: lines.map((line) => `    // ${line.map((c) => c.field.padStart(columnWidth(c))).join("  ")}`),
    rows: Array.from({ length: rowCount }, (_, row) => row).flatMap((row) =>
      lines.map((line, i) => {
        const cells = line.map((c) => c.literals[row]!.padStart(columnWidth(c))).join(", ");
        return `${i === 0 ? "    {  " : "       "}${cells}${i === lines.length - 1 ? "}," : ","}`;
      }),
    ),
  };
}

const columnWidth = (column: Column): number =>
  Math.max(column.field.length, ...column.literals.map((literal) => literal.length));

/** Columns of one row, cut into lines that fit. */
function breakColumns(columns: readonly Column[]): Column[][] {
  const lines: Column[][] = [[]];
  const indent = 8;
  let width = indent;
  for (const column of columns) {
    const needed = columnWidth(column) + 2;
    if (width + needed > lineWidth) {
      lines.push([]);
      width = indent;
    }
    lines.at(-1)!.push(column);
    width += needed;
  }
  return lines;
}

/** `uint64_t x_r, x_w;`: neighbours of one type in one declaration. */
function fieldDeclarations(columns: readonly Column[]): string[] {
  const lines: string[] = [];
  let type = "";
  for (const column of columns) {
    const joined = `${lines.at(-1)?.slice(0, -1)}, ${column.field};`;
    if (column.type === type && joined.length <= lineWidth) lines[lines.length - 1] = joined;
    else lines.push(`  ${column.type} ${column.field};`);
    type = column.type;
  }
  return lines;
}
