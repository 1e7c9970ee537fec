"""What reaches beyond the course is refused before the engine hears of it; what lessons need passes."""

from __future__ import annotations

import json
import re
import uuid

import pytest

from dockerlab import tracing
from dockerlab.client import docker, fence, grammar, targets
from dockerlab.errors import DockerlabError, Refused, UsageMistake
from dockerlab.tracing.background import Background
from dockerlab.tracing.relay import Relay

pytestmark = pytest.mark.engine
TINY = "dockerlab/tiny"
KOREAN = re.compile("[가-힣]")

# {c}, {n}, {v}, {i} are a container, a network, a volume and an image of somebody else; {here} is a folder
# of the learner's, and {link} in it leads out of it.
DANGEROUS = f"""
run --privileged {TINY}
run --privileged=true {TINY}
container run --rm --privileged {TINY}
run -v /:/host {TINY}
run -v/:/host {TINY}
run -v=/:/host {TINY}
run -iv/:/host {TINY}
run --rm -dv /:/host {TINY}
run --volume=/:/host {TINY}
run --volume ./here:/x {TINY}
create -v ~/x:/x {TINY}
create -v ../x:/x {TINY}
run -v data:/data -v /etc:/x {TINY}
run -v /var/run/docker.sock:/var/run/docker.sock {TINY}
run --mount type=bind,src=/,dst=/x {TINY}
run --mount type=BIND,src=/,dst=/x {TINY}
run --mount '"type=bind",src=/,dst=/x' {TINY}
run --mount Type=bind,Source=/,dst=/x {TINY}
run --mount type=volume,type=bind,src=/,dst=/x {TINY}
run --mount type=volume,src=/etc,dst=/x {TINY}
run --mount src=v,dst=/x,volume-driver=local,volume-opt=type=none,volume-opt=device=/ {TINY}
volume create --opt type=none -o o=bind -o device=/ guard-x
volume create -otype=none guard-x
volume create -d somebody/sshfs guard-x
run --volume-driver other -v x:/x {TINY}
run --volumes-from {{c}} {TINY}
run --network host {TINY}
run --net host {TINY}
run --net=host {TINY}
run --network=name=host {TINY}
run --network name=host,alias=x {TINY}
run --network container:{{c}} {TINY}
run --network {{n}} {TINY}
run --pid host {TINY}
run --pid=container:{{c}} {TINY}
run --ipc=host {TINY}
run --uts host {TINY}
run --userns host {TINY}
run --cgroupns host {TINY}
run --cap-add ALL {TINY}
run --cap-add=SYS_ADMIN {TINY}
run --security-opt seccomp=unconfined {TINY}
run --device /dev/sda {TINY}
run --device-cgroup-rule 'c *:* rmw' {TINY}
run --gpus all {TINY}
run --runtime other {TINY}
run --cgroup-parent / {TINY}
run --restart always {TINY}
run --memory 0 {TINY}
run -m -1 {TINY}
run --memory-swap -1 {TINY}
run --pids-limit -1 {TINY}
run --cpus 0 {TINY}
run --oom-kill-disable {TINY}
run --oom-score-adj -1000 {TINY}
run -p 8080:80 {TINY}
run -p8080:80 {TINY}
run -p 80 {TINY}
run -dp 0.0.0.0:8080:80 {TINY}
run -p 127.0.0.1:1:1 -p 2:2 {TINY}
run -P {TINY}
run --log-driver syslog {TINY}
run --sysctl kernel.shmmax=1 {TINY}
run --env-file /etc/passwd {TINY}
run --env-file {{link}} {TINY}
run --label-file x {TINY}
run --label dockerlab.session=x {TINY}
run --cidfile /etc/guard-x {TINY}
run --use-api-socket {TINY}
run --privil {TINY}
run -it {TINY} sh
exec --privileged {{c}} sh
exec -it {{c}} sh
exec {{c}} true
rm {{c}}
rm -f {{c}}
container rm --force {{c}}
stop {{c}}
kill {{c}}
restart {{c}}
pause {{c}}
rename {{c}} guard-x
update --memory 9m {{c}}
update --restart always {{c}}
attach {{c}}
commit {{c}} guard-x
cp {{here}} {{c}}:/x
network connect bridge {{c}}
network disconnect {{n}} {{c}}
network rm {{n}}
network create -d macvlan guard-x
network create --driver host guard-x
network create --opt com.docker.network.bridge.name=docker0 guard-x
network create --subnet 10.0.0.0/8 guard-x
volume rm {{v}}
run -v {{v}}:/x {TINY}
run --mount type=volume,src={{v}},dst=/x {TINY}
rmi {{i}}
rmi -f {{i}}
image rm {{i}}
rmi {TINY}
tag {TINY} {{i}}
build -t {{i}} {{here}}
import {{here}}/x.tar {{i}}
cp {{c}}:/etc/passwd /etc/guard-x
cp /etc/passwd {{c}}:/x
cp {{link}} {{c}}:/x
cp {{c}}:/x ../../../../../../etc/guard-x
save -o /etc/guard-x {TINY}
save --output={{link}} {TINY}
export -o /etc/guard-x {{c}}
load -i /etc/passwd
load --input {{link}}
import /etc/passwd guard-x
import http://somewhere/x.tar guard-x
import file:///etc/passwd guard-x
build /
build /etc
build {{link}}
build -f /etc/Dockerfile {{here}}
build --file={{link}} {{here}}
build https://somewhere/x.git
build git@somewhere:x.git
build github.com/somebody/x
build --network host {{here}}
build --security-opt seccomp=unconfined {{here}}
build --cgroup-parent / {{here}}
build --iidfile /etc/guard-x {{here}}
push {TINY}
push somewhere.example/x
system prune -af --volumes
container prune
volume prune --all
network prune
image prune -a
builder prune
compose up
login somewhere
swarm init
plugin install --grant-all-permissions x
context use other
buildx build .
trust sign x
-H tcp://somewhere:2375 ps
--host=tcp://somewhere:2375 ps
--context other ps
-c other ps
--config /tmp ps
--help run --privileged {TINY}
ps; reboot
rm guard-x; reboot
ps && reboot
ps || reboot
ps | sh
ps > /etc/guard-x
ps & reboot
rm $(docker ps -aq)
rm `docker ps -aq`
run -e X=$(reboot) {TINY}
run {TINY} ls > /etc/guard-x
!reboot
""".strip().splitlines()

