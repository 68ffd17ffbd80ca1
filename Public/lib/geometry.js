// Plane geometry in image pixels, [x, y]. Pure.

/** Even-odd rule over rings, as the server fills polygons. */
export function inRings(rings, x, y) {
  let inside = false
  for (const ring of rings) {
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
      const [xi, yi] = ring[i], [xj, yj] = ring[j]
      if ((yi > y) !== (yj > y) && x < (xj - xi) * (y - yi) / (yj - yi) + xi) inside = !inside
    }
  }
  return inside
}

/** All rings of a Polygon or MultiPolygon. */
export const ringsOf = geometry => !geometry ? [] : geometry.type === 'MultiPolygon' ? geometry.coordinates.flat() : geometry.coordinates

export const contains = (geometry, x, y) => inRings(ringsOf(geometry), x, y)

export function area(ring) {
  let sum = 0
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) sum += ring[j][0] * ring[i][1] - ring[i][0] * ring[j][1]
  return Math.abs(sum) / 2
}

export const polygon = vertices => ({ type: 'Polygon', coordinates: [[...vertices, vertices[0]]] })

export const feature = (geometry, properties = {}) => ({ type: 'Feature', properties, geometry })
export const collection = features => ({ type: 'FeatureCollection', features })

/** A pen line; one place is a dot. */
export const penLine = (points, properties) => feature(points.length > 1 ? { type: 'LineString', coordinates: points } : { type: 'Point', coordinates: points[0] }, properties)

export function boxOf(points) {
  const xs = points.map(p => p[0]), ys = points.map(p => p[1])
  const x = Math.min(...xs), y = Math.min(...ys)
  return { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y }
}

const lineOf = ({ type, coordinates }) => type === 'Point' ? [coordinates] : type === 'Polygon' ? coordinates[0] : type === 'MultiPolygon' ? coordinates.flat(2) : coordinates

/** Box around features, pen lines at their width. */
export function extent(features) {
  return boxOf(features.flatMap(({ geometry, properties: { width = 0 } }) => lineOf(geometry).flatMap(([x, y]) => [[x - width / 2, y - width / 2], [x + width / 2, y + width / 2]])))
}

/** Whether features pass within a pixel of a box. */
export const nearBox = (features, box) => features.some(({ geometry, properties: { width = 0 } }) => lineOf(geometry).some(([x, y]) => {
  const reach = width / 2 + 1
  return x > box.x - reach && y > box.y - reach && x < box.x + box.width + reach && y < box.y + box.height + reach
}))

/** Whether a feature covers a place: an area, or a pen line at its width. */
export function covers({ geometry, properties: { width = 0 } }, x, y) {
  if (geometry.type.endsWith('Polygon')) return contains(geometry, x, y)
  return lineOf(geometry).some(([ax, ay], i, line) => {
    const [bx, by] = line[i + 1] ?? [ax, ay], dx = bx - ax, dy = by - ay, t = Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy || 1)))
    return Math.hypot(x - ax - t * dx, y - ay - t * dy) <= width / 2
  })
}

/** Takes the steps of whole screen pixels out of a stroke, two passes of 1-2-1; its ends stay. */
export function smooth(points, passes = 2) {
  const last = points.length - 1
  for (; passes > 0; passes--) points = points.map((p, i) => i === 0 || i === last ? p : [0, 1].map(k => (points[i - 1][k] + 2 * p[k] + points[i + 1][k]) / 4))
  return points
}

/** Fewer points, none of those left out farther than `tolerance` from the line (Ramer 1972; without recursion, strokes are long). */
export function simplify(points, tolerance) {
  const kept = new Set([0, points.length - 1]), open = [[0, points.length - 1]]
  while (open.length) {
    const [from, to] = open.pop(), [ax, ay] = points[from], dx = points[to][0] - ax, dy = points[to][1] - ay, square = dx * dx + dy * dy
    let farthest = tolerance * tolerance, at = -1
    for (let i = from + 1; i < to; i++) {
      const px = points[i][0] - ax, py = points[i][1] - ay, t = square ? Math.max(0, Math.min(1, (px * dx + py * dy) / square)) : 0
      const d = (px - t * dx) ** 2 + (py - t * dy) ** 2
      if (d > farthest) { farthest = d; at = i }
    }
    if (at > 0) { kept.add(at); open.push([from, at], [at, to]) }
  }
  return points.filter((_, i) => kept.has(i))
}

/** A few places along a line, both ends among them. */
export function samples(points, most = 12) {
  const n = Math.min(points.length, most)
  const few = Array.from({ length: n }, (_, i) => points[Math.round(i * (points.length - 1) / Math.max(1, n - 1))])
  return few.flatMap((p, i) => i ? [[(p[0] + few[i - 1][0]) / 2, (p[1] + few[i - 1][1]) / 2], p] : [p])
}
