// Scale bar in true units. Leaflet's own measures on the globe.
import { scaleBar } from '../../lib/units.js'
import { L } from '../../vendor/leaflet.runtime.js'

export const ScaleBar = L.Control.extend({
  options: { position: 'bottomleft' },
  initialize(image) { L.setOptions(this, {}); this.image = image },
  onAdd(map) {
    const box = L.DomUtil.create('div', 'scale-bar')
    this.text = L.DomUtil.create('span', '', box)
    this.bar = L.DomUtil.create('i', '', box)
    map.on('zoom viewreset resize', this.draw, this)
    this.map = map
    this.draw()
    return box
  },
  onRemove(map) { map.off('zoom viewreset resize', this.draw, this) },
  draw() {
    const image = this.image(), calibrated = image.pixelSizeUm > 0
    const pixels = 2 ** (image.levels - 1 - this.map.getZoom())
    const bar = scaleBar(pixels * (calibrated ? image.pixelSizeUm : 1), 140, calibrated)
    if (!bar) return
    this.text.textContent = bar.text
    this.bar.style.width = bar.width + 'px'
    this.bar.parentElement.title = calibrated ? '' : 'This image has no pixel size yet; set one under Images'
  }
})
