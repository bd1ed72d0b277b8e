/** Colours of the terminal, or none. */

type Style = (text: string) => string;

export interface Paint {
  readonly error: Style;
  readonly warning: Style;
  readonly title: Style;
  readonly primary: Style;
  readonly secondary: Style;
  readonly gutter: Style;
}

export function makePaint(severity: "error" | "warning", colour: boolean): Paint {
  const style =
    (codes: string): Style =>
    (text) =>
      colour && text !== "" ? `\u001b[${codes}m${text}\u001b[0m` : text;
  const [error, warning] = [style("1;31"), style("1;33")];
  return {
    error,
    warning,
    title: style("1"),
    primary: severity === "error" ? error : warning,
    secondary: style("36"),
    gutter: style("34"),
  };
}
