// The whole image small, with the part in view as a rectangle that can be dragged.
const { L } = window

export const MiniMap = L.Control.extend({
  options: { position: 'bottomright' },
  initialize(image, url) { L.setOptions(this, {}); this.image = image; this.url = url },
  onAdd(map) {
    const { width, height } = this.image, scale = Math.min(160 / width, 120 / height)
    const box = L.DomUtil.create('div', 'minimap'), size = [Math.max(24, Math.round(width * scale)), Math.max(24, Math.round(height * scale))]
    box.style.width = size[0] + 'px'
    box.style.height = size[1] + 'px'
    const picture = L.DomUtil.create('img', '', box)
    picture.alt = ''
    picture.draggable = false
    picture.src = this.url()
    this.picture = picture
    this.frame = L.DomUtil.create('div', 'frame', box)
    this.box = box
    this.map = map
    this.size = size
    L.DomEvent.disableClickPropagation(box)
    L.DomEvent.disableScrollPropagation(box)
    const move = event => {
      const rect = box.getBoundingClientRect()
      map.panTo([(event.clientY - rect.top) / size[1] * height - 0.5, (event.clientX - rect.left) / size[0] * width - 0.5], { animate: false })
    }
    box.addEventListener('pointerdown', event => { box.setPointerCapture(event.pointerId); move(event); event.preventDefault() })
    box.addEventListener('pointermove', event => { if (box.hasPointerCapture(event.pointerId)) move(event) })
    map.on('move zoom resize', this.draw, this)
    this.draw()
    return box
  },
  /** A better picture is there. */
  reload() { this.picture.src = this.url() },
  onRemove(map) { map.off('move zoom resize', this.draw, this) },
  draw() {
    const b = this.map.getBounds(), { width, height } = this.image, [w, h] = this.size
    const clamp = v => Math.min(1, Math.max(0, v))
    const x0 = clamp((b.getWest() + 0.5) / width), x1 = clamp((b.getEast() + 0.5) / width)
    const y0 = clamp((Math.min(b.getNorth(), b.getSouth()) + 0.5) / height), y1 = clamp((Math.max(b.getNorth(), b.getSouth()) + 0.5) / height)
    Object.assign(this.frame.style, { left: x0 * w + 'px', top: y0 * h + 'px', width: Math.max(4, (x1 - x0) * w) + 'px', height: Math.max(4, (y1 - y0) * h) + 'px' })
    // Nothing to find one's way in while the whole image is in view.
    this.box.classList.toggle('whole', x0 === 0 && y0 === 0 && x1 === 1 && y1 === 1)
  }
})
