"""A learner who looks up a code finds one error."""

from __future__ import annotations

import inspect
import re
from collections import Counter

from dockerlab import errors


def test_every_error_has_a_code_of_its_own():
    kinds = [
        kind
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, errors.DockerlabError) and "code" in vars(kind)
    ]
    assert len(kinds) > 30
    assert [code for code, times in Counter(kind.code for kind in kinds).items() if times > 1] == []
    assert all(re.fullmatch(r"E\d{2}", kind.code) for kind in kinds)
