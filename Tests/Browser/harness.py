"""What all browser tests share: the server under test, a watched page, and lines that say what passed."""
import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent.parent
SHARED = ROOT.parent / "shared"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"

failures = []


def check(passed, sentence, detail=""):
    """Prints one line a check; a failed one makes the program exit non-zero at the end."""
    print(("pass: " if passed else "FAIL: ") + sentence + (f" ({detail})" if detail and not passed else ""), flush=True)
    if not passed:
        failures.append(sentence)
    return passed


def skip(sentence):
    print("SKIP: " + sentence, flush=True)


def finish():
    print(f"{Path(sys.argv[0]).stem}: {'failed ' + str(len(failures)) + ' checks' if failures else 'all passed'}", flush=True)
    sys.exit(1 if failures else 0)


class Server:
    """`ship serve` on a root of its own and any free port. With SHIP_URL set, a server that runs already."""

    def __init__(self, root):
        self.root, self.process, self.url = Path(root), None, None

    def start(self, port=0):
        if os.environ.get("SHIP_URL"):
            self.url = os.environ["SHIP_URL"]
            return self
        self.log = open(self.root.parent / "server.log", "ab")
        self.process = subprocess.Popen([os.environ["SHIP"], "serve", str(self.root), "--port", str(port)], stdout=subprocess.PIPE, stderr=self.log, text=True)
        begin, seen = time.time(), ""
        while time.time() - begin < 20:
            line = self.process.stdout.readline()
            seen += line
            found = re.search(r"https?://\S+#\S*token=\S+", line)
            if found:
                self.url = found.group(0)
                return self
            if not line and self.process.poll() is not None:
                break
        raise SystemExit(f"FAIL: `ship serve` printed no address to open; it said: {seen or (self.root.parent / 'server.log').read_text()[-2000:]}")

    @property
    def origin(self):
        return "{0.scheme}://{0.netloc}".format(urllib.parse.urlsplit(self.url))

    @property
    def port(self):
        return urllib.parse.urlsplit(self.url).port

    def stop(self):
        if self.process:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
            self.process = None


@contextlib.contextmanager
def server():
    with tempfile.TemporaryDirectory(prefix="ship-browser-") as folder:
        root = Path(folder) / "root"
        root.mkdir()
        s = Server(root)
        try:
            yield s.start()
        finally:
            s.stop()


@contextlib.contextmanager
def browser():
    with sync_playwright() as p:
        b = p.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield b
        finally:
            b.close()


