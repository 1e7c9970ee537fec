"""결과를 보여 줍니다: 그림, 표, 글, 진행 막대. 여기서만 matplotlib을 씁니다."""

from dockerlab.views.diagrams import chain_figure, image_and_containers_figure, layer_stack_figure
from dockerlab.views.drawing import Drawing
from dockerlab.views.formatters import register, show
from dockerlab.views.phase_plot import phases_figure
from dockerlab.views.plots import growth_figure, race_figure, ratios_figure, sizes_figure
from dockerlab.views.progress import bar
from dockerlab.views.stacks import stacks_figure

__all__ = [
    "Drawing",
    "bar",
    "chain_figure",
    "growth_figure",
    "image_and_containers_figure",
    "layer_stack_figure",
    "phases_figure",
    "race_figure",
    "ratios_figure",
    "register",
    "show",
    "sizes_figure",
    "stacks_figure",
]
