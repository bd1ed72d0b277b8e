/** What `sensitivity` shows: each group one step up and down, the front of all mixes, and the one that was chosen. */
import { policyText, type Precision, widthName } from "../ranges/policy.ts";
import type { WeightGroup } from "../sensitivity/groups.ts";
import { mixPolicies } from "../sensitivity/mix.ts";
import type { Measured, Measurement, Step } from "../sensitivity/search.ts";
import type { QuantizedPrecision, Soc } from "../targets/targets.ts";
import type { ActionResult } from "./command.ts";
import { opsText } from "./estimate-text.ts";
import { bytes, signedNumber, table } from "./text.ts";

export interface FrontPoint extends Measured {
  readonly microseconds?: number;
  /** Ops that the estimate leaves out. */
  readonly withoutCost?: number;
}

export interface Sensitivity {
  readonly spec: string;
  readonly precision: QuantizedPrecision;
  readonly limit: number;
  readonly loss: number;
  readonly soc: Soc | undefined;
  /** Of the float16 build. */
  readonly reference: Measurement;
  readonly base: Measured;
  readonly groups: readonly WeightGroup[];
  readonly steps: readonly Step[];
  readonly front: readonly FrontPoint[];
  readonly chosen: FrontPoint;
  /** That make the chosen mix. */
  readonly policies: readonly Precision[];
  /** How many mixes were measured. */
  readonly measured: number;
  /** The spec that the policies go into. */
  readonly written: string | undefined;
}

export function describeSensitivity(found: Sensitivity): ActionResult {
  const { reference, base, steps, front, chosen, groups, policies, precision, written, soc } = found;
  const point = ({ mix, nll, bytes: size, microseconds, withoutCost }: FrontPoint) => ({
    ...{ nll, bytes: size, microseconds, withoutCost },
    policies: mixPolicies(groups, mix).map((policy) => policyText(policy)),
  });
  return {
    json: {
      precision,
      soc: soc?.name ?? null,
      reference,
      base: { nll: base.nll, bytes: base.bytes },
      groups: groups.map(({ pattern, bits, elements }) => ({ pattern, bits, elements })),
      steps: steps.map(({ group, direction, measured }) => ({
        ...{ pattern: group.pattern, direction, from: group.bits, to: measured.mix.get(group.pattern)! },
        ...{ nll: measured.nll, bytes: measured.bytes },
      })),
      front: front.map(point),
      chosen: point(chosen),
      policies: policies.map((policy) => policyText(policy)),
      written: policies.length > 0 ? (written ?? null) : null,
    },
    text: [sidesText(found), groupTable(found), frontTable(found), chosenText(found)].join("\n"),
  };
}

const change = (size: number): string => (size < 0 ? `-${bytes(-size)}` : `+${bytes(size)}`);

function sidesText({ reference, base, precision, limit }: Sensitivity): string {
  return table([
    ["", "nats a token", "", "weights a token"],
    ["fp16", reference.nll.toFixed(4), "", bytes(reference.bytes)],
    [precision, base.nll.toFixed(4), signedNumber(base.nll - reference.nll), bytes(base.bytes)],
  ]).concat(
    `Over at most ${limit} tokens.`,
    limit < fewTokens
      ? ` So few tell little: differences of some ten-thousandths of a nat are chance (--limit).\n`
      : "\n",
  );
}

/** Of fewer the NLL of two mixes may differ the other way round on another text. */
const fewTokens = 512;

/** The most sensitive first. */
function groupTable({ groups, steps, base }: Sensitivity): string {
  const stepOf = (group: WeightGroup, direction: Step["direction"]): Step | undefined =>
    steps.find((step) => step.group === group && step.direction === direction);
  const gain = (group: WeightGroup): number => base.nll - (stepOf(group, "raised")?.measured.nll ?? base.nll);
  const cells = (step: Step | undefined): string[] =>
    step
      ? [
          widthName(step.measured.mix.get(step.group.pattern)!),
          signedNumber(step.measured.nll - base.nll),
          change(step.measured.bytes - base.bytes),
        ]
      : ["", "", ""];
  const rows = [...groups]
    .sort((a, b) => gain(b) - gain(a))
    .map((group) => [
      group.pattern,
      widthName(group.bits),
      ...cells(stepOf(group, "raised")),
      ...cells(stepOf(group, "lowered")),
    ]);
  return table([["weights", "now", "up", "nats", "bytes", "down", "nats", "bytes"], ...rows]);
}

function frontTable({ front, reference, groups, chosen, soc }: Sensitivity): string {
  const rows = front.map((point) => {
    const policies = mixPolicies(groups, point.mix).map((policy) => policyText(policy));
    return [
      point === chosen ? "*" : "",
      signedNumber(point.nll - reference.nll),
      bytes(point.bytes),
      ...(soc ? [microseconds(point)] : []),
      policies.join(", ") || "as it is",
    ];
  });
  return table([["", "against fp16", "weights", ...(soc ? [soc.name] : []), "mix"], ...rows]);
}

function microseconds({ microseconds: time, withoutCost = 0 }: FrontPoint): string {
  if (time === undefined) return "no estimate";
  return `${time} us${withoutCost > 0 ? ` (${opsText(withoutCost)} without a cost)` : ""}`;
}

function chosenText({ chosen, reference, loss, policies, precision, written, measured }: Sensitivity): string {
  const lost = chosen.nll - reference.nll;
  const why =
    lost <= loss
      ? `The smallest of ${measured} mixes that loses no more than ${loss} nats a token against fp16.`
      : `None of ${measured} mixes loses as little as ${loss} nats a token against fp16; this one loses least.`;
  if (policies.length === 0)
    return `* ${why} It is the ${precision} build as it is: no further policy is worth its bytes.\n`;
  const list = policies.map((policy) => policyText(policy)).join(", ");
  if (written !== undefined) return `* ${why} Written into ${written}: ${list}\n`;
  return `* ${why} As policies of the spec:\n\n    policies: [${list}],\n`;
}
