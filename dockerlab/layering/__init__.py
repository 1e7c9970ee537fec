"""이미지의 레이어를 어디서든 읽습니다: 엔진, 저장한 파일, 레지스트리, 컨테이너. 디스크에 풀지 않습니다."""

from dockerlab.layering.model import Changes, File, Image, Layer, Waste, shared_layers, unique_size
from dockerlab.layering.names import shown
from dockerlab.layering.reading import FileContent, layers, read_file

__all__ = [
    "Changes",
    "File",
    "FileContent",
    "Image",
    "Layer",
    "Waste",
    "layers",
    "read_file",
    "shared_layers",
    "shown",
    "unique_size",
]
