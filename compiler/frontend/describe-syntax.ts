/** What a piece of TypeScript is called in messages about syntax that a spec cannot have. */
import { Node, SyntaxKind } from "ts-morph";

export function describeSyntax(node: Node): string {
  const names: Partial<Record<SyntaxKind, string>> = {
    [SyntaxKind.ArrowFunction]: "a function",
    [SyntaxKind.FunctionExpression]: "a function",
    [SyntaxKind.FunctionDeclaration]: "a function",
    [SyntaxKind.ClassDeclaration]: "a class",
    [SyntaxKind.ClassExpression]: "a class",
    [SyntaxKind.EnumDeclaration]: "an enum",
    [SyntaxKind.ModuleDeclaration]: "a namespace",
    [SyntaxKind.AwaitExpression]: "`await`",
    [SyntaxKind.NewExpression]: "`new`",
    [SyntaxKind.ConditionalExpression]: "a conditional expression",
    [SyntaxKind.ThisKeyword]: "`this`",
    [SyntaxKind.MethodDeclaration]: "a method",
    [SyntaxKind.GetAccessor]: "a getter",
    [SyntaxKind.SetAccessor]: "a setter",
    [SyntaxKind.IfStatement]: "`if`",
    [SyntaxKind.ForStatement]: "a loop",
    [SyntaxKind.ForOfStatement]: "a loop",
    [SyntaxKind.ForInStatement]: "a loop",
    [SyntaxKind.WhileStatement]: "a loop",
    [SyntaxKind.DoStatement]: "a loop",
    [SyntaxKind.TryStatement]: "`try`",
    [SyntaxKind.ThrowStatement]: "`throw`",
    [SyntaxKind.RegularExpressionLiteral]: "a regular expression",
    [SyntaxKind.BigIntLiteral]: "a bigint",
    [SyntaxKind.ObjectBindingPattern]: "destructuring",
    [SyntaxKind.ArrayBindingPattern]: "destructuring",
    [SyntaxKind.TaggedTemplateExpression]: "a tagged template",
    [SyntaxKind.PostfixUnaryExpression]: "`++` or `--`",
    [SyntaxKind.OmittedExpression]: "a hole in a list",
    [SyntaxKind.SwitchStatement]: "`switch`",
    [SyntaxKind.LabeledStatement]: "a label",
    [SyntaxKind.NamespaceImport]: "a namespace import",
    [SyntaxKind.ExportDeclaration]: "an export of another file's names",
    [SyntaxKind.ExportAssignment]: "`export =`",
    [SyntaxKind.DeleteExpression]: "`delete`",
    [SyntaxKind.TypeOfExpression]: "`typeof`",
    [SyntaxKind.Block]: "a block of statements",
  };
  if (Node.isPropertyAccessExpression(node) || Node.isElementAccessExpression(node)) return "this access";
  return names[node.getKind()] ?? "this syntax";
}
