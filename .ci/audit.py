"""Known vulnerabilities of what is installed beside this Python: exit code 1 if there is one.

Where the source of the audit cannot be reached, or a mirror in its place knows
nothing, that is said, and is no failure: lint works without a network.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

AUDIT = ("-m", "pip_audit", "--skip-editable", "--progress-spinner", "off", "--timeout", "10", "--format", "json")


def main() -> int:
    done = subprocess.run([sys.executable, *AUDIT], capture_output=True, text=True, check=False)
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except ValueError:
        print(f"pip-audit: nothing was audited: {(done.stderr.splitlines() or ['it says nothing'])[-1]}")
        return 0
    if all("skip_reason" in each for each in packages):
        print(f"pip-audit: nothing was audited: its source knows none of {len(packages)} packages")
        return 0
    audited = [each for each in packages if "skip_reason" not in each]
    vulnerable = [each for each in audited if each["vulns"]]
    for each in vulnerable:
        print(f"pip-audit: {described(each)}")
    unknown = len(packages) - len(audited)
    print(f"pip-audit: {len(audited)} packages audited, {len(vulnerable)} vulnerable, {unknown} unknown to its source")
    return 1 if vulnerable else 0


def described(package: Mapping[str, Any]) -> str:
    found = (f"{each['id']} (fixed in {', '.join(each['fix_versions']) or 'no release'})" for each in package["vulns"])
    return f"{package['name']} {package['version']}: {', '.join(found)}"


if __name__ == "__main__":
    sys.exit(main())
