"""Pods as Binder runs them: one ordinary user, no capability, no new privilege, 2 GB, 1 CPU, a filter."""

from __future__ import annotations

import io
import json
import tarfile
import time
from dataclasses import dataclass
from typing import Any

from binder_image import ENTRYPOINT, HOME, UID

from dockerlab import engine

MEMORY = 2 * 2**30
LIFETIME = 4 * 3600.0  # seconds; the watcher removes a pod that outlives its test


def denying(number: int, *calls: str) -> str:
    """A filter that allows everything but these system calls, which fail with this errno."""
    return json.dumps(
        {
            "defaultAction": "SCMP_ACT_ALLOW",
            "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"],
            "syscalls": [{"names": list(calls), "action": "SCMP_ACT_ERRNO", "errnoRet": number}],
        }
    )


MOUNTING = ("mount", "umount2", "pivot_root", "move_mount", "open_tree", "mount_setattr", "fsopen", "fsmount")
FILTERS = {
    "default": [],  # Docker's own
    "unconfined": ["seccomp=unconfined"],  # a kubelet without seccompDefault
    "nomount": [f"seccomp={denying(13, *MOUNTING)}"],  # EACCES, as containerd's AppArmor profile answers
    "noptrace": [f"seccomp={denying(1, 'ptrace', 'mount', 'unshare')}"],  # EPERM, as stricter clusters answer
}


@dataclass(frozen=True)
class Done:
    """What a command in the pod came to."""

    exit_code: int
    stdout: str
    stderr: str
    seconds: float = 0.0

    def __str__(self) -> str:
        return f"exit code {self.exit_code}\n{self.stdout[-4000:]}\n{self.stderr[-4000:]}"


class Pod:
    """A running pod. Everything is done by its user; there is no way back to root."""

    def __init__(self, api: Any, image: str, rule: str, command: list[str], **settings: Any) -> None:
        self.api = api
        limits = api.create_host_config(
            cap_drop=["ALL"],
            security_opt=["no-new-privileges", *FILTERS[rule]],
            mem_limit=MEMORY,
            memswap_limit=MEMORY,
            nano_cpus=10**9,
        )
        labels = engine.labels(deadline=LIFETIME)
        made = api.create_container(
            image, command, user=f"{UID}:{UID}", host_config=limits, labels=labels, **settings
        )
        self.id = made["Id"]

    def __enter__(self) -> Pod:
        self.api.start(self.id)
        return self

    def __exit__(self, *_: object) -> None:
        self.api.remove_container(self.id, force=True, v=True)

    def put(self, packed: bytes, folder: str = HOME) -> None:
        """Unpack a tar in the pod, with the owners it names."""
        self.api.put_archive(self.id, folder, packed)

    def read(self, path: str) -> bytes:
        packed = io.BytesIO(b"".join(self.api.get_archive(self.id, path)[0]))
        with tarfile.open(fileobj=packed) as tar:
            return tar.extractfile(tar.next()).read()

    def run(self, *command: str, **environment: str) -> Done:
        """Run a command beside the server, in the home."""
        made = self.api.exec_create(
            self.id, list(command), user=str(UID), environment=environment, workdir=HOME
        )
        began = time.monotonic()
        stdout, stderr = self.api.exec_start(made["Id"], demux=True)
        seconds = time.monotonic() - began
        code = self.api.exec_inspect(made["Id"])["ExitCode"]
        return Done(code, (stdout or b"").decode(), (stderr or b"").decode(), seconds)

    def json(self, *command: str, **environment: str) -> Any:
        """Run a Python program that answers in JSON."""
        done = self.run("python", *command, **environment)
        assert done.exit_code == 0, f"{command}\n{done}"
        return json.loads(done.stdout)

    def memory(self) -> int:
        """Bytes of all processes together as the pod's cgroup counts them, every page once.

        Left out is what the kernel keeps of files that nobody has mapped, and gives up when asked.
        """
        told = self.api.stats(self.id, stream=False)["memory_stats"]["stats"]
        if "anon" in told:  # the second version of cgroups
            return told["anon"] + told["file_mapped"]
        return told["total_rss"] + told["total_mapped_file"]

    def wait(self) -> Done:
        """The end of the pod's own command."""
        code = self.api.wait(self.id, timeout=LIFETIME)["StatusCode"]
        stdout = self.api.logs(self.id, stdout=True, stderr=False)
        stderr = self.api.logs(self.id, stdout=False, stderr=True)
        return Done(code, stdout.decode(), stderr.decode())

    def commit(self, **environment: str) -> str:
        """The pod's files as an image of this session."""
        changes = [f"LABEL {name}={value}" for name, value in engine.labels(kind="image").items()]
        changes += [f"ENV {name}={value}" for name, value in environment.items()]
        changes.append(f"ENTRYPOINT {json.dumps(ENTRYPOINT)}")
        return self.api.commit(self.id, changes="\n".join(changes))["Id"]
