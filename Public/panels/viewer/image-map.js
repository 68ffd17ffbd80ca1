// A Leaflet map over one image. (lat, lng) = (y, x) in native pixels, y down, pixel centres at whole numbers.
import { zoomOffset, fitZoom, tileSize, tileBox, boxesTouch } from '../../lib/tiles.js'
const { L } = window

export const latLng = (x, y) => L.latLng(y, x)
export const boundsOf = box => L.latLngBounds([[box.y - 0.5, box.x - 0.5], [box.y + box.height - 0.5, box.x + box.width - 0.5]])

/** Map zoom z shows level z at one tile pixel per CSS pixel (dpr 1); native is levels − 1, beyond it pixels grow. */
export function createMap(element, image, { maxBeyond = 5 } = {}) {
  const native = image.levels - 1, s = 1 / 2 ** native
  const map = L.map(element, {
    // Half a pixel moves the origin from the centre of the first pixel to its corner, where tiles begin.
    crs: L.extend({}, L.CRS.Simple, { transformation: new L.Transformation(s, 0.5 * s, s, 0.5 * s) }),
    zoomControl: false, attributionControl: false, boxZoom: false, doubleClickZoom: false, keyboard: true, zoomSnap: 1, wheelPxPerZoomLevel: 90,
    minZoom: -3, maxZoom: native + maxBeyond, zoomAnimation: !matchMedia('(prefers-reduced-motion: reduce)').matches, fadeAnimation: false,
    inertiaDeceleration: 4000, maxBoundsViscosity: 0.6
  })
  const size = map.getSize()
  const w = image.width, h = image.height
  map.setMaxBounds([[-h * 0.75, -w * 0.75], [h * 1.75, w * 1.75]])
  map.setView([(h - 1) / 2, (w - 1) / 2], fitZoom(image, { width: size.x, height: size.y }), { animate: false })
  return map
}

/** Tiles with cropped edge tiles at their true size, at the resolution of the screen. `address(z, x, y)` gives each tile's URL. */
export const ImageTiles = L.GridLayer.extend({
  initialize(image, address, options = {}) {
    const offset = zoomOffset(window.devicePixelRatio)
    this.image = image
    this.address = address
    this.offset = offset
    L.GridLayer.prototype.initialize.call(this, {
      tileSize: image.tileSize / 2 ** offset, minNativeZoom: -offset, maxNativeZoom: image.levels - 1 - offset, minZoom: -8, maxZoom: 40,
      bounds: boundsOf({ x: 0, y: 0, width: image.width, height: image.height }), updateWhenZooming: false, keepBuffer: 2, noWrap: true, className: 'tiles', ...options
    })
  },
  createTile({ x, y, z }, done) {
    const level = z + this.offset, size = tileSize(this.image, level, x, y)
    const tile = document.createElement('img')
    tile.alt = ''
    tile.draggable = false
    tile.decoding = 'async'
    tile.setAttribute('role', 'presentation')
    if (size) {
      tile.cropped = { width: size.width / 2 ** this.offset, height: size.height / 2 ** this.offset }
      tile.onload = () => done(null, tile)
      tile.onerror = () => done(new Error('tile'), tile)
      tile.src = this.address(level, x, y)
    } else setTimeout(done, 0, null, tile)
    return tile
  },
  // Leaflet sets every tile to the full size just after creating it.
  _initTile(tile) {
    L.GridLayer.prototype._initTile.call(this, tile)
    if (tile.cropped) { tile.style.width = tile.cropped.width + 'px'; tile.style.height = tile.cropped.height + 'px' }
    else tile.style.display = 'none'
  },
  /** Loads the tiles that touch these boxes again (all when null), each shown when it is there, so nothing flickers. Kept when all are there. */
  refresh(boxes) {
    const coming = []
    for (const entry of Object.values(this._tiles ?? {})) {
      const { x, y, z } = entry.coords, level = z + this.offset, own = tileBox(this.image, level, x, y)
      if (!own || (boxes && !boxes.some(b => boxesTouch(own, { x: b.x - 2, y: b.y - 2, width: b.width + 4, height: b.height + 4 })))) continue
      const next = new Image(), url = this.address(level, x, y), tile = entry.el
      tile.wanted = url
      coming.push(new Promise(shown => {
        next.onload = () => { if (tile.wanted === url) tile.src = url; shown() }
        next.onerror = shown
      }))
      next.src = url
    }
    return Promise.all(coming)
  }
})

/** An outline that is seen on any ground: colour inside a casing. → layer group with `setStyle`-free parts */
export function casedOutline(geometry, { color, casing, fill = 0, weight = 2, dashed = false, pane = 'marks' }) {
  const latLngs = L.GeoJSON.coordsToLatLngs(geometry.type === 'MultiPolygon' ? geometry.coordinates : [geometry.coordinates], 2)
  const common = { interactive: false, pane, lineJoin: 'round', smoothFactor: 0.5 }
  return L.layerGroup([
    L.polygon(latLngs, { ...common, color: casing, weight: weight + 2, opacity: 0.9, fill: false }),
    L.polygon(latLngs, { ...common, color, weight, opacity: 1, fill: fill > 0, fillColor: color, fillOpacity: fill, dashArray: dashed ? '5 4' : null })
  ])
}
