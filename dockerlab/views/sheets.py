"""결과에서 보여 줄 것만 골라 한 장(``Sheet``)에 담습니다. 글과 HTML은 같은 장을 옮겨 적습니다."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from dockerlab.measure import Comparison, Timing, caveats
from dockerlab.views.phase_plot import segments
from dockerlab.views.units import amount, between, seconds, size
from dockerlab.views.words import accelerator, case, conditions, note

if TYPE_CHECKING:
    from dockerlab.claims import Claim, ComparisonTable, Race, Whereabouts
    from dockerlab.containers import Run
    from dockerlab.diagnosis import Diagnosis
    from dockerlab.vm.machine import Boot


@dataclass(frozen=True)
class Sheet:
    """제목, 글 덩이(이름과 내용), 단계의 막대, 표, 맺는 문장, 주의할 점, 접어 둘 주의할 점의
    순서입니다. 없는 것은 비웁니다.
    """

    caption: str
    blocks: tuple[tuple[str, str], ...] = ()
    bar: tuple[tuple[str, float], ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    verdict: str = ""
    notes: tuple[str, ...] = ()
    folded: tuple[str, ...] = ()


def run_sheet(run: Run) -> Sheet:
    """컨테이너를 한 번 실행한 결과입니다. 출력이 먼저, 단계가 나중입니다."""
    blocks = [("표준 출력", run.stdout), ("표준 오류", run.stderr)]
    ended = "스스로 끝나기 전에 멈춤" if run.exit_code is None else f"종료 코드 {run.exit_code}"
    notes = []
    if run.oom_killed:
        notes.append("메모리 한도를 넘어 커널이 강제로 끝냈습니다(OOM).")
    if run.truncated:
        notes.append("출력이 상한을 넘어 뒷부분을 버렸습니다.")
    if run.origin.startswith("built"):
        notes.append("공식 이미지가 아니라 이 컴퓨터에서 배포판 패키지로 만든 이미지입니다.")
    return Sheet(
        caption=f"컨테이너 {run.image}: {ended}, {seconds(run.phases.total)}",
        blocks=tuple((name, text) for name, text in blocks if text),
        bar=tuple(segments(run.phases)),
        notes=tuple(notes),
    )


def boot_sheet(boot: Boot) -> Sheet:
    """VM을 한 번 부팅한 결과입니다."""
    notes = ()
    if boot.emulated:
        notes = ("CPU를 에뮬레이션했습니다. 하드웨어 가상화(KVM, HVF)를 쓰는 VM은 이보다 훨씬 빠릅니다.",)
    return Sheet(
        caption=f"{case(boot.guest, boot.accelerator)}: {seconds(boot.ready)} 만에 준비",
        bar=tuple(segments(boot.phases)),
        columns=("항목", "값"),
        rows=(
            ("가속기", accelerator(boot.accelerator)),
            ("커널", boot.kernel),
            ("QEMU", boot.qemu or "쓰지 않음"),
            ("메모리", size(boot.memory_bytes)),
            ("날짜", boot.date[:10]),
        ),
        notes=notes,
    )


def timings_sheet(
    timings: Mapping[str, Timing], caption: str = "잰 값", notes: Sequence[str] | None = None
) -> Sheet:
    """잰 값마다 한 줄씩: 횟수, 중앙값, 구간, 최소와 최대입니다."""
    notes = caveats(*timings.values()) if notes is None else notes
    return Sheet(
        caption=caption,
        columns=("무엇", "n", "중앙값", "95 % 구간", "최소 ~ 최대"),
        rows=tuple(
            (
                case(name, timing.metadata.get("accelerator")),
                str(timing.n),
                amount(timing.median, timing.unit),
                between(*timing.interval, timing.unit),
                between(*timing.spread, timing.unit),
            )
            for name, timing in timings.items()
        ),
        notes=_told(*map(note, notes), conditions(next(iter(timings.values())).metadata)),
    )


def comparison_sheet(comparison: Comparison) -> Sheet:
    """두 결과를 견준 것입니다."""
    a, b = comparison.a, comparison.b
    return timings_sheet(
        {a.what: a, b.what: b},
        f"{case(a.what)} ÷ {case(b.what)}: {comparison.shown}"
        f" (95 % 구간 {between(*comparison.interval, 'ratio')})",
    )


def race_sheet(race: Race) -> Sheet:
    """경주의 표입니다."""
    return replace(timings_sheet(race.timings, "시작 시간", race.notes), verdict=race.verdict)


def claim_sheet(claim: Claim) -> Sheet:
    """비교표의 한 줄: 책에 적힌 값과 잰 값입니다."""
    return Sheet(
        caption=claim.title,
        verdict=claim.verdict,
        columns=("어디서", "책에 적힌 값", "내 컴퓨터에서 잰 값", "n"),
        rows=(
            ("컨테이너", claim.book_container, _measured(claim, claim.container), str(claim.n)),
            (
                case("vm", claim.metadata.get("vm", {}).get("accelerator")),
                claim.book_vm,
                _measured(claim, claim.vm),
                str(claim.n),
            ),
        ),
        notes=tuple(map(note, claim.notes)),
    )


def claims_sheet(table: ComparisonTable) -> Sheet:
    """비교표의 여섯 줄: 책에 적힌 값 / 내 컴퓨터에서 잰 값입니다."""
    where = table.engine.get("where") or table.engine.get("kind", "")
    said = " · ".join(
        part
        for part in (
            f"Docker 엔진 {table.engine.get('version', '')} ({where})",
            f"VM 가속기 {accelerator(table.vm.get('accelerator'))}",
            conditions(table.machine),
        )
        if part
    )
    machine = case("vm", table.vm.get("accelerator"))
    return Sheet(
        caption="책에 적힌 값과 내 컴퓨터에서 잰 값",
        columns=("비교", "책: VM", f"내 컴퓨터: {machine}", "책: 컨테이너", "내 컴퓨터: 컨테이너", "n"),
        rows=tuple(
            (
                row.title,
                row.book_vm,
                _measured(row, row.vm),
                row.book_container,
                _measured(row, row.container),
                str(row.n),
            )
            for row in table.rows
        ),
        notes=("대괄호는 중앙값의 95 % 구간입니다.", said),
        folded=tuple(f"{row.title}: {note(each)}" for row in table.rows for each in row.notes),
    )


def _measured(claim: Claim, representative: float | str) -> str:
    """The value of the row, with its interval where it is the median of a timing."""
    shown = value(representative, claim.unit)
    interval = claim.interval(representative)
    return f"{shown} [{between(*interval, claim.unit)}]" if interval else shown


def records_sheet(caption: str, records: Iterable[Mapping[str, Any]], notes: Sequence[str] = ()) -> Sheet:
    """딕셔너리의 목록을 표로 만듭니다. 열은 처음 나온 순서이고, 없는 칸은 비웁니다."""
    records = list(records)
    columns = tuple(dict.fromkeys(str(key) for record in records for key in record))
    rows = tuple(tuple(str(record.get(column, "")) for column in columns) for record in records)
    return Sheet(caption, columns=columns, rows=rows, notes=tuple(notes))


def images_sheet(images: Iterable[Any]) -> Sheet:
    """과정 이미지의 목록입니다. 이름, 크기, 출처를 보여 줍니다."""
    return records_sheet(
        "과정 이미지",
        (
            {"이름": image.name, "참조": image.reference, "크기": size(image.size), "출처": image.origin_text}
            for image in images
        ),
    )


def _told(*notes: str) -> tuple[str, ...]:
    return tuple(each for each in notes if each)


def whereabouts_sheet(found: Whereabouts) -> Sheet:
    """엔진이 도는 곳입니다. 커널과 프로세스를 안에서 본 것과 밖에서 본 것으로 보여 줍니다."""
    seen = ", ".join(f"{each.pid} ({each.name})" for each in found.container_on_host)
    keeper, same = found.keeper, "같은" if found.same_kernel else "다른"
    rows = (
        ("Docker 엔진", found.engine),
        ("이 컴퓨터의 커널", found.host.kernel),
        ("컨테이너가 쓰는 커널", f"{found.container.kernel} ({same} 커널)"),
        ("내장 엔진의 맨 위 프로세스", f"{keeper.pid} ({keeper.name})" if keeper else ""),
        ("컨테이너 안에서 본 첫 프로세스의 PID", str(found.inside_pid)),
        ("엔진이 말하는 PID", str(found.engine_pid)),
        ("이 컴퓨터에서 본 PID", seen or "보이지 않음"),
    )
    return Sheet(
        caption="내 엔진이 도는 곳",
        columns=("본 것", "값"),
        rows=tuple(row for row in rows if row[1]),
        verdict=found.verdict,
    )


def diagnosis_sheet(diagnosis: Diagnosis) -> Sheet:
    """진단입니다. 고칠 것이 먼저 나오고, 고치는 명령은 그대로 복사할 수 있습니다."""
    engine, machine, disk = diagnosis.engine, diagnosis.vm, diagnosis.disk
    rows = (
        ("Docker 엔진", " ".join(filter(None, (engine["kind"], engine.get("version")))) or "없음"),
        ("엔진이 도는 곳", engine.get("where", "")),
        ("API", engine.get("api", "")),
        ("저장", engine.get("storage_driver", "")),
        ("cgroup", f"v{engine['cgroup_version']}" if engine.get("cgroup_version") else ""),
        ("VM 가속기", accelerator(machine["accelerator"])),
        ("게스트", ", ".join(map(case, machine["guests"]))),
        ("디스크", f"{size(disk['free'])} 남음" if disk else ""),
        ("Python", diagnosis.python.get("version", "")),
    )
    count = len(diagnosis.problems)
    return Sheet(
        caption="이 컴퓨터의 진단: " + (f"고칠 것 {count}개" if count else "모두 갖추어져 있습니다"),
        blocks=tuple(
            (f"[{each.code}] {each.what}", "\n".join(_told(each.seen, each.todo)))
            for each in diagnosis.problems
        ),
        columns=("항목", "값"),
        rows=tuple(row for row in rows if row[1]),
        notes=diagnosis.notes,
    )


def value(measured: float | str, unit: str) -> str:
    """비교표의 칸 하나입니다. 사실은 글 그대로, 수는 단위를 붙여 적습니다."""
    return measured if isinstance(measured, str) else amount(measured, unit)
