/** What schemas 1.0.0 and 2.0.0 say of blocks (LPBQ), checked: as many integer scales for each channel. */
import type { BlockEncoding } from "./encoding.ts";
import type { EntryFields } from "./entry-fields.ts";

/** `channelScales`: the field of a channel's scale. Diagnostics: encodings/count. */
export function blockEncoding(fields: EntryFields, channelScales: string): BlockEncoding {
  const block = fields.integer("block_size", 1, 2 ** 20);
  const scales = fields.scales(channelScales);
  const blockScales = fields.integers("per_block_int_scale", 1, 16);
  if (blockScales.length === 0 || blockScales.length % scales.length !== 0)
    fields.fail(
      "encodings/count",
      `${blockScales.length} block scales for ${scales.length} channels`,
      "per_block_int_scale",
    );
  return { kind: "blocks", bits: 4, block, scales, blockScales };
}
