import { after, before, eq, extend, mat, replace, vec } from "rwkvc/spec";
import base from "rwkvc/specs/rwkv-7.rwkv.ts";

/** An imaginary successor of RWKV-7: a gate on the bonus, and a second token shift, one token further back. */
export default extend(base, {
  name: "rwkv-7b",
  reference: "imaginary: docs/variants.md",

  timeMix: {
    weights: {
      x_s: vec("att.x_s", "D"),
      b1: mat("att.b1", "D", "Rg"),
      b2: mat("att.b2", "Rg", "A"),
    },
    state: { dx_prev: "D" },
    equations: [
      // what changed from token to token, one token earlier
      after("dx", eq`dd = shift(dx, dx_prev)`),
      replace("r", eq`r = receptance @ (xx + dx * x_r + dd * x_s) : H N`),

      before("x", eq`b = sigmoid((xx + dx * x_g) @ b1 @ b2) : H N`),
      replace("x", eq`x = x + output @ ((group_norm(y, ln_x, eps = 64e-5) + bonus * v * b) * g)`),
    ],
  },
});
