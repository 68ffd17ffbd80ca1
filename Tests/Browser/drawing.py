"""What the tests of drawing share: a project with one frame, pixels of objects, gestures in image pixels, and plain second ways to fill shapes."""
import io
import math
import re
from pathlib import Path

from PIL import Image

from harness import draw_frames


def project_with_frame(w, folder, title, size="900x700", run=True):
    frames = Path(folder) / "frames"
    frames.mkdir()
    if not draw_frames(frames, 1, size):
        return None
    project, base, image = w.project(title, frames)
    if run:
        image = w.run(base, image)
    return project, base, image


def objects(w, base, image):
    return w.api(f"{base}/objects?blob={image['id']}&kind=region&limit=500")["body"]["objects"]


def pixels(w, base, obj):
    """The set of (x, y) of an object, from the 1-bit PNG that the server gives."""
    obj = w.api(f"{base}/objects/{obj['id'] if isinstance(obj, dict) else obj}")["body"]
    data = bytes(w.page.evaluate("async u => [...new Uint8Array(await (await fetch(u)).arrayBuffer())]", f"{base}/masks/{obj['id']}.png"))
    mask, x0, y0 = Image.open(io.BytesIO(data)), obj["box"]["x"], obj["box"]["y"]  # index 1 is the foreground
    return {(x0 + i % mask.width, y0 + i // mask.width) for i, bit in enumerate(mask.getdata()) if bit}


def inside(points, reach=0.0):
    """Pixels whose centre lies in a polygon (even-odd), and those whose centre is nearer than `reach` to its edge."""
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    sure, edge = set(), set()
    for y in range(math.floor(min(ys)) - 1, math.ceil(max(ys)) + 2):
        for x in range(math.floor(min(xs)) - 1, math.ceil(max(xs)) + 2):
            odd = False
            for (ax, ay), (bx, by) in zip(points, points[1:] + points[:1]):
                if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
                    odd = not odd
            if distance(points + points[:1], x, y) < reach:
                edge.add((x, y))
            elif odd:
                sure.add((x, y))
    return sure, edge


def distance(line, x, y):
    best = math.inf
    for (ax, ay), (bx, by) in zip(line, line[1:] or line):
        dx, dy = bx - ax, by - ay
        t = max(0, min(1, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy))) if dx or dy else 0
        best = min(best, math.hypot(x - ax - t * dx, y - ay - t * dy))
    return best


def near(line, width, reach):
    """Pixels under a pen of this width, and those within `reach` of its edge."""
    xs, ys, r = [p[0] for p in line], [p[1] for p in line], width / 2
    sure, edge = set(), set()
    for y in range(math.floor(min(ys) - r) - 2, math.ceil(max(ys) + r) + 3):
        for x in range(math.floor(min(xs) - r) - 2, math.ceil(max(xs) + r) + 3):
            d = distance(line, x, y)
            if abs(d - r) < reach:
                edge.add((x, y))
            elif d < r:
                sure.add((x, y))
    return sure, edge


def same(found, expected):
    """'' when the pixels found are the sure ones and at most those of the edge besides; else what differs."""
    sure, edge = expected
    lost, more = sure - found, found - sure - edge
    return "" if sure and not lost and not more else f"{len(found)} pixels, {len(lost)} missing {sorted(lost)[:3]}, {len(more)} too many {sorted(more)[:3]}"


def screen(w, image):
    """Function from image pixels to places on the screen, by the tiles that are on it."""
    at = re.search(r"at=(-?[\d.]+),(-?[\d.]+),(-?[\d.]+)", w.page.url)
    scale = 2 ** (float(at[3]) - image["levels"] + 1)
    left, top = w.page.evaluate(r"""([levels, scale]) => {
      const t = [...document.querySelectorAll('.tiles img')].find(t => t.offsetWidth && /tiles\/\d+\/0\/0/.test(t.src)) ?? [...document.querySelectorAll('.tiles img')].find(t => t.offsetWidth && /tiles\/\d+\/\d+\/\d+/.test(t.src))
      const [, z, x, y] = /tiles\/(\d+)\/(\d+)\/(\d+)/.exec(t.src).map(Number), r = t.getBoundingClientRect(), k = 512 * 2 ** (levels - 1 - z) * scale
      return [r.left - x * k, r.top - y * k] }""", [image["levels"], scale])
    return scale, lambda x, y: (left + (x + 0.5) * scale, top + (y + 0.5) * scale)


def stroke(page, places, steps=6):
    page.mouse.move(*places[0])
    page.mouse.down()
    for p in places[1:]:
        page.mouse.move(*p, steps=steps)
    page.mouse.up()
