"""``python -m dockerlab``은 ``dockerlab`` 명령과 같습니다."""

import sys

from dockerlab.cli import main

if __name__ == "__main__":
    sys.exit(main())
