"""Tiles, overlay tiles and vectors lie on each other within half a CSS pixel, at every zoom, whole or not, and at one and two device pixels a CSS pixel."""
import tempfile
from pathlib import Path

from harness import Watched, browser, check, draw_frames, finish, server

MEASURE = r"""([image, box, zoom]) => {
  const offset = Math.round(Math.log2(devicePixelRatio)), tiles = [...document.querySelectorAll('.tiles img, .tiles canvas')].filter(t => t.offsetWidth && t.closest('.leaflet-tile-container')).map(t => {
    const r = t.getBoundingClientRect(), { x, y, z } = t.place
    return { kind: t.tagName, z: z + offset, x, y, left: r.left, top: r.top, width: r.width, height: r.height, nw: t.naturalWidth ?? t.width, nh: t.naturalHeight ?? t.height }
  })
  // Past the native level masks are drawn finer than there are pixels, so each kind has its own finest level.
  const finest = kind => Math.max(...tiles.filter(t => t.kind === kind).map(t => t.z)), now = tiles.filter(t => t.z === finest(t.kind))
  const scaleOf = t => 2 ** (zoom - t.z), native = image.levels - 1
  const size = t => { const k = 2 ** (native - t.z); return { w: Math.min(512, Math.ceil(image.width / k) - t.x * 512), h: Math.min(512, Math.ceil(image.height / k) - t.y * 512) } }
  // The corner of the image in the middle of what tiles say; each of them may be half a pixel of the screen off it, and no more.
  const middle = list => (Math.min(...list) + Math.max(...list)) / 2
  const left0 = middle(now.map(t => t.left - t.x * 512 * scaleOf(t))), top0 = middle(now.map(t => t.top - t.y * 512 * scaleOf(t)))
  let worst = 0, natural = 0, seam = 0
  for (const t of now) {
    const s = size(t), scale = scaleOf(t)
    // A mask shown smaller than it is has the pixels of the screen, so that none of its rows is left out.
    const screen = t.kind === 'CANVAS' && scale * devicePixelRatio < 1, w = screen ? Math.round(t.width * devicePixelRatio) : s.w, h = screen ? Math.round(t.height * devicePixelRatio) : s.h
    if (t.nw && (t.nw !== w || t.nh !== h)) natural++
    worst = Math.max(worst, Math.abs(t.left - left0 - t.x * 512 * scale), Math.abs(t.top - top0 - t.y * 512 * scale), Math.abs(t.left + t.width - left0 - (t.x * 512 + s.w) * scale), Math.abs(t.top + t.height - top0 - (t.y * 512 + s.h) * scale))
    // Between neighbours not even a part of a device pixel is open: there the ground would shine through.
    for (const [other, gap] of [[now.find(o => o.kind === t.kind && o.x === t.x + 1 && o.y === t.y), o => o.left - t.left - t.width], [now.find(o => o.kind === t.kind && o.y === t.y + 1 && o.x === t.x), o => o.top - t.top - t.height]]) if (other) seam = Math.max(seam, Math.abs(gap(other)))
  }
  let vector = null
  const path = [...document.querySelectorAll('.leaflet-marks-pane path')].pop()
  if (path && box) {
    const b = path.getBBox(), m = path.getScreenCTM()
    const edge = (v, o) => o + v * 2 ** (zoom - native)
    // Outlines are cut off outside the view, so only sides in view are compared.
    const view = document.querySelector('.viewer .map').getBoundingClientRect(), inside = (v, from, to) => v > from && v < to
    for (const [is, should, from, to] of [
      [b.x * m.a + m.e, edge(box.x, left0), view.left, view.right], [(b.x + b.width) * m.a + m.e, edge(box.x + box.width, left0), view.left, view.right],
      [b.y * m.d + m.f, edge(box.y, top0), view.top, view.bottom], [(b.y + b.height) * m.d + m.f, edge(box.y + box.height, top0), view.top, view.bottom]
    ]) if (inside(should, from, to)) vector = Math.max(vector ?? 0, Math.abs(is - should))
  }
  return { worst, seam, natural, vector, count: now.length, kinds: new Set(now.map(t => t.kind)).size, scale: 2 ** (zoom - finest('IMG')) * devicePixelRatio }
}"""


def main():
    with browser() as chromium, server() as s, tempfile.TemporaryDirectory() as folder:
        frames = Path(folder) / "frames"
        frames.mkdir()
        if not draw_frames(frames, 1, "5001x3333"):
            return finish()
        w = Watched(chromium, s).open()
        project, base, image = w.project("Registration", frames, 90)
        image = w.run(base, image, 180)
        check((image["width"], image["height"]) == (5001, 3333), "the frame has 5001 × 3333 pixels")
        objects = w.api(f"{base}/objects?blob={image['id']}&kind=region&limit=500")["body"]["objects"]
        # One near the lower right corner, where cropped tiles show any stretch; small, so that it fits into the view at every zoom.
        obj = max([o for o in objects if o["box"]["width"] <= 40 and o["box"]["height"] <= 30] or objects, key=lambda o: o["box"]["x"] + o["box"]["y"])
        x, y = obj["box"]["x"] + obj["box"]["width"] // 2, obj["box"]["y"] + obj["box"]["height"] // 2
        cookies = w.context.storage_state()
        for dpr in (1, 2):
            v = Watched(chromium, s, storage_state=cookies, device_scale_factor=dpr)
            native = image["levels"] - 1
            for zoom in [*range(-1, image["levels"] + 4), *(native + z for z in (-2.63, -1.41, -0.5, 0.29, 2.5))]:
                v.view(project, image, x, y, zoom, obj["id"])
                v.page.wait_for_selector(".leaflet-marks-pane path", state="attached", timeout=10000)
                m = v.page.evaluate(MEASURE, [image, obj["box"], zoom])
                where = f"zoom {zoom - native:+g} from native, {dpr} device px"
                check(m["kinds"] == 2 and m["worst"] <= 0.5, f"{where}: {m['count']} tiles and overlay tiles lie within {m['worst']:.2f} CSS px")
                check(m["seam"] < 0.01, f"{where}: no seam between tiles", str(m["seam"]))
                check(m["natural"] == 0, f"{where}: edge tiles are cropped, not padded")
                check(m["vector"] is not None and m["vector"] <= 0.5, f"{where}: the outline lies within {9 if m['vector'] is None else m['vector']:.2f} CSS px")
                if zoom in range(0, native):
                    check(abs(m["scale"] - 1) < 0.01, f"{where}: one tile pixel a device pixel", str(m["scale"]))
            v.report(f"registration at {dpr} device px")
            v.context.close()
    finish()


if __name__ == "__main__":
    main()
