"""레지스트리: 진짜를 띄우고, HTTP로 들여다보고, 이미지를 올리고 받습니다.

The room is not called "registry": that is the learner's function, and importing a module of that name would
take its place in the package.
"""

from dockerlab.registries.documents import Blob, Config, Descriptor, Manifest, Step
from dockerlab.registries.ecr import EcrHost, ecr_host, ecr_login
from dockerlab.registries.login import Login
from dockerlab.registries.reference import Reference, parse
from dockerlab.registries.remote import Remote
from dockerlab.registries.server import Registry, registry
from dockerlab.registries.traffic import Asked, Traffic
from dockerlab.registries.transfer import Pulled, Pushed, PushedLayer

__all__ = [
    "Asked",
    "Blob",
    "Config",
    "Descriptor",
    "EcrHost",
    "Login",
    "Manifest",
    "Pulled",
    "Pushed",
    "PushedLayer",
    "Reference",
    "Registry",
    "Remote",
    "Step",
    "Traffic",
    "ecr_host",
    "ecr_login",
    "parse",
    "registry",
]