EVERYDAY = f"""
ps
ps -a
ps -aq
container ls --all
images
image ls
images -q
info
version
system df
search busybox
pull {TINY}
history {TINY}
inspect {TINY}
run --rm {TINY} echo hi
run --rm -i {TINY} cat
run -d --name guard-x {TINY} sleep 60
run -d -p 127.0.0.1::8080 {TINY}
run -d -p 127.0.0.1:8080:80/tcp -p [::1]:8080:80 {TINY}
run --privileged=false {TINY}
run -e A=1 -eB=2 --env C=3 {TINY} env
run -w /tmp -u 1000:1000 --read-only {TINY} id
run --memory 64m --memory-swap 64m --cpus .5 --pids-limit 32 {TINY}
run --cap-drop ALL --security-opt no-new-privileges {TINY}
run --tmpfs /tmp:size=1m --init --hostname my-box {TINY}
run -v guard-data:/data {TINY} ls /data
run -v /data {TINY} ls /data
run --mount type=volume,src=guard-data,dst=/data,readonly {TINY}
run --mount type=tmpfs,dst=/tmp {TINY}
run --network none {TINY}
run --network bridge --add-host a:127.0.0.1 {TINY}
run --entrypoint sh {TINY} -c 'rm -v /x --privileged; echo $(id) | cat > /y'
run --label lesson=9 --stop-signal TERM --stop-timeout 1 {TINY}
run --restart no {TINY}
run -- {TINY} -v /:/host
create --name guard-x {TINY}
start guard-x
stop -t 1 guard-x
restart guard-x
kill -s TERM guard-x
pause guard-x
unpause guard-x
rm -fv guard-x
rename guard-x guard-y
update --memory 32m guard-x
exec guard-x sh -c 'ls | wc -l; echo $PATH'
exec -u 0 -w / -e A=1 guard-x id
logs --tail 5 -t guard-x
top guard-x -o pid,comm
stats --no-stream guard-x
port guard-x 80
wait guard-x
diff guard-x
commit -m 글 guard-x guard-i:1
cp guard-x:/etc/passwd {{here}}/passwd
cp {{here}}/passwd guard-x:/x
build -t guard-i:1 {{here}}
build -q --no-cache --build-arg A=1 -f {{here}}/Dockerfile {{here}}
tag {TINY} guard-i:2
rmi guard-i:1
push localhost:5000/guard-i:1
pull localhost:5000/guard-i:1
save -o {{here}}/x.tar {TINY}
load -i {{here}}/x.tar
export -o {{here}}/x.tar guard-x
import {{here}}/x.tar guard-i:3
network create guard-n
network create --internal guard-n
network connect --alias web guard-n guard-x
network disconnect guard-n guard-x
network ls
network inspect bridge
network rm guard-n
volume create guard-v
volume ls -q
volume inspect guard-v
volume rm guard-v
events --since 1m --until 0s
run --help
--version
""".strip().splitlines()


