import { eq, layers, model, timeMix, vec } from "rwkvc/spec";
import { gatedChannelMix } from "./rwkv-4.rwkv.ts";
import v51, { equations, weights } from "./rwkv-5.1.rwkv.ts";

/** RWKV-5.1 for checkpoints that store the bonus u itself, as `time_faaaa`; all else as in rwkv-5.1. */
export default model({
  ...v51,
  name: "rwkv-5.1-faaaa",
  layers: layers("L", "blocks.{layer}", [
    timeMix({
      weights: { ...weights, u: vec("att.time_faaaa", "H") },
      state: { x_prev: "D", S: "H N N" },
      equations: eq`${equations}`,
    }),
    gatedChannelMix,
  ]),
});
