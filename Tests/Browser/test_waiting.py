"""Slow answers, refused ones and none at all: each screen says what it waits for, what went wrong with a way to try again, and what to do when it is empty."""
import contextlib
import json

from playwright.sync_api import Error

from harness import Watched, browser, check, finish, processed, server

REFUSED = json.dumps({"code": "disk.error", "detail": "The disk does not answer; connect it and try again.", "status": 500, "title": "", "type": ""})
# Screen, what it asks for first, what it shows then.
SCREENS = [
    ("images", "**/api/projects/local/wait/blobs?*", ".card.image"), ("images?as=table", "**/api/projects/local/wait/metadata**", ".grid .td"), ("pipeline", "**/api/projects/local/wait/graph", ".node"),
    ("gallery", "**/api/projects/local/wait/objects/columns**", ".sheet-area .cell"), ("plots", "**/api/projects/local/wait/objects/columns**", ".plot-area canvas"),
    ("jobs", "**/api/projects/local/wait/jobs", ".job-row, .empty"), ("export", "**/api/projects/local/wait/exports/check", ".figures"),
]


def main():
    with server() as s, browser() as chromium:
        project = processed(s.root, "wait", frames=1, size="1200x900")
        if not project:
            return finish()
        w = Watched(chromium, s).open()
        page = w.page
        image = w.api("/api/projects/local/wait/blobs")["body"]["images"][0]["id"]
        screens = SCREENS + [(f"view/{image}", f"**/api/projects/local/wait/blobs/{image}", ".viewer .map[data-ready=true]")]
        for address, asked, shown in screens:
            screen = {"images?as=table": "metadata", f"view/{image}": "viewer"}.get(address, address)

            def open_it():
                page.goto(s.origin + "/#/local/wait/" + address.split("?")[0])
                page.reload()
                if screen == "metadata":
                    page.get_by_role("radio", name="Table").click(timeout=15000)
            held = []
            page.route(asked, lambda route: held.append(route))
            open_it()
            waiting = page.locator("main [role=status]:visible").filter(has_text="…")
            waiting.first.wait_for(timeout=10000)
            check(len(waiting.first.inner_text()) > 8, f"{screen}: while it waits it says for what", waiting.first.inner_text())
            if screen in ("gallery", "viewer"):
                w.axe(f"{screen}, waiting")
            for route in held:
                with contextlib.suppress(Error):  # of the page that the reload replaced
                    route.continue_()
            page.unroute(asked)
            page.locator(shown).first.wait_for(timeout=20000)
            check(waiting.count() == 0, f"{screen}: and no more when it is there")

            w.expected.append(asked.strip("*").split("wait/")[1].strip("*?"))
            page.route(asked, lambda route: route.fulfill(status=500, content_type="application/problem+json", body=REFUSED))
            open_it()
            page.get_by_text("connect it and try again").first.wait_for(timeout=10000)
            check(True, f"{screen}: a refusal stands there with its reason")
            w.axe(f"{screen}, refused")
            again = page.locator("main").get_by_role("button", name="Try again")
            check(again.count() >= 1, f"{screen}: with a way to try again")
            page.unroute(asked)
            if again.count():
                again.first.click()
                page.locator(shown).first.wait_for(timeout=20000)
                page.wait_for_timeout(300)
                check(page.locator("main .problem").count() == 0, f"{screen}: which works", page.locator("main").inner_text()[:200])
        w.console.clear()  # the browser itself writes a line for each refusal

        empty, _, _ = w.project("Empty")
        for screen, text in (("images", "Drop frames"), ("pipeline", "Add an image"), ("gallery", "No objects yet"), ("plots", "Nothing to plot yet"), ("jobs", "Nothing has run yet"), ("export", "No objects to export yet"), ("view/99", "No such image")):
            w.expected.append("blobs/99")
            w.go(f"#/local/{empty['name']}/{screen}")
            page.get_by_text(text).first.wait_for(timeout=10000)
            check(page.locator("main a:visible, main button:visible").count() > 0, f"{screen}: empty, it says so and offers the next step")
            w.axe(f"{screen}, empty")
        w.console.clear()
        w.report("waiting")
    finish()


if __name__ == "__main__":
    main()
