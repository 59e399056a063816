"""Node-RED (npm) with `pg` in a function node: rows collected up to a batch or 50 ms, one INSERT … ON CONFLICT.

mqtt-in acknowledges on arrival, so a kill loses what is collected: it is here for its speed, not for its outcome.
"""

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks._peers import NotHere, Task

PACKAGES: Final = ("node-red@4.1.2", "pg@8")  # 5 wants Node 22.9
_START: Final = """
const pool = new pg.Pool({connectionString: %s, max: 1});
context.set('pool', pool); context.set('rows', []); context.set('busy', false);
"""
_STORE: Final = """
const rows = context.get('rows'); rows.push(msg.payload);
const flush = async () => {
  if (context.get('busy') || rows.length === 0) return;
  context.set('busy', true);
  const part = rows.splice(0, %d);
  await context.get('pool').query(
    `INSERT INTO observation (datastream_id, phenomenon_time, result_time, result, quality, provenance)
     SELECT i, t, t, v, 1, 'measured'::provenance
     FROM unnest($1::bigint[], $2::timestamptz[], $3::float8[]) AS x (i, t, v) ON CONFLICT DO NOTHING`,
    [part.map(r => r.datastream_id), part.map(r => r.time), part.map(r => r.value)]);
  context.set('busy', false);
  if (rows.length) setTimeout(flush, 0);
};
setTimeout(flush, rows.length >= %d ? 0 : 50);
return null;
"""


def install(folder: Path) -> Path:
    """The folder that has it. Raises NotHere."""
    here = folder / "node-red"
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise NotHere("Node is not on this machine")
    if not (here / "node_modules" / "node-red").is_dir():
        here.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            ["npm", "install", "--no-audit", "--no-fund", "--silent", *PACKAGES],
            cwd=here,
            capture_output=True,
            check=False,
        )
        if done.returncode:
            raise NotHere(f"Node-RED can't be installed: {done.stderr.decode()[-200:]}")
    return here


def command(here: Path, task: Task, user_folder: Path, port: int) -> Sequence[str]:
    """A process that reads the session `peer` until it is ended."""
    user_folder.mkdir(parents=True)
    broker = {
        "id": "b",
        "type": "mqtt-broker",
        "broker": task.broker_host,
        "port": str(task.broker_port),
        "clientid": "peer",
        "autoConnect": True,
        "protocolVersion": "5",
        "cleansession": False,
        "sessionExpiry": 3600,
        "keepalive": 60,
    }
    flow = [
        {"id": "t", "type": "tab", "label": "peer"},
        broker,
        {
            "id": "i",
            "type": "mqtt in",
            "z": "t",
            "topic": "hanoi/v1/#",
            "qos": "1",
            "datatype": "json",
            "broker": "b",
            "wires": [["f"]],
        },
        {
            "id": "f",
            "type": "function",
            "z": "t",
            "func": _STORE % (task.batch, task.batch),
            "outputs": 0,
            "initialize": _START % json.dumps(task.database_url),
            "libs": [{"var": "pg", "module": "pg"}],
            "wires": [],
        },
    ]
    credentials = {"b": {"user": task.user, "password": task.password}}
    settings = (
        "module.exports = {flowFile: 'flows.json', credentialSecret: false, functionExternalModules: true,"
        f" uiPort: {port}, uiHost: '127.0.0.1', httpAdminRoot: false, logging: {{console: {{level: 'warn'}}}}}};"
    )
    (user_folder / "flows.json").write_text(json.dumps(flow))
    (user_folder / "flows_cred.json").write_text(json.dumps(credentials))
    (user_folder / "settings.js").write_text(settings)
    (user_folder / "package.json").write_text(json.dumps({"name": "peer", "dependencies": {"pg": "8"}}))
    (user_folder / "node_modules").symlink_to(here / "node_modules")
    program = here / "node_modules" / "node-red" / "red.js"
    return [
        "node",
        str(program),
        "--userDir",
        str(user_folder),
        "--settings",
        str(user_folder / "settings.js"),
    ]
