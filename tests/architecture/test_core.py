"""The core decides and does nothing else: no input or output, no clock, no thread, no float."""

import ast

from tests.architecture.source import called, modules

STANDARD_LIBRARY = {
    "__future__",
    "collections",
    "dataclasses",
    "datetime",
    "decimal",
    "enum",
    "functools",
    "itertools",
    "re",
    "types",
    "typing",
    "uuid",
}
MORE = {
    "appliance/core/barcode.py": {"biip"},
    "appliance/core/product.py": {"hashlib", "json"},
}
CORE = modules("appliance/core")


def test_the_core_is_found() -> None:
    assert len(CORE) > 10


def test_the_core_imports_itself_and_a_small_part_of_the_standard_library() -> None:
    foreign = [
        f"{module.path}:{found.line}: {found.name}"
        for module in CORE
        for found in module.imports()
        if found.top not in STANDARD_LIBRARY | MORE.get(module.path, set())
        and not found.name.startswith("appliance.core")
        and found.name != "appliance"
    ]
    assert foreign == []


def test_no_float_is_written_in_the_core() -> None:
    literals = [
        module.at(node)
        for module in CORE
        for node in module.nodes(ast.Constant)
        if isinstance(node, ast.Constant) and isinstance(node.value, float | complex)
    ]
    assert literals == []


def test_the_core_names_float_only_to_refuse_it() -> None:
    for module in CORE:
        refusals = {
            id(name)
            for call in module.nodes(ast.Call)
            if isinstance(call, ast.Call) and called(call) == "isinstance"
            for name in ast.walk(call)
        }
        named = [
            module.at(node)
            for node in module.nodes(ast.Name)
            if isinstance(node, ast.Name) and node.id == "float" and id(node) not in refusals
        ]
        assert named == []


def test_the_core_is_told_the_time_and_never_asks_for_it() -> None:
    asked = [
        module.at(node)
        for module in CORE
        for node in module.nodes(ast.Call)
        if called(node) in {"now", "utcnow", "today", "time", "time_ns", "monotonic", "perf_counter", "uuid1", "uuid4"}
    ]
    assert asked == []


def test_the_core_reads_and_writes_nothing() -> None:
    done = [
        module.at(node)
        for module in CORE
        for node in module.nodes(ast.Call)
        if called(node) in {"open", "print", "input", "getLogger", "read_text", "write_text", "exec", "eval"}
    ]
    assert done == []
