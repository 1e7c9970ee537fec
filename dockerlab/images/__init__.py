"""과정에서 쓰는 이미지를 준비하고, 교실용 묶음으로 옮깁니다."""

from dockerlab.images.course import CourseImage, available, ensure
from dockerlab.images.ingredients import Wheel, python_runtime, wheel
from dockerlab.images.offline import Bundle, export_bundle, import_bundle

__all__ = [
    "Bundle",
    "CourseImage",
    "Wheel",
    "available",
    "ensure",
    "export_bundle",
    "import_bundle",
    "python_runtime",
    "wheel",
]
