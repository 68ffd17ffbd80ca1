"""A frame of 16 bits: the sliders of the window span the values it has, all values on request; the picture uses the whole brightness of the screen."""
import tempfile
from pathlib import Path

from PIL import Image

from harness import Watched, browser, check, finish, server


def main():
    with server() as s, browser() as chromium, tempfile.TemporaryDirectory() as folder:
        frames = Path(folder) / "frames"
        frames.mkdir()
        values = bytearray()
        for y in range(600):
            for x in range(800):
                values += (1200 + (x * 3000) // 799).to_bytes(2, "little")
        Image.frombytes("I;16", (800, 600), bytes(values)).save(frames / "deep.png")
        w = Watched(chromium, s).open()
        page = w.page
        project, base, image = w.project("Deep", frames)
        check(image["bits"] == 16, "the frame has 16 bits")
        w.view(project, image)
        page.locator(".viewer .map").focus()
        page.keyboard.press("d")
        black, white = page.get_by_role("slider", name="Black point"), page.get_by_role("slider", name="White point")
        ends = lambda: (int(black.get_attribute("min")), int(white.get_attribute("max")))
        w.wait_until("the sliders span the values of the image", lambda: 1150 <= ends()[0] <= 1200 and 4200 <= ends()[1] <= 4260)
        check("Display changed" not in page.locator(".stage").inner_text(), "and nothing counts as changed")
        w.axe("window of 16 bits")
        page.get_by_label("All values").check()
        check(ends() == (0, 65535), "all values on request", str(ends()))
        page.get_by_label("All values").uncheck()
        page.get_by_label("White point, value").fill("9000")
        page.keyboard.press("Enter")
        w.wait_until("a typed value beyond widens them", lambda: ends()[1] == 9000)
        page.locator(".viewer .map").focus()
        page.keyboard.press("Shift+d")
        w.wait_until("as recorded, they are back", lambda: ends()[1] <= 4260)
        black.focus()
        before = black.input_value()
        page.keyboard.press("ArrowRight")
        check(int(black.input_value()) == int(before) + 1, "a key moves the black point by one value", f"{before} {black.input_value()}")
        w.report("sixteen bits")
    finish()


if __name__ == "__main__":
    main()
