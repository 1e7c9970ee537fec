"""``dockerlab images``가 하는 일들입니다: 보기, 준비, 묶음 만들기와 불러오기."""

from __future__ import annotations

from collections.abc import Sequence

from dockerlab.errors import UsageMistake


def _list(images, names, report):
    if names:
        raise UsageMistake("모르는 인자가 있습니다.", seen=" ".join(names), todo="dockerlab images list")
    return images.available()


def _prepare(images, names, report):
    return [images.ensure(name, report) for name in names or images.names.COURSE]


def _export(images, names, report):
    if not names:
        raise UsageMistake("묶음을 쓸 파일이 빠졌습니다.", todo="dockerlab images export 파일 [이름 ...]")
    file, *chosen = names
    images.export_bundle(file, report, chosen or images.names.COURSE)
    return images.available()


def _import(images, names, report):
    if len(names) != 1:
        raise UsageMistake("불러올 묶음의 파일 하나를 적으십시오.", todo="dockerlab images import 파일")
    return images.import_bundle(names[0], report)


_ACTIONS = {"list": _list, "prepare": _prepare, "export": _export, "import": _import}


def act(action: str, names: Sequence[str], report):
    """동작 하나를 하고, 보여 줄 이미지들을 돌려줍니다."""
    from dockerlab import images

    return _ACTIONS[action](images, names, report)
