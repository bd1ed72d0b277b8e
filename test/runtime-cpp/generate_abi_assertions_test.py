#!/usr/bin/env python3
"""The ABI check must be able to fail: each case breaks one thing and expects a complaint about it.

Usage: generate_abi_assertions_test.py [C++ compiler]
"""

import json
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
HEADERS = HERE.parent.parent / "runtime-cpp" / "include" / "QNN"
COMPILER = sys.argv.pop(1) if len(sys.argv) > 1 else "c++"


class BrokenAbi(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.headers = Path(shutil.copytree(HEADERS, self.folder / "QNN"))
        self.facts = Path(shutil.copytree(HERE / "facts", self.folder / "facts"))

    def generate(self):
        script = [sys.executable, HERE / "generate_abi_assertions.py"]
        paths = ["--facts", self.facts, "--headers", self.headers, "--out", self.folder / "out"]
        return subprocess.run(script + paths, capture_output=True, text=True)

    def compile(self):
        command = [COMPILER, "-std=c++17", "-fsyntax-only", f"-I{self.headers}", f"-I{self.folder / 'out'}"]
        return subprocess.run(command + [HERE / "abi_static.cc"], capture_output=True, text=True)

    def edit(self, header, old, new):
        path = self.headers / header
        text = path.read_text()
        self.assertEqual(text.count(old), 1, old)
        path.write_text(text.replace(old, new))

    def refuses(self, complaint):
        result = self.generate()
        self.assertEqual(result.returncode, 1, result.stdout)
        self.assertIn(complaint, result.stderr)

    def fails_to_compile(self, row):
        self.assertEqual(self.generate().returncode, 0)
        result = self.compile()
        self.assertNotEqual(result.returncode, 0)
        self.assertIn(row, result.stderr)

    def test_unbroken(self):
        result = self.generate()
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("facts not declared", result.stdout)
        result = self.compile()
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_struct_without_fact(self):
        self.edit("QnnLog.h", "// VERBOSE", "typedef struct {\n  int x;\n} QnnLog_Extra_t;\n// VERBOSE")
        self.refuses("struct QnnLog_Extra_t is declared but has no fact")

    def test_enum_without_fact(self):
        self.edit("QnnLog.h", "// VERBOSE", "typedef enum {\n  A = 1,\n} QnnLog_Extra_t;\n// VERBOSE")
        self.refuses("enum QnnLog_Extra_t is declared but has no fact")

    def test_constant_without_fact(self):
        self.edit("QnnMem.h", "#define QNN_MEM_INVALID_FD", "#define QNN_MEM_EXTRA 1\n#define QNN_MEM_INVALID_FD")
        self.refuses("constant QNN_MEM_EXTRA is declared but has no fact")

    def test_headers_of_our_own_need_no_facts(self):
        extra = "typedef struct {\n  int x;\n} QnnHost_Extra_t;\n"
        self.headers.joinpath("Host", "QnnHostExtra.h").write_text(extra)
        result = self.generate()
        self.assertEqual(result.returncode, 0, result.stderr)
        self.headers.joinpath("HTP", "QnnHostExtra.h").write_text(extra)
        self.refuses("struct QnnHost_Extra_t is declared but has no fact")

    def test_missing_field(self):
        self.edit("QnnTypes.h", "  uint32_t bitwidth;  // bits in use, at most those of the storage type\n", "")
        self.refuses("struct Qnn_BwScaleOffset_t: bitwidth is missing")

    def test_missing_enumerator(self):
        self.edit("QnnTypes.h", "  QNN_DATATYPE_STRING = 0x0608,\n", "")
        self.refuses("enum Qnn_DataType_t: QNN_DATATYPE_STRING is missing")

    def test_swapped_slots(self):
        free = "  QnnBackend_FreeFn_t backendFree;\n"
        create = "  QnnContext_CreateFn_t contextCreate;\n"
        self.edit("QnnInterface.h", free, "")
        self.edit("QnnInterface.h", create, create + free)
        self.refuses("QnnInterface_ImplementationV2_18_t: slots are not in the order of the facts")

    def test_fact_files_disagree(self):
        path = self.facts / "htp-configs.json"
        facts = json.loads(path.read_text())
        facts["graph"]["options"][0]["value"] = 99
        path.write_text(json.dumps(facts))
        self.refuses("the two fact files disagree on QNN_HTP_GRAPH_CONFIG_OPTION_OPTIMIZATION")

    def test_wrong_number(self):
        self.edit("QnnTypes.h", "QNN_DATATYPE_INT_16 = 0x0016", "QNN_DATATYPE_INT_16 = 0x0010")
        self.fails_to_compile("QNN_DATATYPE_INT_16")

    def test_wrong_sign(self):
        self.edit("QnnTypes.h", "  int32_t axis;                     // output", "  uint32_t axis;  // output")
        self.fails_to_compile("Qnn_BlockwiseExpansion_t, axis")

    def test_swapped_fields(self):
        end = "} Qnn_ScaleOffset_t"
        scale, offset = "  float scale;\n", "  int32_t offset;\n"
        self.edit("QnnTypes.h", scale + offset + end, offset + scale + end)
        self.fails_to_compile("Qnn_ScaleOffset_t, scale")

    def test_wrong_text(self):
        self.edit("QnnOpDef.h", '#define QNN_OP_MAT_MUL "MatMul"', '#define QNN_OP_MAT_MUL "Matmul"')
        self.fails_to_compile("QNN_OP_MAT_MUL")

    def test_wrong_signature(self):
        self.edit("QnnLog.h", "QnnLog_free(Qnn_LogHandle_t logger)", "QnnLog_free(Qnn_LogHandle_t* logger)")
        self.fails_to_compile("QnnLog_free")


if __name__ == "__main__":
    unittest.main()