class Watched:
    """A page whose console, requests and errors are written down."""

    def __init__(self, chromium, server, **options):
        options.setdefault("viewport", {"width": 1400, "height": 860})
        self.server = server
        self.context = chromium.new_context(accept_downloads=True, **options)
        # Browser files of a folder instead of those in the program, so that a change of them needs no build.
        if os.environ.get("SHIP_PUBLIC"):
            self.context.route(lambda url: url.startswith(server.origin + "/") and "/api/" not in url, self._from_folder)
        self.page = self.context.new_page()
        self.console, self.bad, self.foreign, self.urls = [], [], [], []
        self.expected = []  # patterns of requests that may fail
        self.bytes = {}
        self.page.on("console", lambda m: self.console.append(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda e: self.console.append(str(e)))
        self.page.on("request", self._request)
        self.page.on("response", self._response)

    @staticmethod
    def _from_folder(route):
        path = urllib.parse.urlsplit(route.request.url).path.lstrip("/") or "index.html"
        route.fulfill(path=str(Path(os.environ["SHIP_PUBLIC"]) / path))

    def _request(self, request):
        self.urls.append(request.url)
        if not request.url.startswith((self.server.origin + "/", "data:", "blob:")):
            self.foreign.append(request.url)

    def _response(self, response):
        if response.status >= 400 and not any(re.search(e, response.url) for e in self.expected):
            self.bad.append(f"{response.status} {response.request.method} {response.url}")

    def open(self):
        self.page.goto(self.server.url)
        self.page.wait_for_selector("header.top", timeout=15000)
        return self

    def go(self, place):
        """To an address of the page; loaded anew, so that what it shows comes from the server."""
        self.page.goto(self.server.origin + "/" + place)
        self.page.reload()
        self.page.wait_for_selector("header.top", timeout=15000)

    def api(self, path, method="GET", body=None):
        return self.page.evaluate(
            """async ([path, method, body]) => { const r = await fetch(path, { method, headers: body === null ? {} : { 'Content-Type': 'application/json' }, body: body === null ? undefined : JSON.stringify(body) });
            const text = await r.text(); return { status: r.status, body: text ? JSON.parse(text) : null } }""", [path, method, body])

    def report(self, name):
        check(not self.bad, f"{name}: no request was answered with an error", "; ".join(self.bad[:5]))
        check(not self.foreign, f"{name}: no request went to another host", "; ".join(self.foreign[:5]))
        check(not self.console, f"{name}: nothing was written to the console as an error", "; ".join(self.console[:5]))

    def axe(self, name):
        try:
            from axe_playwright_python.sync_playwright import Axe
        except ImportError:
            return skip("axe-playwright-python is not installed, so accessibility was not checked")
        found = Axe().run(self.page).response["violations"]
        check(not found, f"{name}: axe finds nothing", "; ".join(f"{v['id']}: {v['nodes'][0]['html'][:140]}" for v in found))

    # Projects ----------------------------------------------------------------------------------------------------------

    def project(self, title, frames=None, seconds=60):
        """A new project into which a folder of frames is brought as a person does; → its place, the base of its addresses and its first image."""
        project = self.api("/api/projects", "POST", {"title": title})["body"]
        base = f"/api/projects/{project['user']}/{project['name']}"
        return project, base, self.bring_in(project, frames, seconds) if frames else None

    def bring_in(self, project, frames, seconds=60):
        base = f"/api/projects/{project['user']}/{project['name']}"
        self.go(f"#/{project['user']}/{project['name']}/images")
        self.page.wait_for_selector(".folder-input", state="attached")
        self.page.locator(".folder-input").set_input_files(str(frames))
        number = len(list(Path(frames).iterdir()))
        listed = lambda: self.api(f"{base}/blobs?limit=500")["body"]["images"]
        self.wait_until(f"{number} frames are listed" if number > 1 else "the frame is listed", lambda: len(listed()) >= number, seconds)
        return listed()[0]

    def run(self, base, image, seconds=120):
        """Runs the pipeline over the project; → the image as it is then."""
        self.api(f"{base}/jobs", "POST", {"type": "run"})
        self.wait_until("the run is done", lambda: any(j["type"] == "run" and j["state"] == "done" for j in self.api(f"{base}/jobs")["body"]["jobs"]), seconds)
        return self.api(f"{base}/blobs/{image['id']}")["body"]

    # The viewer ------------------------------------------------------------------------------------------------------

    def view(self, project, image, x=None, y=None, zoom=None, selection=None, style=None):
        query = "&".join(filter(None, [f"at={x},{y},{zoom}" if x is not None else None, f"sel={selection}" if selection else None, f"style={style}" if style else None]))
        self.go(f"#/{project['user']}/{project['name']}/view/{image['id']}" + ("?" + query if query else ""))
        self.page.wait_for_selector(".viewer .map[data-ready=true]", timeout=60000)
        self.page.wait_for_selector(".viewer .map.leaflet-container", timeout=60000)
        self.settle()

    def settle(self):
        """Until all tiles in view are there."""
        self.page.wait_for_function("() => [...document.querySelectorAll('.leaflet-tile')].every(t => t.complete)", timeout=30000)
        self.page.wait_for_timeout(250)

    def where(self, image, x, y):
        """Place on the screen of the image pixel (x, y), from the page's own address."""
        at = re.search(r"at=(-?\d+),(-?\d+),(-?[\d.]+)", self.page.url)
        assert at, f"no view in the address {self.page.url}"
        cx, cy, zoom = float(at[1]), float(at[2]), float(at[3])
        box = self.page.locator(".viewer .map").bounding_box()
        scale = 2 ** (zoom - image["levels"] + 1)
        return box["x"] + box["width"] / 2 + (x - cx) * scale, box["y"] + box["height"] / 2 + (y - cy) * scale

    def saved(self):
        self.page.wait_for_function("() => document.querySelector('.saved')?.textContent.trim() === 'Saved'", timeout=20000)

    def wait_until(self, what, condition, seconds=20):
        end = time.time() + seconds
        while time.time() < end:
            value = condition()
            if value:
                check(True, what)
                return value
            self.page.wait_for_timeout(100)
        check(False, f"{what} within {seconds} s")
        return None


def draw_frames(folder, count=2, size="1200x900"):
    """Frames that `ship` draws itself; False when this build cannot."""
    result = subprocess.run([os.environ["SHIP"], "demo", str(folder), "--frames-only", "--frames", str(count), "--size", size], capture_output=True, text=True)
    if result.returncode != 0:
        check(False, "`ship demo --frames-only` draws frames", (result.stderr or result.stdout).strip()[-300:])
        return False
    return True


def processed(root, name="sheet", frames=3, size="1600x1200", options=()):
    """A project below `root` with drawn frames and the objects of the standard pipeline; its place, or None when this build cannot."""
    # The frames stay where they are read, beside the root: exports need the originals.
    folder = Path(root).parent / f"{name}-frames"
    if not draw_frames(folder, frames, size):
        return None
    pipeline = Path(root).parent / f"{name}.json"
    pipeline.write_bytes(subprocess.run([os.environ["SHIP"], "pipeline"], capture_output=True).stdout)
    made = subprocess.run([os.environ["SHIP"], "run", str(pipeline), "--input", str(folder), "--output", str(Path(root) / "local" / name), *options], capture_output=True, text=True)
    return {"user": "local", "name": name} if check(made.returncode == 0, "`ship run` makes a project", made.stderr[-300:]) else None
