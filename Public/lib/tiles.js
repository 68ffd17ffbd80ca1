// Geometry of levels and tiles: z = 0 is the whole image in one tile, z = levels − 1 is native. Pure.

/** Width and height of level z: halves of the native size, rounded up. */
export function levelSize(image, z) {
  const k = 2 ** (image.levels - 1 - z)
  return { width: Math.ceil(image.width / k), height: Math.ceil(image.height / k) }
}

/** Size in level pixels of tile (x, y) of level z; edge tiles are cropped, tiles outside have no size (null). */
export function tileSize(image, z, x, y) {
  const { width, height } = levelSize(image, z), t = image.tileSize
  const w = Math.min(t, width - x * t), h = Math.min(t, height - y * t)
  return x < 0 || y < 0 || w <= 0 || h <= 0 ? null : { width: w, height: h }
}

/** Box in native pixels (edges, half-open) that tile (x, y) of level z covers; the level's last pixel may reach past the image. */
export function tileBox(image, z, x, y) {
  const size = tileSize(image, z, x, y)
  if (!size) return null
  const k = 2 ** (image.levels - 1 - z), t = image.tileSize
  return { x: x * t * k, y: y * t * k, width: size.width * k, height: size.height * k }
}

/** How many levels finer the tiles are that a screen with this many device pixels per CSS pixel needs. */
export const zoomOffset = dpr => Math.max(0, Math.round(Math.log2(dpr || 1)))

export const boxesTouch = (a, b) => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height

export function unionBox(boxes) {
  if (!boxes.length) return null
  const x = Math.min(...boxes.map(b => b.x)), y = Math.min(...boxes.map(b => b.y))
  return {
    x, y, width: Math.max(...boxes.map(b => b.x + b.width)) - x, height: Math.max(...boxes.map(b => b.y + b.height)) - y
  }
}

/** Map zoom (0 = level 0, native = levels − 1) at which the whole image fits into the view: a whole step where that wastes less than 7 %. */
export function fitZoom(image, view, margin = 16) {
  const scale = Math.min((view.width - 2 * margin) / image.width, (view.height - 2 * margin) / image.height)
  const zoom = Math.min(image.levels - 1 + 3, image.levels - 1 + Math.log2(Math.max(scale, 1e-9)) + 1e-6), step = Math.floor(zoom)
  return zoom - step < 0.1 ? step : zoom
}
