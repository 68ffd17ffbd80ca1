// Tools that draw. One rule for all: a click adds, Backspace takes the last back, Enter finishes, Esc gives up.
import { latLng } from './image-map.js'
const { L } = window

const pane = 'marks'
const line = (points, style) => L.polyline(points.map(p => latLng(...p)), { interactive: false, pane, ...style })

/**
 * `host`: { map, colors() → { color, casing }, changed() , finishPolygon(vertices), finishPoints(points) }
 * `kind`: "pan" (draws nothing), "polygon" or "point".
 */
export function createTools(host) {
  const { map } = host
  const layer = L.layerGroup().addTo(map)
  let kind = 'pan', points = [], undone = [], cursor = null

  function draw() {
    layer.clearLayers()
    if (!points.length && !cursor) return
    const { color, casing } = host.colors()
    if (kind === 'polygon' && points.length) {
      const open = cursor ? [...points, cursor] : points
      line(open, { color: casing, weight: 5, opacity: 0.9 }).addTo(layer)
      line(open, { color, weight: 2 }).addTo(layer)
      if (open.length > 2) {
        line([open[open.length - 1], open[0]], { color, weight: 1, dashArray: '3 4', opacity: 0.8 }).addTo(layer)
        L.polygon(open.map(p => latLng(...p)), { interactive: false, pane, stroke: false, fillColor: color, fillOpacity: 0.12 }).addTo(layer)
      }
      points.forEach((p, i) => L.circleMarker(latLng(...p), { interactive: false, pane, radius: i === 0 ? 5 : 3.5, color, weight: 2, fillColor: casing, fillOpacity: 1 }).addTo(layer))
    }
    if (kind === 'point') points.forEach((p, i) => {
      L.circleMarker(latLng(...p), { interactive: false, pane, radius: 9, color: casing, weight: 2, fillColor: color, fillOpacity: 1 }).addTo(layer)
      L.marker(latLng(...p), { interactive: false, keyboard: false, pane: 'numbers', icon: L.divIcon({ className: 'point-number', html: String(i + 1), iconSize: [18, 18] }) }).addTo(layer)
    })
  }
  const changed = () => { draw(); host.changed() }
  const near = (a, b) => map.latLngToContainerPoint(latLng(...a)).distanceTo(map.latLngToContainerPoint(latLng(...b))) < 9

  return {
    get kind() { return kind },
    get points() { return points },
    get busy() { return points.length > 0 },
    use(next) { kind = next; points = []; undone = []; cursor = null; changed() },
    click(x, y) {
      if (kind === 'polygon' && points.length > 2 && near([x, y], points[0])) return this.finish()
      points = [...points, [x, y]]
      undone = []
      changed()
    },
    move(x, y) { if (kind === 'polygon' && points.length) { cursor = [x, y]; draw() } },
    /** Also a double click ends a polygon: its second click has added the same place twice. */
    doubleClick() {
      if (kind !== 'polygon') return
      const n = points.length
      if (n > 1 && near(points[n - 1], points[n - 2])) points = points.slice(0, -1)
      this.finish()
    },
    takeBack() { if (!points.length) return false; undone = [...undone, points[points.length - 1]]; points = points.slice(0, -1); if (!points.length) cursor = null; changed(); return true },
    putBack() { if (!undone.length) return false; points = [...points, undone[undone.length - 1]]; undone = undone.slice(0, -1); changed(); return true },
    /** false when there is nothing that could be finished yet. */
    finish() {
      if (kind === 'polygon') {
        if (points.length < 3) return false
        const done = points
        points = []; undone = []; cursor = null
        changed()
        host.finishPolygon(done)
        return true
      }
      if (kind === 'point') {
        if (!points.length) return false
        return host.finishPoints(points)
      }
      return false
    },
    clear() { points = []; undone = []; cursor = null; changed() },
    redraw: draw
  }
}
