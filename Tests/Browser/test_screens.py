"""What the screens say when they are empty, waiting, refused, read-only and cut off; in both themes, by keyboard, 900 pixels wide."""
import os
import tempfile
from pathlib import Path

from harness import Watched, browser, check, draw_frames, finish, server, skip


def main():
    if os.environ.get("SHIP_URL"):
        skip("a server that runs already is not stopped")
        return finish()
    with browser() as chromium, server() as s, tempfile.TemporaryDirectory() as folder:
        frames = Path(folder) / "frames"
        frames.mkdir()
        if not draw_frames(frames, 1, "900x700"):
            return finish()
        for theme in ("light", "dark"):
            w = Watched(chromium, s, color_scheme=theme, viewport={"width": 900, "height": 700})
            page = w.page
            w.open() if theme == "light" else None
            if theme == "dark":
                w.context.add_cookies(cookies)
                page.goto(s.origin + "/")
                page.wait_for_selector("header.top", timeout=15000)
            page.wait_for_selector(".empty, .cards")
            if theme == "light":
                check("No project yet" in page.locator(".empty").inner_text(), "without projects the first screen says what one is")
                w.axe("no projects")
                page.keyboard.press("n")
                page.get_by_label("Title of the new project").fill("Screens")
                page.keyboard.press("Enter")
                page.wait_for_selector(".drop.big")
                check("/images" in page.url, "a project is made by keyboard alone")
                user, name = page.url.split("#/")[1].split("/")[:2]
            base, place = f"/api/projects/{user}/{name}", f"#/{user}/{name}"
            if theme == "light":
                for screen, text in (("images", "Drop frames"), ("pipeline", "Add an image"), ("jobs", "Nothing has run yet"), ("export", "No objects to export yet")):
                    w.go(f"{place}/{screen}")
                    page.get_by_text(text).first.wait_for(timeout=10000)
                    check(True, f"{screen}: empty, it says what to do next")
                    w.axe(f"{screen}, empty")
                w.bring_in({"user": user, "name": name}, frames)
                w.go(place + "/pipeline")
                page.wait_for_selector(".node")
                page.keyboard.press("r")
                page.wait_for_selector(".outcome.done", timeout=120000)
                cookies = w.context.cookies()
            for screen in ("images", "pipeline", "jobs", "export", "gallery", "plots"):
                w.go(f"{place}/{screen}")
                page.wait_for_timeout(900)
                check(page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), f"{screen}, {theme}: fits 900 pixels")
                w.axe(f"{screen}, {theme}")
            w.go("#/about")
            page.wait_for_selector(".about-head")
            w.axe(f"about, {theme}")
            if theme == "light":
                w.report("screens")
                w.context.close()

        # A log is open while its job is there; a job runs again.
        w.go(place + "/jobs")
        page.locator(".job-title").first.click()
        page.wait_for_selector(".log")
        check("unchanged" in page.locator(".log").inner_text() or "computed" in page.locator(".log").inner_text(), "a job shows its log", page.locator(".log").inner_text())
        jobs = page.locator(".job").count()
        page.get_by_role("button", name="Run Pipeline again").first.click()
        page.wait_for_function(f"() => document.querySelectorAll('.job').length === {jobs + 1}")
        check(page.locator(".log").count() == 1, "and runs again, with its log open")

        # Slow answers: the screen says what it waits for.
        w.context.route("**/exports/check", lambda route: (page.wait_for_timeout(1200), route.continue_()))
        page.goto(s.origin + "/" + place + "/export")
        page.wait_for_selector(".loading")
        check(page.locator(".loading").inner_text().strip() != "", "while it waits, the screen says for what")
        page.wait_for_selector(".figures", timeout=15000)
        w.context.unroute("**/exports/check")
        # A refusal stands where it arose, with a way to try again.
        w.context.route("**/exports/check", lambda route: route.fulfill(status=500, content_type="application/problem+json", body='{"code":"disk.error","detail":"The disk does not answer; connect it and try again.","status":500,"title":"","type":""}'))
        w.expected.append("exports/check")
        w.go(place + "/export")
        page.get_by_text("connect it and try again").wait_for()
        w.context.unroute("**/exports/check")
        page.get_by_role("button", name="Try again").click()
        page.wait_for_selector(".figures", timeout=15000)
        check(True, "an error stands where it arose and is gone after a second try")
        # Read-only, as the server says it.
        import json

        def read_only(route):
            answer = route.fetch()
            route.fulfill(response=answer, body=json.dumps({**answer.json(), "readOnly": True}))
        w.context.route("**" + base, read_only)
        for screen in ("images", "pipeline", "jobs", "export"):
            w.go(f"{place}/{screen}")
            page.wait_for_selector(".state-note.info")
            page.wait_for_timeout(400)
            check(page.locator("button.primary:not(:disabled)").count() == 0, f"{screen}: read-only, nothing that changes is offered")
            w.axe(f"{screen}, read-only")
        w.context.unroute("**" + base)
        # The trash undoes.
        w.go("#/")
        page.get_by_role("button", name="Move Screens to the trash").click(force=True)
        page.get_by_role("button", name="Undo").click()
        page.wait_for_selector(".card.project h2 a")
        check(True, "a project comes back from the trash by one click")
        # Cut off: what is seen stays, and says so.
        w.expected.append(".")
        w.go(place + "/jobs")
        page.wait_for_selector(".job")
        s.process.kill()
        s.process.wait()
        page.wait_for_selector(".state-note.offline", timeout=20000)
        check(page.locator(".job").count() >= 1, "offline, the jobs stay in sight")
        w.axe("jobs, offline")
        check(not w.foreign, "no request went to another host")
    finish()


if __name__ == "__main__":
    main()
