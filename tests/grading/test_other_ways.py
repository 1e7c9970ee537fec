"""Exercises 02, 04 and 05 solved in other ways than their solutions do: the docker command, HTTP by hand."""

# ruff: noqa: E501 (an answer is one line of data, clearer unbroken)

import pytest
from test_graded_exercises import graded, handed_in

from dockerlab.exercises import catalog
from dockerlab.exercises.model import PASSED

pytestmark = [pytest.mark.engine, pytest.mark.soak]

_KINDS = 'kinds = "application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json"\n'
_ASK = """import json, urllib.request
def ask(tag):
    address = f"http://localhost:{given.registry}/v2/{given.shop}/manifests/{tag}"
    return urllib.request.urlopen(urllib.request.Request(address, headers={"Accept": kinds}))
"""
WAYS = {
    "02-1": r"""
files = {"when.sh": f"TZ=ABC-{given.hours} exec date -d @$1 '+%Y-%m-%d %H:%M'\n"}
lab.build('FROM dockerlab/tiny\nCOPY when.sh /\nENTRYPOINT ["sh", "/when.sh"]', given.clock, files=files)
""",
    "02-2": """
for version, tag in ((1, given.old), (2, given.new)):
    install = ["cp", f"/library/tax-{version}.sh", "/usr/lib/tax.sh"]
    made = client.containers.run(given.base, install, name=f"install-{given.token}", detach=True)
    made.wait()
    made.commit(*tag.split(":"))
    made.remove()
""",
    "02-3": "!docker run -d --name {given.idle} -m {given.mib}m dockerlab/tiny tail -f /dev/null",
    "02-4": """
!docker run -d --name {given.web} -p 127.0.0.1:{given.port}:8080 {given.first}
!docker rename {given.web} {given.kept}
!docker kill {given.kept}
!docker run -d --name {given.web} -p 127.0.0.1:{given.port}:8080 {given.second}
""",
    "02-5": """
lab.docker(f"rename {given.web} {given.failed}")
lab.docker(f"stop -t 1 {given.failed}")
lab.docker(f"start {given.kept}")
lab.docker(f"rename {given.kept} {given.web}")
""",
    "04-1": """
import io, tarfile
lab.docker(f"create --name {given.made} dockerlab/tiny sleep 100")
held, content = io.BytesIO(), given.word.encode()
with tarfile.open(fileobj=held, mode="w") as tar:
    note = tarfile.TarInfo("note")
    note.size = len(content)
    tar.addfile(note, io.BytesIO(content))
client.containers.get(given.made).put_archive("/", held.getvalue())
""",
    "04-2": """
import http.client, json, socket
class Line(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(lab.connect().endpoint.path))
wanted, answer = json.dumps({"Image": "dockerlab/tiny", "Cmd": ["sleep", "600"]}), []
for line in given.requests:
    method, path = line.split()
    with_body = (wanted, {"Content-Type": "application/json"}) if "create" in path else ()
    asked = Line("docker")
    asked.request(method, path, *with_body)
    answer.append(asked.getresponse().status)
    asked.close()
""",
    "04-3": """
!docker run -d --name {given.deep} dockerlab/tiny sleep {given.seconds}
answer = int(lab.docker("inspect -f '{{.State.Pid}}' " + given.deep).stdout)
""",
    "04-4": """
for name in (given.front, given.back):
    lab.docker(f"network create {name}")
for name, network in ((given.outer, given.front), (given.inner, given.back), (given.gate, given.back)):
    lab.docker(f"run -d --name {name} --network {network} dockerlab/tiny sleep 600")
lab.docker(f"network connect {given.front} {given.gate}")
""",
    "04-5": """
lab.docker(f"volume create {given.data}")
lab.docker(f"run -d --name {given.clerk} -v {given.data}:/desk -v {given.data}:/window:ro dockerlab/tiny sleep 600")
lab.docker(f"exec {given.clerk} sh -c 'echo {given.word} > /desk/note'")
""",
    "05-1": """
address = f"localhost:{given.registry}/{given.team}:{given.version}"
lab.docker(f"tag {given.first} {address}")
lab.docker(f"push {address}")
""",
    "05-2": _KINDS + _ASK + 'answer = ask(1).headers["Docker-Content-Digest"]',
    "05-3": """
for tag in ("2", "stable"):
    address = f"localhost:{given.registry}/{given.shop}:{tag}"
    lab.docker(f"tag {given.second} {address}")
    lab.docker(f"push {address}")
""",
    "05-4": """
one, two = ({each["digest"]: each["size"] for each in json.load(ask(tag))["layers"]} for tag in (1, 2))
answer = sum(size for digest, size in two.items() if digest not in one)
""",
    "05-5": """
address = f"localhost:{given.registry}/{given.shop}"
digest = client.images.get_registry_data(f"{address}:1").id
lab.docker(f"run -d --name {given.pinned} {address}@{digest}")
""",
}


@pytest.mark.parametrize("number", sorted({name.partition("-")[0] for name in WAYS}))
def test_another_way_to_the_right_state_gets_all_points(engine, number, tmp_path):
    exercise = catalog.exercise(number)
    ways = {name: code.strip() for name, code in WAYS.items() if name in exercise.names()}
    report = graded(handed_in(tmp_path / exercise.file_name, exercise, **ways))
    verdicts = {task["task"]: task["verdict"] for task in report["tasks"]}
    assert verdicts == dict.fromkeys(exercise.names(), PASSED), report
