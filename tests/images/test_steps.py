"""What an engine says while it builds, taken apart into steps."""

import pytest

from dockerlab.images.steps import Following

ID = "f04e1723e4e2"
WHOLE = f"{ID}ef2e579504c9e76e0c53045f6a1c03b0e7abe7ad6398710004df"
# Recorded: Podman 5.8.6, its Docker API.
PODMAN = [
    "[1/2] STEP 1/2: FROM dockerlab/tiny AS a\n",
    "[1/2] STEP 2/2: RUN echo out; echo err >&2\n",
    "err\n",
    "out\n",
    f"--> {ID}\n",
    "[2/2] STEP 1/2: FROM dockerlab/tiny\n",
    "[2/2] STEP 2/2: COPY --from=a /y /y\n",
    f"--> Using cache {WHOLE}\n",
    "[2/2] COMMIT docker.io/dockerlab-test/pod:2\n",
    f"--> {ID}\n",
    "Successfully tagged docker.io/dockerlab-test/pod:2\n",
    f"{WHOLE}\n",
]


def followed(*events) -> Following:
    told = Following()
    for event in events:
        list(told.follow(event))
    return told


def test_podmans_words_are_steps_too():
    told = followed(
        *({"stream": each} for each in PODMAN),
        {"aux": {"ID": f"sha256:{WHOLE}"}},
        {"stream": f"Successfully built {ID}\n"},
    )
    assert [step.number for step in told.steps] == [1, 2, 3, 4]
    assert [step.output for step in told.steps] == ["", "err\nout\n", "", ""]
    assert [step.cached for step in told.steps] == [False, False, False, True]
    assert [step.image for step in told.steps] == ["", ID, "", ID]
    assert told.total == 4 and told.image == f"sha256:{WHOLE}"


PRINTED = ["STEP 9/9: RUN no\n", "Step 9/9 : RUN no\n", f"--> {ID}\n", " ---> 0123456789ab\n"]


@pytest.mark.parametrize("printed", PRINTED)
def test_what_a_command_prints_under_docker_is_no_step(printed):
    began = ["Step 1/2 : FROM dockerlab/tiny\n", "Step 2/2 : RUN x\n", f" ---> Running in {ID}\n"]
    ended = f" ---> Removed intermediate container {ID}\n"
    told = followed(*({"stream": each} for each in [*began, printed, ended]))
    assert [step.instruction for step in told.steps] == ["FROM dockerlab/tiny", "RUN x"]
    assert told.steps[1].output == printed and not told.steps[1].image
