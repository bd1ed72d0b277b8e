#!/usr/bin/env python3
"""Turns the ABI facts into assertions on the QNN headers.

In:  facts/abi.json, facts/htp-configs.json, and the headers (read only for the names they declare).
Out: one file of macro rows, e.g. ABI_FIELD(Qnn_Tensor_t, v1, 8, 112, Qnn_TensorV1_t). Numbers and types
     come from the facts alone; abi_test.cc and abi_static.cc give the macros their meaning.

Fails when a header declares something that has no fact (struct, field, enum, enumerator, constant,
typedef, function, function pointer) or leaves out a part of what it declares (a field, an enumerator).
Facts without a declaration are skipped and listed. The headers of the project's own backend (Host/)
extend the API by names that nobody else has: they are included, and need no facts.
"""

import argparse
import json
import re
import sys
from pathlib import Path

# The folder of headers that the project adds.
OWN_HEADERS = "Host"

# Macros that name things of this API generation, or mark exports: no numbers of their own.
ALIASES = {
    "QNN_API": None,
    "QNN_INTERFACE_VER_TYPE": "QnnInterface_ImplementationV2_18_t",
    "QNN_INTERFACE_VER_NAME": "v2_18",
    "QNN_SYSTEM_INTERFACE_VER_TYPE": "QnnSystemInterface_ImplementationV1_1_t",
    "QNN_SYSTEM_INTERFACE_VER_NAME": "v1_1",
}

# Enums whose later enumerators are known from the option tables: enum, table, prefix.
HTP_OPTIONS = (
    ("QnnHtpDevice_ConfigOption_t", "device", "QNN_HTP_DEVICE_CONFIG_OPTION_"),
    ("QnnHtpGraph_ConfigOption_t", "graph", "QNN_HTP_GRAPH_CONFIG_OPTION_"),
    ("QnnHtpContext_ConfigOption_t", "context", "QNN_HTP_CONTEXT_CONFIG_OPTION_"),
)


def read_facts(abi_path, htp_path):
    """Both fact files, with the HTP option tables merged into the enums they extend."""
    facts = json.loads(Path(abi_path).read_text())
    htp = json.loads(Path(htp_path).read_text())
    problems = []

    def extend(enum, name, value):
        values = facts["enums"][enum]["values"]
        if values.setdefault(name, value) != value:
            problems.append(f"{enum}: the two fact files disagree on {name}")

    for enum, table, prefix in HTP_OPTIONS:
        for option in htp[table]["options"]:
            extend(enum, prefix + option["name"], option["value"])
    for arch in htp["device"]["arch"]:
        extend("QnnHtpDevice_Arch_t", f"QNN_HTP_DEVICE_ARCH_V{arch}" if arch else "QNN_HTP_DEVICE_ARCH_NONE", arch)
    for name, value in htp["graph"]["optimization_types"].items():
        extend("QnnHtpGraph_OptimizationType_t", "QNN_HTP_GRAPH_OPTIMIZATION_TYPE_" + name, value)
    return facts, htp, problems


class Declarations:
    """Names that the headers declare, by kind, in order."""

    def __init__(self):
        self.structs = {}  # typedef name -> (tag or None, field names)
        self.enums = {}  # typedef name -> (tag or None, enumerator names)
        self.typedefs = []
        self.pointers = []
        self.functions = []
        self.constants = []
        self.inits = []  # (typedef name of the struct above, macro name)

    def read(self, text):
        text = re.sub(r"//[^\n]*", "", text).replace("\\\n", " ")
        struct = r"typedef struct (\w+ )?\{(?P<fields>.*?)^\} (?P<struct>\w+);"
        enum = r"typedef enum (\w+ )?\{(?P<values>.*?)^\} (?P<enum>\w+);"
        pointer = r"typedef [^;{]*?\(\*(?P<pointer>\w+)\)\([^;]*;"
        function = r"^QNN_API [^;{]*?(?P<function>\w+)\([^;]*;"
        typedef = r"typedef [^;{(]*?(?P<typedef>\w+);"
        define = r"^#define (?P<macro>\w+)(?P<body>[^\n]*)"
        last_struct = None
        for match in re.finditer("|".join((struct, enum, pointer, function, typedef, define)), text, re.S | re.M):
            if name := match["struct"]:
                fields = re.findall(r"(\w+)(?:\[\d+\])?\s*;", match["fields"])
                self.structs[name] = ((match[1] or "").strip() or None, fields)
                last_struct = name
            elif name := match["enum"]:
                tag = (match[4] or "").strip() or None
                self.enums[name] = (tag, re.findall(r"(\w+)\s*=", match["values"]))
            elif name := match["pointer"]:
                self.pointers.append(name)
            elif name := match["function"]:
                self.functions.append(name)
            elif name := match["typedef"]:
                self.typedefs.append(name)
            elif match["body"].strip().startswith("{"):
                self.inits.append((last_struct, match["macro"]))
            elif match["macro"] not in ALIASES:
                self.constants.append(match["macro"])