@pytest.fixture(scope="module")
def others(engine, tiny):
    """Things of the learner's own. They are as they were when all the tests here are over."""
    client, name = engine.client, f"somebody-{uuid.uuid4().hex[:8]}"
    volume = client.volumes.create(name)
    network = client.networks.create(name)
    image = f"{name}:1"
    container = client.containers.create(TINY, ["sleep", "600"], name=name, network=name, stop_signal="KILL")
    try:
        container.start()
        container.commit(name, "1", changes="LABEL mine=1")
        before = as_they_are(client, name)
        yield {"c": name, "n": name, "v": name, "i": image}
        assert as_they_are(client, name) == before
    finally:
        container.remove(force=True, v=True)
        network.remove()
        volume.remove()
        client.images.remove(image)


def as_they_are(client, name):
    api = client.api
    told = [api.inspect_container(name), api.inspect_network(name), api.inspect_volume(name)]
    return json.dumps([*told, api.inspect_image(f"{name}:1")], sort_keys=True)


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    folder = tmp_path_factory.mktemp("here")
    (folder / "Dockerfile").write_text(f"FROM {TINY}\n")
    (folder / "link").symlink_to("/etc")
    return folder


@pytest.fixture(scope="module")
def heard(engine, tmp_path_factory):
    """The engine as found through a relay, and what has been asked of it there."""
    with Background() as background, pytest.MonkeyPatch.context() as patch:
        relay = Relay(engine.endpoint, tmp_path_factory.mktemp("r") / "s")
        background.run(relay.start())
        patch.setenv("DOCKER_HOST", relay.url)
        yield lambda: [each.method for each in background.run(relay.exchanges())]
        background.run(relay.close())


@pytest.mark.parametrize("line", DANGEROUS)
def test_what_reaches_beyond_the_course_is_refused_and_the_engine_hears_nothing(line, others, here, heard):
    before = len(heard())
    with pytest.raises((Refused, UsageMistake)) as refusal:
        docker(line.format(**others, here=here, link=here / "link"))
    said = refusal.value
    assert KOREAN.search(said.what) and KOREAN.search(said.todo), "why, and what to do instead"
    assert set(heard()[before:]) <= {"GET", "HEAD"}
    if line.startswith(("run", "rm", "volume", "build", "exec")):
        with pytest.raises((Refused, UsageMistake)):  # nor may it be followed
            tracing.trace(f"docker {line}".format(**others, here=here, link=here / "link"))


@pytest.mark.parametrize("line", EVERYDAY)
def test_everyday_commands_pass(line, engine, here):
    passes(line.format(here=here), engine)


def test_the_commands_of_the_lessons_pass(root, engine, here):
    lines = set(lesson_commands(root, here))
    assert len(lines) >= 40
    for line in lines - {"system prune -f"}:
        passes(line, engine)
    assert len(DANGEROUS) >= 60 and len(lines) + len(EVERYDAY) >= 60


def passes(line, engine):
    command = grammar.read(line)
    fence.guard(command)
    targets.check(command, engine.endpoint)


def lesson_commands(root, here):
    """Every docker command line that a cell of a lesson or an exercise holds."""
    for path in sorted([*root.glob("notebooks/*.ipynb"), *root.glob("exercises/*.ipynb")]):
        for cell in json.loads(path.read_text())["cells"]:
            source = "".join(cell["source"])
            if cell["cell_type"] != "code":
                continue
            if re.match(r"%%(docker|trace)\b", source):
                lines = source.replace("\\\n", " ").splitlines()[1:]
                yield from (line for line in lines if line.strip() and not line.startswith("#"))
            yield from re.findall(r"(?<!%)%docker (.+)", source)
            for line in re.findall(r'lab\.docker\(f?"([^"]+)"\)', source):
                line = line.replace("{folder}", str(here)).replace("{folder / 'index.html'}", f"{here}/i")
                yield re.sub(r"\{[a-z.]+\}", "localhost:5000/x", line)


