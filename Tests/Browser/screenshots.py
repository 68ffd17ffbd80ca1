"""Pictures of every screen and state, light and dark: `make screenshots` writes them to .build/screenshots.

The project is the demo's, so the pictures are the same on every machine but for times. Every state is reached as a person
would reach it, and one that cannot be reached fails the program.
"""
import os
import subprocess
import sys
from pathlib import Path

from harness import Server, Watched, browser, check, failures, finish

OUT = Path(sys.argv[1] if len(sys.argv) > 1 else ".build/screenshots").resolve()
SIZE = {"width": 1440, "height": 900}


class Studio:
    def __init__(self, watched, theme):
        self.theme, self.w, self.page = theme, watched, watched.page
        self.page.emulate_media(color_scheme=theme)
        self.project = self.w.api("/api/projects")["body"]["projects"][0]
        self.place = f"#/{self.project['user']}/{self.project['name']}"
        self.base = f"/api/projects/{self.project['user']}/{self.project['name']}"
        images = self.w.api(f"{self.base}/blobs?limit=500")["body"]["images"]
        self.image = max(images, key=lambda i: i["objects"])
        objects = self.w.api(f"{self.base}/objects?blob={self.image['id']}&limit=500")["body"]["objects"]
        # Large, whole, and not at the frame's edge: what a person would choose to look at.
        width, height = self.image["width"], self.image["height"]
        inner = [o for o in objects if 250 < o["box"]["x"] + o["box"]["width"] / 2 < width - 250 and 200 < o["box"]["y"] + o["box"]["height"] / 2 < height - 200]
        self.object = max(inner or objects, key=lambda o: o["area"])
        box = self.object["box"]
        self.centre = (box["x"] + box["width"] // 2, box["y"] + box["height"] // 2)
        self.native = self.image["levels"] - 1

    def take(self, name):
        self.page.wait_for_timeout(400)
        self.page.screenshot(path=str(OUT / f"{name}-{self.theme}.png"))
        check(True, f"{name}, {self.theme}")

    def screen(self, name, path, wait):
        self.w.go(f"{self.place}/{path}")
        self.page.wait_for_selector(wait, timeout=20000)
        self.page.wait_for_timeout(900)
        self.take(name)

    def view(self, zoom=None, selection=None, at=None):
        x, y = at or self.centre
        self.w.view(self.project, self.image, *((x, y, zoom) if zoom is not None else ()), selection=selection)

    def all(self):
        page, w = self.page, self.w
        w.go("#/")
        page.wait_for_selector(".card")
        self.take("projects")
        self.screen("images", "images", ".card.image")
        self.view()
        self.take("fit")
        self.view(self.native, self.object["id"])
        page.wait_for_selector(".object-head")
        self.take("native")
        self.view(self.native + 3, self.object["id"])
        self.take("past-native")
        self.view(self.native)
        page.keyboard.press("p")
        box = self.object["box"]
        for fx, fy in ((-.1, .2), (.3, -.15), (1.05, .1), (1.1, .9), (.4, 1.1)):
            page.mouse.click(*w.where(self.image, box["x"] + fx * box["width"], box["y"] + fy * box["height"]))
        self.take("drawing")
        page.keyboard.press("Escape")
        self.view(self.native, self.object["id"])
        page.keyboard.press("x")
        for fx, fy in ((.5, .25), (.5, .75)):
            page.mouse.click(*w.where(self.image, box["x"] + fx * box["width"], box["y"] + fy * box["height"]))
        self.take("split")
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
        self.screen("gallery", "gallery", ".gallery")
        self.screen("plots", "plots", ".plots")
        self.screen("sizes", "plots?kind=spectrum", ".plots")
        w.go(f"{self.place}/pipeline")
        page.wait_for_selector(".node")
        page.locator(".node-head").nth(3).click()
        page.wait_for_timeout(1500)
        self.take("pipeline")
        w.go(f"{self.place}/images")
        page.wait_for_selector(".card.image")
        page.get_by_role("radio", name="Table").click()
        page.wait_for_timeout(700)
        self.take("metadata")
        self.screen("jobs", "jobs", ".job-row")
        self.screen("export", "export", ".export .figures")
        w.go(f"{self.place}/images")
        page.keyboard.press("?")
        page.wait_for_selector(".sheet")
        self.take("keys")
        page.keyboard.press("Escape")
        self.view()
        page.keyboard.press("a")
        page.wait_for_selector(".area-bar")
        self.take("area")
        page.keyboard.press("a")
        # As narrow as everything has to work.
        page.set_viewport_size({"width": 900, "height": 700})
        self.view()
        self.take("fit-narrow")
        for screen, wait in (("gallery", ".sheet-area .cell"), ("images", ".card.image"), ("pipeline", ".node"), ("export", ".export .figures")):
            self.screen(f"{screen}-narrow", screen, wait)
        page.set_viewport_size(SIZE)


def label_some(watched):
    """Classes for three of four objects, once, so that pictures show their colours."""
    base = "/api/projects/local/demo"
    if watched.api(f"{base}/categories")["body"]["categories"]:
        return
    ids = watched.api(f"{base}/objects/columns?names=area")["body"]["ids"]
    for n, name in enumerate(("Copepoda", "Diatomea", "Detritus")):
        made = watched.api(f"{base}/categories", "POST", {"name": name, "key": n + 1})["body"]
        watched.api(f"{base}/labels", "POST", {"objects": ids[n::4], "category": made["id"], "status": "validated"})


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    root = OUT / "root"
    if not (root / "local" / "demo").exists():
        subprocess.run([os.environ["SHIP"], "demo", str(root), "--frames", "6", "--size", "2000x1500"], check=True)
    server = Server(root).start()
    try:
        with browser() as chromium:
            watched = Watched(chromium, server, viewport=SIZE).open()
            label_some(watched)
            for theme in ("light", "dark"):
                Studio(watched, theme).all()
            watched.report("screenshots")
    finally:
        server.stop()
    print(f"{len(list(OUT.glob('*.png')))} pictures in {OUT}; {len(failures)} failed")
    finish()


if __name__ == "__main__":
    main()
