"""Scan a running demo with wapiti: `python -m tools.scan ADDRESS EMAIL PASSWORD WAPITI [SECONDS]`.

Not a part of `make test`: it takes minutes, and wapiti (`pip install wapiti3`, in an environment of
its own) brings many packages that nothing else here needs. It signs in, crawls, attacks, and prints
what was found at medium or above; the exit code is 1 where docs/explanation/security.md has no
answer to it. Give it a demo that may be thrown away: it sends every form it finds.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlencode, urlsplit

MODULES = (
    "http_headers,csp,cookieflags,csrf,xss,permanentxss,sql,exec,file,crlf,redirect,methods,backup"
    ",ldap,inconsistent_redirection,information_disclosure"
)
STARTS = ("", "setup/", "setup/runs", "setup/why", "setup/changes", "approvals", "notifications")
# What would end the session of the scan itself, or turn it into somebody else's.
LEFT_OUT = ("/sign-out", "/account/sessions/*", "/log-in-as/*", "/e/production/log-in-as")
MEDIUM = 2
# (finding, method, path) -> answered in docs/explanation/security.md.
ANSWERED = frozenset({("Cross Site Request Forgery", "POST", "/sign-in")})
ATTACK_SHARE = 5  # each module has a fifth of the time for crawling


def sign_in(address: str, email: str, password: str) -> str:
    """Give the cookie of a new session. Raises: SystemExit when the sign-in is refused."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
    form = urlencode({"email": email, "password": password})
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/sign-in", form, headers)
    cookies = connection.getresponse().headers.get_all("Set-Cookie") or []
    found = [one.partition(";")[0] for one in cookies if one.startswith("patron_session=")]
    if not found:
        sys.exit("The sign-in was refused.")
    return found[0]


def scan(address: str, cookie: str, wapiti: str, seconds: int) -> Mapping[str, object]:
    """Crawl and attack for some seconds; give the report."""
    starts = [f"{address}/e/production/{start}" for start in STARTS] + [f"{address}/account"]
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [wapiti, "-u", starts[0], "--scope", "domain", "-H", f"Cookie: {cookie}"]
        command += [part for start in starts[1:] for part in ("-s", start)]
        command += [part for path in LEFT_OUT for part in ("-x", f"{address}{path}")]
        command += ["-m", MODULES, "--flush-session", "--no-bugreport", "-d", "4"]
        command += [
            "--max-scan-time",
            str(seconds),
            "--max-attack-time",
            str(seconds // ATTACK_SHARE),
        ]
        command += ["--store-session", folder, "-f", "json", "-o", str(report)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        found: Mapping[str, object] = json.loads(report.read_text())
    return found


def unanswered(report: Mapping[str, object]) -> Iterator[str]:
    """Give what was found at medium or above and has no answer."""
    for part in ("vulnerabilities", "anomalies"):
        by_name = report[part]
        assert isinstance(by_name, dict)  # the report's own shape
        for name, findings in by_name.items():
            for one in findings:
                known = (name, one["method"], urlsplit(one["path"]).path) in ANSWERED
                if one["level"] >= MEDIUM and not known:
                    yield f"{name}: {one['method']} {one['path']} {one['info']}"


def main() -> int:
    """Scan as somebody, and say what was found."""
    address, email, password, wapiti, *rest = sys.argv[1:]
    address = address.rstrip("/")
    seconds = int(rest[0]) if rest else 120
    report = scan(address, sign_in(address, email, password), wapiti, seconds)
    found = list(unanswered(report))
    infos = report["infos"]
    assert isinstance(infos, dict)  # the report's own shape
    print(f"{infos['crawled_pages_nbr']} addresses and forms; unanswered: {len(found)}")
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
