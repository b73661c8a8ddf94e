"""A model server with nginx and `keyctl serve` in front of it, for a picture: those of docs/gateways/five-minutes.

All three are real. nginx and the model server see the machine's own clock, and each listens on a port that is free.
"""

import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from stage import PATIENCE, Missing

RECIPE = Path(__file__).resolve().parent.parent / "gateways" / "five-minutes"

# Asks the gateway with the token of a file, as README.md has it.
ASK = r"""ask() {
    printf 'x-api-key: %s\n' "$(cat "$1")" |
        curl -s --noproxy '*' -H @- -d '{"messages": [{"content": "hi"}]}' -w '%{http_code}\n' -o answer.json URL
}
"""


class Guarded:
    """The three servers, at home on a stage; they end with the block."""

    def __init__(self, stage):
        for program in ("curl", "jq", "nginx", "python3"):
            if not shutil.which(program):
                raise Missing(f"{program} is not installed")
        self.stage = stage
        self.running = []

    def __enter__(self):
        model, server, gateway = (free_port() for _ in range(3))
        home = self.stage.home
        conf = (RECIPE / "nginx.conf").read_text()
        for shown, port in [("8000", model), ("9091", server), ("8080", gateway)]:
            conf = conf.replace(f"127.0.0.1:{shown}", f"127.0.0.1:{port}")
        # In the foreground, so that it ends with the others.
        (home / "nginx.conf").write_text("daemon off;\n" + conf)
        self.start(f"exec python3 '{RECIPE}/model.py' {model} 2>model.log")
        self.start(f"exec keyctl serve --listen 127.0.0.1:{server} --client-header x-real-ip 2>serve.log")
        self.start("exec nginx -p . -c nginx.conf -e error.log")
        wait(f"http://127.0.0.1:{server}/readyz")
        wait(f"http://127.0.0.1:{model}/")
        wait(f"http://127.0.0.1:{gateway}/")
        self.stage.functions = ASK.replace("URL", f"http://127.0.0.1:{gateway}/v1/chat/completions")
        return self

    def __exit__(self, *_):
        self.stage.functions = ""
        for process in reversed(self.running):
            process.terminate()
            process.wait(PATIENCE)

    def wait_for_log(self, text):
        """Waits until the server's log has `text`: an answer may be out before its line."""
        poll(lambda: text in (self.stage.home / "serve.log").read_text())

    def start(self, line):
        """Starts a shell's `line`, which becomes the program."""
        process = subprocess.Popen(
            ["sh", "-c", line], env=self.stage.environment, cwd=self.stage.home,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        )
        self.running.append(process)


def free_port():
    """A port of the loopback interface that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait(url):
    """Waits until a server answers, whatever it answers."""
    poll(lambda: answers(url))


def answers(url):
    """Tells whether a server answers."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        opener.open(url, timeout=PATIENCE).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def poll(is_done):
    """Waits until `is_done` says so."""
    until = time.monotonic() + PATIENCE
    while not is_done():
        if time.monotonic() > until:
            raise TimeoutError("it does not come")
        time.sleep(0.05)
