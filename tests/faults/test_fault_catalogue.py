"""The table of faults is that of the tests: each is there, and the report shows them all."""

from __future__ import annotations

import ast

import catalogue
import pytest

from dockerlab import errors

CODES = {each.code for each in vars(errors).values() if isinstance(each, type) and hasattr(each, "code")}


def test_there_are_enough_and_none_twice():
    assert len({fault.what for fault in catalogue.FAULTS}) == len(catalogue.FAULTS) >= 30
    assert len({fault.test for fault in catalogue.FAULTS}) == len(catalogue.FAULTS)


@pytest.mark.parametrize("fault", catalogue.FAULTS, ids=lambda fault: fault.test.partition("::")[2])
def test_each_fault_is_injected_by_a_test(fault, root):
    file, _, function = fault.test.partition("::")
    function, _, case = function.partition("[")
    source = (root / "tests" / file).read_text(encoding="utf-8")
    named = {node.name for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)}
    assert function in named
    assert not case or f'"{case[:-1]}"' in source
    told = [code.strip(", ") for code in fault.told.split() if code.startswith("E") and "x" not in code]
    assert set(told) <= CODES


def test_the_report_shows_the_table():
    assert catalogue.table() in catalogue.REPORT.read_text(encoding="utf-8")
