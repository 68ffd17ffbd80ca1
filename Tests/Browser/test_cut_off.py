"""The server is gone: each screen keeps what it shows, says that it is cut off, keeps changes, and goes on by itself when the server is back."""
import os

from harness import Watched, browser, check, finish, processed, server, skip

# Headless tabs do not know that others lie over them, so they are told.
TELL = "hidden => { Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden }); document.dispatchEvent(new Event('visibilitychange')) }"

SCREENS = [
    ("images", ".card.image", ".card.image"), ("metadata", ".grid .td", ".grid .td"), ("pipeline", ".node", ".node"), ("gallery", ".sheet-area .cell", ".sheet-area .cell"),
    ("plots", ".plot-area canvas", ".plot-area canvas"), ("jobs", ".page", ".page"), ("export", ".figures", ".figures"), ("viewer", ".viewer .map[data-ready=true]", ".leaflet-tile"),
]


def main():
    if os.environ.get("SHIP_URL"):
        skip("a server that runs already is not stopped")
        return finish()
    with browser() as chromium, server() as s:
        project = processed(s.root, "cut", frames=2, size="1200x900")
        if not project:
            return finish()
        w = Watched(chromium, s).open()
        page, place, base = w.page, "#/local/cut", "/api/projects/local/cut"
        image = w.api(f"{base}/blobs")["body"]["images"][0]
        port = s.port
        w.expected.append(".")
        # One tab for each screen, all cut off at once.
        tabs = {}
        for name, wait, _ in SCREENS:
            tab = w.context.new_page()
            tab.set_viewport_size({"width": 1400, "height": 860})
            tab.goto(f"{s.origin}/{place}/" + {"metadata": "images", "viewer": f"view/{image['id']}"}.get(name, name))
            if name == "metadata":
                tab.wait_for_selector(".card.image")
                tab.get_by_role("radio", name="Table").click()
            tab.wait_for_selector(wait, timeout=30000)
            tab.wait_for_timeout(500)
            tabs[name] = tab
            # A browser opens six connections; each of eight tabs on one project works all the same.
            tab.evaluate(TELL, True)
            tab.wait_for_timeout(2200)
        check(True, "eight tabs on one project are open")
        def show(name):
            for other, tab in tabs.items():
                tab.evaluate(TELL, other != name)
            tabs[name].bring_to_front()
            return tabs[name]
        s.process.kill()
        s.process.wait()
        for name, _, kept in SCREENS:
            tab = show(name)
            if name == "viewer":
                # Nothing is drawn yet, so no edit has met the silence.
                tab.wait_for_function("() => /Offline/.test(document.querySelector('header.top').innerText)", timeout=20000)
            else:
                tab.wait_for_selector(".state-note.offline", timeout=20000)
                check("nothing is lost" in tab.locator(".state-note.offline").inner_text(), f"{name}: it says that the server is gone, and that nothing is lost")
            check(tab.locator(kept).count() > 0, f"{name}: what was there stays in sight")
            check("Offline" in tab.locator("header.top").inner_text(), f"{name}: the top bar says Offline")
        w.page = tabs["viewer"]
        w.axe("viewer, offline")
        # What is done now is kept or refused with a sentence, never swallowed.
        tab = show("pipeline")
        tab.locator(".node-head", has_text="Vignetting").click()
        field = tab.locator(".node.open input[role=switch]").first
        field.click()
        tab.wait_for_function("() => /Offline, 1 change waiting/.test(document.querySelector('.saved').textContent)", timeout=10000)
        check(True, "pipeline: a changed value waits")
        tab = show("gallery")
        tab.locator(".cell").nth(3).click()
        tab.keyboard.press("Control+a")
        check("selected" in tab.locator("footer.status").inner_text(), "gallery: it can still be looked through and selected in")
        tab.get_by_label("New class").fill("Copepoda")
        tab.keyboard.press("Enter")
        said = tab.locator("section.section [role=alert]")
        said.wait_for()
        check("does not answer" in said.inner_text() and tab.get_by_label("New class").input_value() == "Copepoda", "gallery: a class that cannot be made is refused with the reason, and its name stays in the field", said.inner_text())
        tab = show("plots")
        tab.get_by_role("radio", name="Sizes").click()
        tab.wait_for_timeout(400)
        check(tab.locator(".plot-area canvas").count() + tab.locator(".problem").count() > 0, "plots: another kind of plot is drawn from what is there, or its absence is told")
        tab = show("export")
        tab.get_by_role("button", name="Check again").click()
        tab.get_by_role("button", name="Try again").first.wait_for()
        check(tab.get_by_role("button", name="Try again").count() == 1 and "does not answer" in tab.locator("body").inner_text(), "export: a check without a server is told where it stands, with a retry")
        tab = show("jobs")
        check(tab.locator("h1").inner_text() == "Jobs", "jobs: the screen stands")
        # A screen that was not open yet, without a server.
        fresh = show("images")
        fresh.get_by_role("link", name="Gallery").first.click()
        fresh.wait_for_selector(".problem, .sheet-area .cell", timeout=10000)
        check(True, "a screen that is opened now says what it cannot load")
        fresh.get_by_role("link", name="Jobs").first.click()
        fresh.get_by_role("link", name="Images").first.click()
        fresh.wait_for_selector(".problem", timeout=10000)
        check("0 images" not in fresh.locator("footer.status").inner_text(), "and Images counts none that it does not know of", fresh.locator("footer.status").inner_text())

        s.start(port)
        # A new start forgets its sessions; one tab signs in, the cookie is everybody's.
        page.bring_to_front()
        page.goto("about:blank")
        page.goto(s.url)
        page.wait_for_selector("header.top", timeout=15000)
        for name, _, kept in SCREENS:
            tab = show(name)
            tab.wait_for_timeout(300)
            if tab.locator(".sign-in").count():
                tab.reload()
            tab.wait_for_function("() => !document.querySelector('.state-note.offline') && document.querySelector('header.top') && !/Offline/.test(document.querySelector('header.top').innerText)", timeout=30000)
            w.page = tab
            w.wait_until(f"{name}: it goes on when the server is back, and complains no more", lambda: tab.locator(".problem").count() == 0)
        off = lambda: any(n.get("config", {}) and False in n["config"].values() for n in w.api(f"{base}/graph")["body"]["nodes"])
        show("pipeline")
        w.page = page
        w.wait_until("pipeline: the waiting change is saved", off, 20)
        check(not w.foreign, "no request went to another host")
    finish()


if __name__ == "__main__":
    main()
