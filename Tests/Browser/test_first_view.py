"""An image is looked at as soon as it is known, before its pyramid exists; the sharper tiles come by themselves, in the same place."""
import tempfile
import time
from pathlib import Path

from PIL import Image, ImageDraw

from harness import Watched, browser, check, finish, server

SIZE = (12000, 9000)
GRAY = """() => { const tile = [...document.querySelectorAll('.leaflet-tile')].find(t => t.complete && t.naturalWidth), c = document.createElement('canvas'); if (!tile) return 0
    c.width = tile.naturalWidth; c.height = tile.naturalHeight; const p = c.getContext('2d'); p.drawImage(tile, 0, 0); const d = p.getImageData(0, 0, c.width, c.height).data
    let low = 255, high = 0; for (let i = 0; i < d.length; i += 4) { low = Math.min(low, d[i]); high = Math.max(high, d[i]) } return high - low }"""


def main():
    with server() as s, browser() as chromium, tempfile.TemporaryDirectory() as folder:
        frames = Path(folder) / "frames"
        frames.mkdir()
        picture = Image.new("L", SIZE, 220)
        draw = ImageDraw.Draw(picture)
        for x in range(0, SIZE[0], 600):
            for y in range(0, SIZE[1], 600):
                draw.ellipse((x + 100, y + 100, x + 400, y + 300), fill=60)
        picture.save(frames / "large.jpg", quality=85)
        w = Watched(chromium, s).open()
        page = w.page
        project, base, _ = w.project("First view")
        w.go(f"#/{project['user']}/{project['name']}/images")
        page.wait_for_selector(".folder-input", state="attached")
        page.locator(".folder-input").set_input_files(str(frames))
        end = time.time() + 60
        image = None
        while not image and time.time() < end:
            image = (w.api(f"{base}/blobs")["body"]["images"] or [None])[0]
        before = not image["pyramid"]
        page.goto(f"{s.origin}/#/{project['user']}/{project['name']}/view/{image['id']}")
        page.wait_for_selector(".viewer .map[data-ready=true]", timeout=20000)
        page.wait_for_function("() => [...document.querySelectorAll('.leaflet-tile')].some(t => t.complete && t.naturalWidth > 1)", timeout=20000)
        check(page.evaluate(GRAY) > 100, f"108 megapixels are seen {'before' if before else 'with'} their pyramid")
        if before:
            said = page.locator("footer.status").inner_text()
            now = w.api(f"{base}/blobs/{image['id']}")["body"]["pyramid"]
            check("Preparing sharper tiles" in said or now, "and the foot says that sharper tiles are being made", said)
        else:
            print("note: the pyramid was there before the viewer was", flush=True)
        w.wait_until("the pyramid comes by itself", lambda: w.api(f"{base}/blobs/{image['id']}")["body"]["pyramid"], 60)
        page.wait_for_function("() => !/Preparing/.test(document.querySelector('footer.status').innerText)", timeout=20000)
        check(True, "and the note goes")
        image = w.api(f"{base}/blobs/{image['id']}")["body"]
        w.settle()
        check(page.evaluate(GRAY) > 100, "the picture is still there")
        # A disc lies where it was drawn: dark inside, bright beside.
        w.view(project, image, 6250, 4400, image["levels"] - 1)
        tone = lambda x, y: w.api(f"{base}/blobs/{image['id']}/pixels?x={x}&y={y}&width=1&height=1")["body"]["values"][0][0][0]
        check(tone(6250, 4400) < 90 and tone(6550, 4400) > 200, "at the full size, each thing in its place")
        w.report("first view")
    finish()


if __name__ == "__main__":
    main()
