"""What is broken on purpose, what a learner is told then, and which test does it.

python tests/faults/catalogue.py        writes the table into docs/reliability.md
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
REPORT = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- faults: begin -->", "<!-- faults: end -->"


@dataclass(frozen=True)
class Fault:
    """One fault: ``test`` is ``file::function`` below tests/, with ``[case]`` where one case does it."""

    what: str
    told: str
    test: str


def _of(file: str, *rows: tuple[str, str, str]) -> list[Fault]:
    return [Fault(what, told, f"{file}::{test}") for what, told, test in rows]


FAULTS = (
    *_of(
        "engine/test_search.py",
        ("소켓이 없음", "E01", "test_no_socket"),
        ("엔진이 꺼져 소켓만 남음", "E02", "test_a_stale_socket"),
        ("소켓 자리에 보통 파일", "E02", "test_a_plain_file_in_the_place_of_a_socket"),
        ("소켓의 권한을 잃음(다른 uid)", "E03", "test_permission_denied[socket]"),
        ("소켓의 폴더에 들어갈 수 없음(다른 uid)", "E03", "test_permission_denied[folder]"),
        ("엔진이 말이 없음", "E04", "test_an_engine_that_does_not_answer[silent]"),
        ("엔진이 한 글자씩 끝없이 답함", "E04", "test_an_engine_that_does_not_answer[dripping]"),
        ("엔진이 바빠 연결을 받지 못함", "E04", "test_an_engine_too_busy_to_accept"),
        ("소켓의 상대가 엔진이 아님", "E04", "test_something_that_is_no_engine"),
        ("엔진이 500으로 답함", "E04", "test_an_engine_that_is_ill"),
        ("API가 너무 오래되거나 너무 새로움", "E06, E05", "test_an_api_too_old_or_too_new_is_told"),
        ("다른 컴퓨터의 엔진을 가리킴", "E07", "test_a_remote_engine_is_refused"),
        ("DOCKER_HOST를 읽을 수 없음", "E01", "test_an_unreadable_docker_host_is_told"),
        ("docker의 설정 파일이 깨짐", "지나침", "test_a_broken_docker_configuration_is_passed_by"),
    ),
    *_of(
        "engine/test_connection.py",
        ("쓰던 소켓이 사라짐", "E02, 다시 찾음", "test_a_dead_engine_is_told_and_a_living_one_found_again"),
        ("엔진이 더 오래된 것으로 바뀜", "E06", "test_an_engine_replaced_by_an_older_one_is_told"),
        ("일하던 연결이 끊김", "E30", "test_an_engine_that_dies_while_working_is_lost"),
        (
            "죽어 가는 엔진의 소켓이 아직 열림",
            "다시 찾음",
            "test_a_socket_that_opens_and_hangs_up_is_no_living_engine",
        ),
    ),
    *_of(
        "containers/test_engine_faults.py",
        ("실행하는 중에 엔진 kill -9", "E30", "test_engine_killed_in_the_middle_of_a_run"),
        (
            "빌드하는 중, 받는 중, docker 명령 중에 엔진 kill -9",
            "E30",
            "test_engine_killed_in_the_middle_of_a_build_a_pull_and_a_command",
        ),
        ("엔진의 디스크가 가득 참", "E31", "test_disk_full"),
        ("일하던 엔진이 멈춰 섬(SIGSTOP)", "E04", "test_engine_that_stops_answering"),
    ),
    *_of(
        "tracing/test_trace_faults.py",
        (
            "자취를 기록하는 중에 엔진 kill -9",
            "끊긴 자취라고 적음",
            "test_an_engine_that_dies_makes_the_trace_incomplete_and_the_next_one_works",
        ),
    ),
    *_of(
        "tracing/test_trace_labels.py",
        (
            "자취를 기록하는 중에 노트북 커널 kill -9",
            "파수꾼이 치움",
            "test_a_kernel_killed_in_the_middle_leaves_nothing",
        ),
    ),
    *_of(
        "containers/test_clock_jump.py",
        (
            "시계가 하루 앞으로, 하루 뒤로 뜀",
            "알릴 것 없음",
            "test_a_clock_that_is_set_takes_nothing_from_a_living_kernel",
        ),
    ),
    *_of(
        "course/test_journal.py",
        (
            "기록하는 사이에 시계가 뒤로 뜀",
            "일어난 차례대로 보임",
            "test_a_clock_that_was_set_back_does_not_turn_the_order_round",
        ),
    ),
    *_of(
        "engine/test_embedded.py",
        (
            "커널 둘이 내장 엔진 하나를 나눔",
            "알릴 것 없음",
            "test_two_kernels_share_one_engine_and_the_last_one_ends_it",
        ),
        ("커널 열이 한꺼번에 내장 엔진을 켬", "알릴 것 없음", "test_ten_kernels_at_once_start_one_engine"),
        (
            "내장 엔진의 감독자 kill -9",
            "다시 켬",
            "test_killed_supervisor_takes_everything_with_it_and_the_next_start_works",
        ),
        (
            "내장 엔진의 dockerd kill -9",
            "다시 켬",
            "test_killed_dockerd_is_noticed_and_started_again_with_its_images",
        ),
        (
            "죽은 내장 엔진을 감독자가 아직 모름",
            "기다렸다가 다시 켬",
            "test_dead_engine_whose_supervisor_has_not_noticed_is_waited_for",
        ),
        (
            "앞선 내장 엔진이 아직 죽어 가는 중",
            "기다렸다가 다시 켬",
            "test_new_engine_waits_for_the_last_process_of_the_former",
        ),
        ("꺼지는 엔진에 새 커널이 옴", "알릴 것 없음", "test_stopping_engine_does_not_fail_a_newcomer"),
        (
            "내장 엔진의 포트를 호스트가 씀",
            "docker의 말",
            "test_port_taken_on_the_host_is_refused_as_docker_does",
        ),
        ("바깥 네트워크가 없음", "그렇다고 알림", "test_missing_way_out_is_told_and_the_engine_runs_without"),
        ("내장 엔진이 켜지지 못함", "E08", "test_start_that_fails_says_why"),
        ("자료 폴더의 경로가 너무 긺", "E08", "test_too_long_a_path_is_said_before_anything_starts"),
    ),
    *_of(
        "engine/test_unwritable_home.py",
        ("읽기 전용 홈", "E60", "test_read_only"),
        ("자료 폴더의 디스크가 가득 참", "E31", "test_full"),
    ),
    *_of(
        "engine/test_watcher.py",
        ("노트북 커널 kill -9", "파수꾼이 치움", "test_nothing_is_left_after_kill_at_random_instants"),
        (
            "커널과 파수꾼을 함께 kill -9",
            "다음 시작에 치움",
            "test_with_the_watcher_killed_first_the_next_connection_cleans",
        ),
        ("파수꾼 kill -9", "새 파수꾼", "test_a_killed_watcher_is_replaced_and_told_all"),
    ),
    *_of(
        "containers/test_run.py",
        ("메모리 한도를 넘음(OOM)", "E32", "test_memory_limit"),
        ("프로세스가 너무 많음", "안에서 막힘", "test_too_many_processes_are_stopped_inside"),
        ("끝나지 않는 명령", "E13", "test_deadline_returns_what_was_printed"),
        ("이미지에 없는 명령", "E12", "test_command_not_found"),
        ("이미지가 없음", "E20", "test_missing_image_is_never_pulled"),
        ("이름이 겹침", "E11", "test_name_clash_leaves_the_other_alone"),
        ("포트가 겹침", "E15", "test_port_in_use"),
        ("출력이 쏟아짐", "자르고 적음", "test_a_flood_is_cut_and_does_not_block"),
        ("Ctrl-C를 아무 때나", "남지 않음", "test_ctrl_c_at_many_instants_leaves_nothing"),
    ),
    *_of(
        "client/test_docker_command.py",
        ("네트워크의 이름이 겹침", "docker의 말", "test_a_network_name_that_is_taken_is_not_taken_over"),
        ("한 명령이 끝나지 않음", "E13", "test_a_command_that_does_not_end_is_ended"),
    ),
    *_of(
        "registries/test_registry.py",
        *(
            (what, code, f"test_a_failing_pull_says_why_and_leaves_no_image[{case}]")
            for what, code, case in (
                ("레지스트리 401", "E22", "private"),
                ("레지스트리 403", "E21", "denied"),
                ("레지스트리 404", "E23", "nobody"),
                ("레지스트리 429(내려받기 한도)", "E24", "limited"),
                ("레지스트리 500대", "E25", "down"),
                ("Wi-Fi 로그인 화면이 대신 답함", "E25", "portal"),
                ("레이어의 바이트가 다름", "E27", "broken"),
                ("레지스트리가 말이 없음", "E28", "hangs"),
                ("레이어를 주다가 멈춤", "E28", "stalls"),
            )
        ),
        ("CA가 다른 인증서", "받지 않음", "test_the_certificate_is_checked_against_its_ca_alone"),
    ),
    *_of(
        "images/test_building.py",
        ("빌드의 단계가 실패함", "E37", "test_a_failing_step_says_which_what_and_what_to_do"),
        ("빌드를 도중에 그만둠", "남지 않음", "test_a_build_that_is_broken_off_leaves_no_container"),
        ("베이스 이미지를 얻지 못함", "E33", "test_a_base_image_that_cannot_be_had"),
    ),
    *_of(
        "packages/test_transfer.py",
        ("내려받다가 연결이 끊김", "이어받음", "test_broken_connection_is_taken_up_again"),
        ("내려받은 바이트가 다름", "E52", "test_wrong_bytes_twice"),
        ("내려받다가 디스크가 가득 참", "E31", "test_full_disk_then_room_again"),
        ("내려받다가 kill -9", "이어받음", "test_killed_while_receiving_then_resumed"),
    ),
    *_of(
        "vm/test_vm_qemu.py",
        ("QEMU가 없음", "E41", "test_no_qemu_is_said_with_the_one_command"),
        ("실행되지 않는 QEMU", "지나침", "test_a_qemu_that_does_not_run_is_passed_over"),
    ),
    *_of(
        "vm/test_vm_boot.py",
        ("게스트가 조용함", "E43", "test_a_silent_guest_is_given_up_in_time"),
        ("게스트의 커널 패닉", "E43", "test_a_panic_is_not_waited_for"),
        ("게스트의 명령이 멈춤", "E44", "test_a_command_that_hangs_ends_the_guest_only"),
        ("QEMU가 곧바로 끝남", "E43", "test_a_qemu_that_ends_at_once_tells_why"),
    ),
    *_of(
        "vm/test_vm_accelerators.py",
        (
            "KVM이 열리지만 돌지 않음",
            "TCG로, 그렇다고 적음",
            "test_kvm_that_opens_but_runs_nothing_is_rejected",
        ),
    ),
    *_of(
        "vm/test_vm_files.py",
        ("게스트의 커널 파일이 깨짐", "E52", "test_a_corrupted_kernel_stops_the_boot"),
    ),
    *_of(
        "diagnosis/test_doctor.py",
        ("한글 글꼴이 없거나 비어 있음", "D의 알림", "test_missing_or_emptied_fonts_are_noticed"),
    ),
)


def table() -> str:
    """The faults as the report shows them."""
    lines = ["| # | 일으킨 고장 | 학습자가 보는 것 | 검사 |", "|---|---|---|---|"]
    lines += [
        f"| {at} | {fault.what} | {fault.told} | `{fault.test.partition('[')[0]}` |"
        for at, fault in enumerate(FAULTS, 1)
    ]
    return "\n".join(lines)


def main() -> None:
    """Write the table into the report."""
    text = REPORT.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    REPORT.write_text(f"{before}{BEGIN}\n{table()}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
