"""Keep what this release writes: `python -m tests.golden`. A file that is there is never written again."""

import json
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent / "processors"))

from tests.golden.written import VERSIONS, golden

path = Path(__file__).parent / f"{VERSIONS}.json"
if path.exists():
    sys.exit(f"{path} is there: what was released stays as it is. raise the number of what is written differently")
path.write_text(json.dumps(golden(), indent=0) + "\n")
sys.stderr.write(f"{path}\n")
