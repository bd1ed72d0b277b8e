import { expect, test } from "vitest";

import type { Checkpoint } from "../../compiler/checkpoint/checkpoint.ts";
import { openCheckpoint } from "../../compiler/checkpoint/open-checkpoint.ts";
import { bytesOf, openingFails, ramp, readAllBits, safetensors, useFolder } from "./write-files.ts";

const write = useFolder();

/** A file with these tensors of shape [2, 3], counting up through all of them. */
function file(...names: string[]): string {
  const entry = (at: number): object => ({ dtype: "F16", shape: [2, 3], data_offsets: [at, at + 12] });
  const header = Object.fromEntries(names.map((name, i) => [name, entry(12 * i)]));
  return write("names.safetensors", safetensors(header, bytesOf(ramp(6 * names.length))));
}

async function namesOf(...names: string[]): Promise<string[]> {
  const checkpoint: Checkpoint = await openCheckpoint(file(...names));
  checkpoint.close();
  return [...checkpoint.tensors.keys()];
}

test("as Hugging Face's transformers name them", async () => {
  const pairs = {
    "rwkv.embeddings.weight": "emb.weight",
    "rwkv.blocks.0.pre_ln.weight": "blocks.0.ln0.weight",
    "rwkv.blocks.0.ln1.bias": "blocks.0.ln1.bias",
    "rwkv.blocks.11.attention.time_decay": "blocks.11.att.time_decay",
    "rwkv.blocks.11.attention.time_mix_key": "blocks.11.att.time_mix_k",
    "rwkv.blocks.11.attention.time_mix_gate": "blocks.11.att.time_mix_g",
    "rwkv.blocks.0.attention.time_maa_w1": "blocks.0.att.time_maa_w1",
    "rwkv.blocks.0.attention.receptance.weight": "blocks.0.att.receptance.weight",
    "rwkv.blocks.0.attention.ln_x.weight": "blocks.0.att.ln_x.weight",
    "rwkv.blocks.3.feed_forward.time_mix_receptance": "blocks.3.ffn.time_mix_r",
    "rwkv.blocks.3.feed_forward.value.weight": "blocks.3.ffn.value.weight",
    "rwkv.ln_out.weight": "ln_out.weight",
    "head.weight": "head.weight",
  };
  expect(await namesOf(...Object.keys(pairs))).toEqual(Object.values(pairs));
});

test("as flash-linear-attention names them, low-rank matrices transposed", async () => {
  const pairs = {
    "model.embeddings.weight": "emb.weight",
    "model.layers.0.pre_norm.weight": "blocks.0.ln0.weight",
    "model.layers.0.attn_norm.weight": "blocks.0.ln1.weight",
    "model.layers.0.ffn_norm.bias": "blocks.0.ln2.bias",
    "model.layers.0.attn.x_r": "blocks.0.att.x_r",
    "model.layers.0.attn.r_proj.weight": "blocks.0.att.receptance.weight",
    "model.layers.0.attn.o_proj.weight": "blocks.0.att.output.weight",
    "model.layers.0.attn.g_norm.bias": "blocks.0.att.ln_x.bias",
    "model.layers.0.attn.w_lora.lora.0.weight": "blocks.0.att.w1",
    "model.layers.0.attn.w_lora.lora.2.weight": "blocks.0.att.w2",
    "model.layers.0.attn.w_lora.lora.2.bias": "blocks.0.att.w0",
    "model.layers.1.attn.v_lora.lora.0.weight": "blocks.1.att.v1",
    "model.layers.1.ffn.key.weight": "blocks.1.ffn.key.weight",
    "model.layers.1.ffn.x_k": "blocks.1.ffn.x_k",
    "model.norm.weight": "ln_out.weight",
    "lm_head.weight": "head.weight",
  };
  expect(await namesOf(...Object.keys(pairs))).toEqual(Object.values(pairs));
  const checkpoint = await openCheckpoint(
    file("model.layers.0.attn.r_proj.weight", "model.layers.0.attn.g_lora.lora.2.weight"),
  );
  expect(checkpoint.tensors.get("blocks.0.att.g2")!.shape).toEqual([3, 2]);
  expect(readAllBits(checkpoint, "blocks.0.att.g2")).toEqual([6, 9, 7, 10, 8, 11]);
  expect(readAllBits(checkpoint, "blocks.0.att.receptance.weight")).toEqual([0, 1, 2, 3, 4, 5]);
  checkpoint.close();
});

test("other names stay, even if they begin alike", async () => {
  const names = ["emb.weight", "blocks.0.attention.time_mix_key", "rwkv.ln_out.weight"];
  expect(await namesOf(...names)).toEqual(names);
});

test("two tensors under one name", async () => {
  expect(await openingFails(file("rwkv.embeddings.weight", "emb.weight"))).toMatchObject({
    code: "checkpoint/names-collide",
    text: expect.stringContaining('"rwkv.embeddings.weight" and "emb.weight"'),
  });
});
