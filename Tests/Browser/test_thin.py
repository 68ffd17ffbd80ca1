"""Lines of one pixel stay whole on the screen at zooms between the steps: no row and no column of them is left out."""
import math
import tempfile

from drawing import project_with_frame
from harness import Watched, browser, check, finish, server

# Lines by their ends; steep ones must be seen in each row of the screen, flat ones in each column.
CENTRE = (330, 340)
ZOOMS = (-1.5, -1.41, -1.2, -0.71, -0.5, -0.37, -0.25, -0.1, 0.29, 0.5, 1.5)
ANGLES = (0, 15, 30, 45, 60, 75, 90, 105, 120, 135, 150, 165)

# Of one line: places along it, a pixel of the screen apart, at which nothing covered lies within two pixels across it.
LOST = r"""([lines, zoom, levels]) => {
  const dpr = devicePixelRatio, native = levels - 1, tiles = [...document.querySelectorAll('.overlay canvas')].filter(t => t.offsetWidth && t.closest('.leaflet-tile-container'))
  const finest = Math.max(...tiles.map(t => t.place.z)), shown = tiles.filter(t => t.place.z === finest).map(t => ({ t, r: t.getBoundingClientRect() }))
  const data = shown.map(({ t, r }) => ({ r, w: t.width, h: t.height, d: t.getContext('2d').getImageData(0, 0, t.width, t.height).data }))
  const scale = 2 ** (zoom - native), first = shown[0], step = 512 * 2 ** (zoom - finest - Math.round(Math.log2(dpr)))
  const left = first.r.left - first.t.place.x * step, top = first.r.top - first.t.place.y * step
  // As the browser shows it: the nearest pixel of the canvas.
  const covered = (x, y) => data.some(({ r, w, h, d }) => { const u = Math.floor((x - r.left) * w / r.width), v = Math.floor((y - r.top) * h / r.height)
    return u >= 0 && v >= 0 && u < w && v < h && d[4 * (v * w + u) + 3] > 0 })
  const lost = []
  for (const [x0, y0, x1, y1] of lines) {
    const at = ([x, y]) => [left + (x + 0.5) * scale, top + (y + 0.5) * scale], [a, b] = [at([x0, y0]), at([x1, y1])], steep = Math.abs(b[1] - a[1]) >= Math.abs(b[0] - a[0]), k = steep ? 1 : 0
    const from = Math.ceil(Math.min(a[k], b[k]) * dpr), to = Math.floor(Math.max(a[k], b[k]) * dpr)
    let gone = 0
    for (let i = from; i < to; i++) {
      const along = (i + 0.5) / dpr, across = a[1 - k] + (along - a[k]) / (b[k] - a[k]) * (b[1 - k] - a[1 - k]), near = Math.max(2, 1.5 * scale)
      let seen = false
      for (let j = -near; j <= near && !seen; j += 0.5 / dpr) seen = steep ? covered(across + j, along) : covered(along, across + j)
      if (!seen) gone++
    }
    if (gone || to - from < 20) lost.push(`${[x0, y0, x1, y1].map(Math.round)}: ${gone} of ${to - from}`)
  }
  return { lost, tiles: shown.length }
}"""


def main():
    with browser() as chromium, server() as s, tempfile.TemporaryDirectory() as folder:
        w = Watched(chromium, s).open()
        made = project_with_frame(w, folder, "Thin", run=False)
        if not made:
            return finish()
        project, base, image = made
        native = image["levels"] - 1
        lines = []
        for i, angle in enumerate(ANGLES):
            x, y = 110 + 220 * (i % 4), 110 + 230 * (i // 4)
            dx, dy = 80 * math.cos(math.radians(angle)), 80 * math.sin(math.radians(angle))
            lines.append([x - dx, y - dy, x + dx, y + dy])
        for x0, y0, x1, y1 in lines:
            answer = w.api(f"{base}/edits", "POST", {"operation": "draw", "image": image["id"], "objects": [], "annotations": {"type": "FeatureCollection", "features": [
                {"type": "Feature", "properties": {"width": 1}, "geometry": {"type": "LineString", "coordinates": [[x0, y0], [x1, y1]]}}]}})
            assert answer["status"] < 300, answer
        cookies = w.context.storage_state()
        for dpr in (1, 2):
            v = Watched(chromium, s, storage_state=cookies, device_scale_factor=dpr)
            for zoom in ZOOMS if dpr == 1 else ZOOMS[::4]:
                v.view(project, image, *CENTRE, native + zoom, style="fill")
                inside = [l for l in lines if all(abs(x - CENTRE[0]) < 470 / 2 ** zoom and abs(y - CENTRE[1]) < 370 / 2 ** zoom for x, y in (l[:2], l[2:]))]
                found = v.page.evaluate(LOST, [inside, native + zoom, image["levels"]])
                check(inside and not found["lost"], f"zoom {zoom:+g} from native, {dpr} device px: {len(inside)} lines of one pixel lose nothing", "; ".join(found["lost"][:4]))
            v.report(f"thin lines at {dpr} device px")
            v.context.close()
    finish()


if __name__ == "__main__":
    main()
