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

export const collection = geometries => ({
  type: 'FeatureCollection', features: geometries.map(geometry => ({ type: 'Feature', properties: {}, geometry }))
})

export function boxOf(points) {
  const xs = points.map(p => p[0]), ys = points.map(p => p[1])
  const x = Math.min(...xs), y = Math.min(...ys)
  return { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y }
}
