"""Twenty containers and three virtual machines at once: every answer is right, nothing is left."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import psutil
import pytest

from dockerlab import containers, vm
from dockerlab.engine import session_id
from dockerlab.errors import DockerlabError

pytestmark = [pytest.mark.engine, pytest.mark.vm]
CONTAINERS, MACHINES = 20, 3


@pytest.fixture(scope="module")
def micro():
    try:
        return vm.guest("micro")
    except DockerlabError as error:
        pytest.skip(f"no guest micro: {error}")


def ours(engine, **filters):
    label = {"label": f"dockerlab.session={session_id()}"}
    return {each["Id"] for each in engine.client.api.containers(all=True, filters=label | filters)}


def guests():
    return {each.pid for each in psutil.Process().children(recursive=True) if "qemu" in each.name()}


def test_twenty_containers_and_three_machines_live_and_answer_together(engine, tiny, micro):
    containers_before, guests_before = ours(engine), guests()
    with ExitStack() as alive, ThreadPoolExecutor(CONTAINERS + MACHINES) as pool:
        booting = [pool.submit(vm.start, micro, timeout=300) for _ in range(MACHINES)]
        starting = [
            pool.submit(containers.start, "tiny", ["sh", "-c", f"echo begun {n}; exec sleep 600"])
            for n in range(CONTAINERS)
        ]
        # Whoever did start is closed, also when another did not.
        begun = [alive.enter_context(each) for each in succeeded(starting)]
        machines = [alive.enter_context(each) for each in succeeded(booting)]
        assert not [each.exception() for each in (*starting, *booting) if each.exception()]
        assert ours(engine, status="running") - containers_before == {each.id for each in begun}

        told = [pool.submit(each.exec, ["sh", "-c", f"echo {n} $((n * {n}))"], environment={"n": str(n)})
                for n, each in enumerate(begun)]  # fmt: skip
        asked = [pool.submit(each.run, f"echo $(({n} + 1))") for n, each in enumerate(machines)]
        assert [each.result().stdout for each in told] == [f"{n} {n * n}\n" for n in range(CONTAINERS)]
        assert [each.result().output for each in asked] == [f"{n + 1}\n" for n in range(MACHINES)]
        for n, each in enumerate(begun):
            each.wait_output(f"begun {n}\n", timeout=60)
        boots = {each.run("cat /proc/sys/kernel/random/boot_id").output for each in machines}
        assert len(boots) == MACHINES, "three kernels, not one thrice"
        list(pool.map(lambda each: each.close(), [*begun, *machines]))
    assert (ours(engine), guests()) == (containers_before, guests_before)


def succeeded(futures):
    return [each.result() for each in futures if each.exception() is None]
