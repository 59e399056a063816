"""The example for nginx is one that nginx takes."""

import shutil
import subprocess
from pathlib import Path

import pytest
import trustme

EXAMPLE = Path(__file__).parents[2] / "deploy" / "nginx-public.conf"
NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/bin")


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed: deploy/nginx-public.conf is not checked")
def test_nginx_takes_the_example(tmp_path: Path) -> None:
    assert NGINX is not None
    certificate = trustme.CA().issue_cert("hanoi.example")
    certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    text = EXAMPLE.read_text("utf-8")
    for ours, here in (
        ("/etc/ssl/certs/hanoi.example.pem", "cert.pem"),
        ("/etc/ssl/private/hanoi.example.key", "key.pem"),
        ("/var/cache/nginx/hanoi", "cache"),
    ):
        assert ours in text
        text = text.replace(ours, str(tmp_path / here))
    (tmp_path / "site.conf").write_text(text, "utf-8")
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    folders = " ".join(f"{kind}_temp_path {tmp_path}/{kind};" for kind in kinds)
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/pid; error_log stderr; events {{}}\n"
        f"http {{ {folders} access_log off; include {tmp_path}/site.conf; }}\n",
        "utf-8",
    )
    tried = subprocess.run(
        [NGINX, "-t", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert tried.returncode == 0, tried.stderr
