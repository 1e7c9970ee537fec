"""과정에서 일어나는 모든 오류의 나무입니다. 학습자에게는 세 줄만 보입니다.

모든 오류는 세 문장을 가집니다: 무슨 일이 있었는가(what), 무엇을 보았는가(seen), 무엇을 하면 되는가(todo).
"""

from __future__ import annotations


class DockerlabError(Exception):
    """학습자에게 보이는 모든 오류의 뿌리입니다.

    ``code``는 바뀌지 않는 식별자이고, ``what``/``seen``/``todo``는 한국어 문장입니다.
    """

    code = "E00"

    def __init__(self, what: str, *, seen: str = "", todo: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.seen = seen
        self.todo = todo

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> list[str]:
        """오류를 한 줄에 하나씩, 보여 줄 문장으로 돌려줍니다."""
        shown = [f"[{self.code}] {self.what}"]
        if self.seen:
            shown.append(f"  본 것: {self.seen}")
        if self.todo:
            shown.append(f"  할 일: {self.todo}")
        return shown

    def _render_traceback_(self) -> list[str]:
        """IPython이 트레이스백(traceback) 대신 이 문장들을 보여 주게 합니다."""
        return self.lines()

    def as_dict(self) -> dict[str, str]:
        """``--json`` 출력에 쓰는 모양으로 돌려줍니다."""
        return {"code": self.code, "what": self.what, "seen": self.seen, "todo": self.todo}


# --- E0x: reaching an engine -------------------------------------------------------------------
class EngineError(DockerlabError):
    """엔진에 닿지 못했거나 엔진이 잘못된 답을 했습니다."""


class EngineNotFound(EngineError):
    """쓸 수 있는 Docker 엔진이 없습니다."""

    code = "E01"


class EngineStopped(EngineError):
    """소켓은 있지만 듣는 엔진이 없습니다."""

    code = "E02"


class EnginePermissionDenied(EngineError):
    """소켓을 열 권한이 없습니다."""

    code = "E03"


class EngineNotAnswering(EngineError):
    """엔진이 정해진 시간 안에 답하지 않았습니다."""

    code = "E04"


class EngineTooNew(EngineError):
    """엔진이 이 과정이 아는 것보다 새로운 API만 받습니다."""

    code = "E05"


class EngineTooOld(EngineError):
    """엔진의 API가 이 과정에 너무 오래되었습니다."""

    code = "E06"


class RemoteEngineRefused(EngineError):
    """다른 컴퓨터의 엔진이라 이름을 대고 허락하지 않으면 쓰지 않습니다."""

    code = "E07"


class EngineStartFailed(EngineError):
    """내장 엔진을 시작하지 못했습니다."""

    code = "E08"


class EngineRefused(EngineError):
    """엔진이 요청을 받고 거절했습니다. 더 알맞은 오류가 없을 때 씁니다."""

    code = "E09"


# --- E1x: running containers -------------------------------------------------------------------
class ContainerError(DockerlabError):
    """컨테이너를 만들거나 실행하지 못했습니다. 실행한 뒤의 오류이면 ``run``에 그때까지의 결과가 있습니다."""

    code = "E10"
    run: object = None


class PortInUse(ContainerError):
    """공개하려는 포트를 다른 프로그램이 쓰고 있습니다."""

    code = "E15"


class NameInUse(ContainerError):
    """같은 이름의 컨테이너가 이미 있습니다."""

    code = "E11"


class CommandNotFound(ContainerError):
    """이미지 안에 그 명령이 없습니다."""

    code = "E12"


class DeadlineExceeded(ContainerError):
    """컨테이너가 정해진 시간 안에 끝나지 않았습니다."""

    code = "E13"


class InvalidRequest(ContainerError):
    """요청한 값이 올바르지 않습니다."""

    code = "E14"


# --- E2x: images and registries ----------------------------------------------------------------
class ImageError(DockerlabError):
    """이미지를 준비하지 못했습니다."""

    code = "E20"


class ImageMissing(ImageError):
    """이미지가 없고 가져올 곳도 없습니다."""


class RegistryDenied(ImageError):
    """레지스트리가 거절했습니다. 권한이 없거나 그런 이미지가 없습니다."""

    code = "E21"


class LoginRequired(RegistryDenied):
    """레지스트리가 로그인을 요구하거나, 이름이나 비밀번호가 틀렸습니다."""

    code = "E22"


class ImageUnknown(ImageError):
    """레지스트리에 그런 이미지나 태그가 없습니다."""

    code = "E23"


class RegistryLimitReached(ImageError):
    """레지스트리의 내려받기 한도에 닿았습니다. ``retry_after``는 레지스트리가 기다리라고 한 초입니다."""

    code = "E24"
    retry_after: float | None = None


class RegistryBroken(ImageError):
    """레지스트리가 이해할 수 없는 답을 했습니다."""

    code = "E25"


class BundleBroken(ImageError):
    """교실용 묶음이 손상되었거나 과정의 것이 아닙니다."""

    code = "E26"


class ImageDamaged(ImageError):
    """받은 이미지의 내용이 다이제스트와 다릅니다."""

    code = "E27"


class RegistryNotAnswering(ImageError):
    """레지스트리에 닿았지만 정해진 시간 안에 답하지 않거나, 주다가 멈추었습니다."""

    code = "E28"


class TransferInterrupted(ImageError):
    """이미지를 주고받다가 연결이 끊겼습니다."""

    code = "E29"


class RegistryUnreachable(ImageError):
    """레지스트리에 닿지 못했습니다."""

    code = "E33"


class InvalidReference(ImageError):
    """이미지 이름을 문법에 맞지 않게 적었습니다."""

    code = "E34"


class CloudLoginFailed(ImageError):
    """클라우드(Amazon ECR)에서 레지스트리의 로그인 토큰을 받지 못했습니다."""

    code = "E35"


class RegistryStartFailed(ImageError):
    """이 컴퓨터의 레지스트리를 시작하지 못했습니다."""

    code = "E36"


class BuildFailed(ImageError):
    """이미지를 만드는 단계 하나가 실패했습니다. ``step``이 그 단계, ``steps``가 거기까지의 단계들입니다."""

    code = "E37"
    step: object = None
    steps: tuple = ()


class DockerfileInvalid(ImageError):
    """글을 Dockerfile로 읽을 수 없습니다."""

    code = "E38"


# --- E3x: things that break while running ------------------------------------------------------
class EngineLost(EngineError):
    """일하는 도중에 엔진이 사라졌습니다."""

    code = "E30"


class DiskFull(DockerlabError):
    """디스크가 가득 찼습니다."""

    code = "E31"


class OutOfMemory(ContainerError):
    """컨테이너가 메모리 한도를 넘어 강제로 끝났습니다."""

    code = "E32"


# --- E4x: virtual machines ---------------------------------------------------------------------
class VmError(DockerlabError):
    """가상 머신을 부팅하지 못했습니다."""

    code = "E40"


class QemuMissing(VmError):
    """QEMU가 없습니다."""

    code = "E41"


class GuestMissing(VmError):
    """게스트의 커널이나 디스크가 없습니다."""

    code = "E42"


class GuestNotReady(VmError):
    """게스트가 정해진 시간 안에 준비되지 않았습니다."""

    code = "E43"


class GuestNotAnswering(VmError):
    """살아 있던 게스트가 명령에 답하지 않습니다."""

    code = "E44"


# --- E5x: fetching files -----------------------------------------------------------------------
class FetchError(DockerlabError):
    """파일을 내려받지 못했습니다. ``status``는 서버가 답한 HTTP 상태입니다(답이 없었으면 ``None``)."""

    code = "E50"
    status: int | None = None


class SignatureInvalid(FetchError):
    """패키지 목록의 서명이 맞지 않습니다."""

    code = "E51"


class ChecksumMismatch(FetchError):
    """내려받은 파일의 SHA-256이 목록과 다릅니다."""

    code = "E52"


class PackageMissing(FetchError):
    """패키지 목록에 그 패키지가 없습니다."""

    code = "E53"


class PackageBroken(FetchError):
    """패키지 파일을 안전하게 풀 수 없습니다."""

    code = "E54"


# --- E6x: the learner's machine ----------------------------------------------------------------
class PlaceNotWritable(DockerlabError):
    """과정의 자료 폴더에 쓸 수 없습니다."""

    code = "E60"


class ToolMissing(DockerlabError):
    """필요한 프로그램이 이 컴퓨터에 없습니다."""

    code = "E61"


class CourseMissing(DockerlabError):
    """과정의 노트북이 있는 폴더를 찾지 못했습니다."""

    code = "E62"


class UsageMistake(DockerlabError):
    """명령이나 매직을 잘못 적었습니다."""

    code = "E70"


class QuizBroken(DockerlabError):
    """과정의 문제를 담은 파일이 잘못되었습니다."""

    code = "E71"


class Refused(DockerlabError):
    """과정의 울타리를 벗어날 수 있어 실행하지 않은 명령입니다."""

    code = "E74"


class NotPassedYet(DockerlabError):
    """연습 문제의 과제를 아직 통과하지 못했습니다. nbval로 스스로 점검할 때에만 오류가 됩니다."""

    code = "E73"


class SubmissionRejected(DockerlabError):
    """제출한 파일을 채점할 수 없습니다. 노트북이 아니거나, 깨졌거나, 한도를 넘습니다."""

    code = "E72"


# --- E8x: measuring ----------------------------------------------------------------------------
class MeasureError(DockerlabError):
    """잰 값을 결과로 쓸 수 없습니다."""

    code = "E80"


# --- E9x: following a command ------------------------------------------------------------------
class CannotTrace(DockerlabError):
    """이 엔진에서는, 또는 이 명령은 자취를 기록할 수 없습니다."""

    code = "E90"


class OnlyPrivateEngine(DockerlabError):
    """과정의 내장 엔진에서만 하는 일입니다."""

    code = "E91"


# --- E95 on: reading the layers of images ------------------------------------------------------
class ImageUnreadable(ImageError):
    """이미지의 파일이 손상되었거나, 잘렸거나, 이미지가 아닙니다."""

    code = "E95"


class ImageTooLarge(ImageError):
    """이미지가 안전하게 읽을 수 있는 한도를 넘습니다."""

    code = "E96"


class ImageUnclear(ImageError):
    """가리킨 이미지나 파일이 없거나 여럿이어서, 무엇을 읽을지 알 수 없습니다."""

    code = "E97"