def compare(declared, facts, problems):
    """Names against names, both ways. Returns the facts that no header declares."""
    skipped = []

    def check(kind, names, known):
        problems.extend(f"{kind} {name} is declared but has no fact" for name in names if name not in known)
        skipped.extend(f"{kind} {name}" for name in known if name not in names)

    def check_parts(kind, name, parts, known):
        problems.extend(f"{kind} {name}: {part} has no fact" for part in parts if part not in known)
        problems.extend(f"{kind} {name}: {part} is missing" for part in known if part not in parts)

    structs = {tag if tag in facts["structs"] else name: fields for name, (tag, fields) in declared.structs.items()}
    enums = {tag if tag in facts["enums"] else name: values for name, (tag, values) in declared.enums.items()}
    check("struct", structs, facts["structs"])
    check("enum", enums, facts["enums"])
    for name in structs.keys() & facts["structs"].keys():
        check_parts("struct", name, structs[name], [field[0] for field in facts["structs"][name]["fields"]])
    for name in enums.keys() & facts["enums"].keys():
        check_parts("enum", name, enums[name], facts["enums"][name]["values"])

    # `typedef struct Tag {...} Name;` declares a typedef fact as well.
    tagged = [n for n, (tag, _) in (declared.structs | declared.enums).items() if tag and n in facts["typedefs"]]
    check("typedef", declared.typedefs + tagged, facts["typedefs"])
    check("function pointer", declared.pointers, facts["function_pointers"])
    check("function", declared.functions, facts["functions"])
    check("constant", declared.constants, facts["constants"])
    for table, order in facts["slots"].items():
        if table in structs and structs[table] != order:
            problems.append(f"struct {table}: slots are not in the order of the facts")
    for name in facts["not_declared"].values():
        skipped.extend(name)
    return skipped


def rows(declared, facts):
    """The assertions, one macro call each."""
    for name, (tag, _) in declared.structs.items():
        fact = facts["structs"][tag if tag in facts["structs"] else name]
        yield f"ABI_STRUCT({name}, {fact['size']}, {fact['align']})"
        for field, kind, offset, size in fact["fields"]:
            yield f"ABI_FIELD({name}, {field}, {offset}, {size}, {kind})"
    for table, order in facts["slots"].items():
        for index, slot in enumerate(order):
            yield f"ABI_SLOT({table}, {slot}, {index})"
    for name, (tag, _) in declared.enums.items():
        fact = facts["enums"][tag if tag in facts["enums"] else name]
        yield f"ABI_ENUM({name}, {fact['size']})"
        for value, number in fact["values"].items():
            yield f"ABI_VALUE({value}, {number})"
    for name in declared.constants:
        value = facts["constants"][name]
        yield f"ABI_TEXT({name}, {json.dumps(value)})" if isinstance(value, str) else f"ABI_VALUE({name}, {value})"
    for name, kind in facts["typedefs"].items():
        yield f"ABI_TYPE({name}, {kind})"
    for name in declared.pointers:
        result, parameters = facts["function_pointers"][name]
        yield f"ABI_TYPE({name}, {result} (*)({', '.join(parameters)}))"
    for name in declared.functions:
        result, parameters = facts["functions"][name]
        yield f"ABI_FUNCTION({name}, {result} (*)({', '.join(parameters)}))"
    for struct, macro in declared.inits:
        yield f"ABI_INIT({struct}, {macro})"


def htp_rows(htp):
    """Record layouts of every HTP generation, as rows for the helpers of htp_config.h."""
    for name in ("layout4", "layout8"):
        layout = htp["device"][name]
        yield f"HTP_DEVICE_LAYOUT({layout['size']}, {layout['align']}, {layout['option']}, {layout['socModel']})"
    for part in ("graph", "context"):
        for size in htp[part]["sizes"]:
            yield f"HTP_RECORD({part}, {size}, {htp[part]['option_offset']}, {htp[part]['payload_offset']})"
    for part in ("device", "graph", "context"):
        for option in htp[part]["options"]:
            minor = option["since"].split(".")[1]
            yield f"HTP_OPTION({part}, {option['name']}, {option['value']}, {minor})"
    for name, value in htp["graph"]["optimization_types"].items():
        yield f"HTP_OPTION(optimization, {name}, {value}, 0)"
    for name, value in htp["events"].items():
        yield f"HTP_OPTION(event, {name.replace(' ', '_')}, {value}, 0)"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--facts", required=True, help="folder of abi.json and htp-configs.json")
    parser.add_argument("--headers", required=True, help="include/QNN folder")
    parser.add_argument("--out", required=True, help="folder for abi_rows.inc, htp_rows.inc and abi_headers.inc")
    options = parser.parse_args()

    facts, htp, problems = read_facts(Path(options.facts, "abi.json"), Path(options.facts, "htp-configs.json"))
    declared = Declarations()
    headers = sorted(Path(options.headers).rglob("*.h"))
    for header in headers:
        if header.parent.name != OWN_HEADERS:
            declared.read(header.read_text())
    skipped = compare(declared, facts, problems)
    if not headers:
        problems.append(f"no headers in {options.headers}")
    if problems:
        print("\n".join(["ABI facts and headers do not match:"] + sorted(problems)), file=sys.stderr)
        return 1

    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    includes = [f'#include "{header.relative_to(options.headers).as_posix()}"' for header in headers]
    abi = list(rows(declared, facts))
    out.joinpath("abi_headers.inc").write_text("\n".join(includes) + "\n")
    out.joinpath("abi_rows.inc").write_text("\n".join(abi) + "\n")
    out.joinpath("htp_rows.inc").write_text("\n".join(htp_rows(htp)) + "\n")
    print(f"{len(headers)} headers, {len(abi)} assertions; facts not declared: {len(skipped)}")
    print("  " + ", ".join(skipped))
    return 0


if __name__ == "__main__":
    sys.exit(main())
