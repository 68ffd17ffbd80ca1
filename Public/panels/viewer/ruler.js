// Measures lengths and angles on the image: a click begins a line, the next ends it; all stay until Esc.
import { latLng } from './image-map.js'
import { measureText } from '../../lib/ruler.js'
import { L } from '../../vendor/leaflet.runtime.js'

export function createRuler(map, pixelSize) {
  const layer = L.layerGroup().addTo(map), own = { interactive: false, pane: 'marks' }
  let lines = [], from = null, to = null
  function draw() {
    layer.clearLayers()
    for (const [a, b] of from ? [...lines, [from, to ?? from]] : lines) {
      const ends = [latLng(...a), latLng(...b)]
      for (const [color, weight] of [['#fff', 4], ['#000', 1.5]]) layer.addLayer(L.polyline(ends, { ...own, color, weight }))
      for (const end of ends) layer.addLayer(L.circleMarker(end, { ...own, radius: 3, color: '#000', weight: 1, fillColor: '#fff', fillOpacity: 1 }))
      const text = document.createElement('span')
      text.textContent = measureText(a, b, pixelSize())
      layer.addLayer(L.marker(latLng((a[0] + b[0]) / 2, (a[1] + b[1]) / 2), { interactive: false, keyboard: false, pane: 'numbers',
        icon: L.divIcon({ className: 'ruler-text', html: text, iconSize: null }) }))
    }
  }
  return {
    get lines() { return lines },
    click(x, y) {
      if (from) { lines = [...lines, [from, [x, y]]]; from = to = null } else from = [x, y]
      draw()
    },
    move(x, y) { if (from) { to = [x, y]; draw() } },
    /** Takes the begun line back, else the last one; false when there is none. */
    takeBack() {
      const had = from || lines.length
      if (from) from = to = null
      else lines = lines.slice(0, -1)
      draw()
      return !!had
    },
    /** Esc: first the line that is begun, then all; false when nothing was there. */
    clear() {
      const had = from || lines.length
      if (!from) lines = []
      from = to = null
      draw()
      return !!had
    },
    redraw: draw
  }
}
