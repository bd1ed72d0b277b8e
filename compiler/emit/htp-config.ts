/**
 * The pair of configuration files for Qualcomm's tools: `htp_link.json` is what `--config_file` names (qnn-net-run,
 * qnn-context-binary-generator); it leads to `htp_config.json`, which libQnnHtpNetRunExtensions.so reads. HTP targets only.
 */
import type { QnnGraph } from "../lower/qnn-graph.ts";
import type { Target } from "../targets/targets.ts";
import type { EmittedFile } from "./emit-model.ts";

/** In the SDK's `lib/<triple>/` folder; the tool finds it on the library path. */
const extensionsLibrary = "libQnnHtpNetRunExtensions.so";

export function emitHtpConfigs(graphs: readonly QnnGraph[], target: Target): EmittedFile[] {
  const { soc } = target;
  if (!soc) return [];
  const link = { backend_extensions: { shared_library_path: extensionsLibrary, config_file_path: "htp_config.json" } };
  const config = {
    graphs: [
      {
        graph_names: graphs.map((graph) => graph.name),
        vtcm_mb: soc.vtcmMb,
        // Quantized graphs compute in float16 what no product of weights is.
        fp16_relaxed_precision: 1,
        O: 3,
      },
    ],
    devices: [
      {
        device_id: 0,
        soc_model: soc.model,
        dsp_arch: `v${soc.arch}`,
        pd_session: "unsigned",
        cores: [{ core_id: 0, perf_profile: "burst" }],
      },
    ],
  };
  const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
  return [
    { path: "htp_link.json", text: json(link) },
    { path: "htp_config.json", text: json(config) },
  ];
}