def test_what_is_run_is_what_was_read():
    command = grammar.read("container run --memory 9m -eA=1 dockerlab/tiny sh -v")
    assert command.arguments(["--memory=1g"]) == (
        *("container", "run", "--memory=1g"),
        *("--memory=9m", "--env=A=1", "--", "dockerlab/tiny", "sh", "-v"),
    )


def test_a_volume_that_a_run_makes_is_ours(engine, tiny):
    name = f"guard-{uuid.uuid4().hex[:8]}"
    try:
        assert docker(f"run --rm -v {name}:/data {TINY} touch /data/x").exit_code == 0
        assert "dockerlab.session" in engine.client.volumes.get(name).attrs["Labels"]
    finally:
        assert docker(f"volume rm {name}").exit_code == 0


def test_names_that_were_given_here_may_be_taken_away_again(engine, tiny):
    name = f"guard-{uuid.uuid4().hex[:8]}:1"
    assert docker(f"tag {TINY} {name}").exit_code == 0
    assert docker(f"rmi {name}").exit_code == 0
    assert engine.client.images.get(TINY)


def test_a_commit_is_ours_although_its_container_has_labels_too(engine, tiny):
    name = f"guard-{uuid.uuid4().hex[:8]}"
    docker(f"create --name {name} {TINY}")
    try:
        assert docker(f"commit {name} {name}:1").exit_code == 0
        assert docker(f"rmi {name}:1").exit_code == 0
    finally:
        assert docker(f"rm {name}").exit_code == 0


def test_a_container_of_an_image_of_ours_is_not_ours(engine, tiny, here):
    """Labels are handed down: the learner's container has the labels of our image."""
    name = f"guard-{uuid.uuid4().hex[:8]}"
    assert docker(["build", "-q", "-t", f"{name}:1", str(here)]).exit_code == 0
    theirs = engine.client.containers.create(f"{name}:1", name=name)
    try:
        with pytest.raises(Refused):
            docker(f"rm {name}")
    finally:
        theirs.remove()
        assert docker(f"rmi {name}:1").exit_code == 0


@pytest.mark.parametrize(
    "dangerous",
    [
        lambda lab, others: lab.run("tiny", network="host"),
        lambda lab, others: lab.run("tiny", network=f"container:{others['c']}"),
        lambda lab, others: lab.run("tiny", network=others["n"]),
        lambda lab, others: lab.start("tiny", network="host"),
        lambda lab, others: lab.start("tiny", network=others["n"], alias="web"),
        lambda lab, others: lab.start("tiny", volumes={"/x": "/etc"}),
        lambda lab, others: lab.start("tiny", volumes={"/x": others["v"]}),
        lambda lab, others: lab.run("tiny", memory=-1),
        lambda lab, others: lab.run("tiny", memory=0),
        lambda lab, others: lab.run("tiny", pids=-1),
        lambda lab, others: lab.run("tiny", cpus=0),
        lambda lab, others: lab.run("tiny", ports={80: 0}),
        lambda lab, others: lab.volume(options={"type": "none", "o": "bind", "device": "/"}),
        lambda lab, others: lab.volume("somebody/sshfs", {"sshcmd": "x"}),
        lambda lab, others: lab.build("FROM dockerlab/tiny", "x:1", network="host"),
        lambda lab, others: lab.build("FROM dockerlab/tiny", "x:1", network=f"container:{others['c']}"),
        lambda lab, others: lab.build("FROM dockerlab/tiny", others["i"]),
        lambda lab, others: lab.build("FROM dockerlab/tiny", "dockerlab/tiny"),
        lambda lab, others: lab.build("FROM dockerlab/tiny", "x:1", files={"../x": "x"}),
        lambda lab, others: lab.build("FROM dockerlab/tiny", "x:1", files={"/etc/x": "x"}),
        lambda lab, others: lab.trace("docker run --privileged dockerlab/tiny"),
        lambda lab, others: lab.trace(["docker", "rm", "-f", others["c"]]),
    ],
)
def test_the_python_names_refuse_it_too(dangerous, others, heard):
    import dockerlab as lab

    before = len(heard())
    with pytest.raises(DockerlabError) as refusal:
        dangerous(lab, others)
    assert KOREAN.search(refusal.value.what) and KOREAN.search(refusal.value.todo)
    assert set(heard()[before:]) <= {"GET", "HEAD"}


def test_the_endpoint_of_the_relay_is_what_the_command_talks_to(heard):
    before = len(heard())
    assert docker("ps").exit_code == 0
    assert len(heard()) > before, "else the tests above would prove nothing"
