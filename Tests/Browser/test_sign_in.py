"""A tab that waits for a key to the server goes on by itself when another tab got one."""
import os
import tempfile

from harness import Watched, browser, check, draw_frames, finish, server, skip


def main():
    if os.environ.get("SHIP_URL"):
        skip("a server that runs already is not stopped")
        return finish()
    with browser() as chromium, server() as s, tempfile.TemporaryDirectory() as folder:
        if not draw_frames(folder, 1, "300x200"):
            return finish()
        w = Watched(chromium, s).open()
        w.expected.append(".")
        project, base, image = w.project("Key", folder)
        old, port = w.page, s.port
        old.wait_for_selector(".card.image")
        s.stop()
        s.start(port)
        old.get_by_text("This browser has no key").wait_for(timeout=20000)
        check(True, "after a restart the tab asks for the address")
        new = w.context.new_page()
        new.goto(s.url)
        new.wait_for_selector("header.top", timeout=15000)
        old.wait_for_selector(".card.image", timeout=5000)
        check(old.get_by_text("This browser has no key").count() == 0, "let in by another tab, it shows its screen again by itself")
    finish()


if __name__ == "__main__":
    main()
