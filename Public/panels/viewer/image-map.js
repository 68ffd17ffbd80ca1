// A Leaflet map over one image. (lat, lng) = (y, x) in native pixels, y down, pixel centres at whole numbers.
import { zoomOffset, fitZoom, tileSize, tileBox, boxesTouch } from '../../lib/tiles.js'
import { ringsOf } from '../../lib/geometry.js'
import { L } from '../../vendor/leaflet.runtime.js'

export const latLng = (x, y) => L.latLng(y, x)
export const boundsOf = box => L.latLngBounds([[box.y - 0.5, box.x - 0.5], [box.y + box.height - 0.5, box.x + box.width - 0.5]])

/** Map zoom z shows level z at one tile pixel per CSS pixel (dpr 1); native is levels − 1, beyond it pixels grow. */
export function createMap(element, image, { maxBeyond = 5 } = {}) {
  const native = image.levels - 1, s = 1 / 2 ** native
  const map = L.map(element, {
    // Half a pixel moves the origin from the centre of the first pixel to its corner, where tiles begin.
    crs: L.extend({}, L.CRS.Simple, { transformation: new L.Transformation(s, 0.5 * s, s, 0.5 * s) }),
    zoomControl: false, attributionControl: false, boxZoom: false, doubleClickZoom: false, keyboard: true, zoomSnap: 0.5, wheelPxPerZoomLevel: 90,
    minZoom: -3, maxZoom: native + maxBeyond, zoomAnimation: !matchMedia('(prefers-reduced-motion: reduce)').matches, fadeAnimation: false,
    inertiaDeceleration: 4000, maxBoundsViscosity: 0.6
  })
  // Leaflet rounds corners of outlines to whole CSS pixels, which is half a pixel away from what they surround.
  map.latLngToLayerPoint = place => map.project(L.latLng(place))._subtract(map.getPixelOrigin())
  const w = image.width, h = image.height
  map.setMaxBounds([[-h * 0.75, -w * 0.75], [h * 1.75, w * 1.75]])
  fitImage(map, image, { animate: false })
  return map
}

/** To a zoom between the steps, which Leaflet would round. */
export function setView(map, center, zoom, options) {
  const { zoomSnap } = map.options
  map.options.zoomSnap = 0
  map.setView(center, zoom, options)
  map.options.zoomSnap = zoomSnap
}
export function fitImage(map, image, options) {
  const size = map.getSize()
  setView(map, [(image.height - 1) / 2, (image.width - 1) / 2], fitZoom(image, { width: size.x, height: size.y }), options)
}
/** Whether the map shows the whole image as `fitImage` does. */
export function fits(map, image) {
  const size = map.getSize(), c = map.getCenter(), step = 2 ** (image.levels - map.getZoom())
  return Math.abs(map.getZoom() - fitZoom(image,
    { width: size.x, height: size.y })) < 0.01 && Math.abs(c.lat - (image.height - 1) / 2) < step && Math.abs(c.lng - (image.width - 1) / 2) < step
}
/** One step closer (1) or farther (−1), to whole steps, where a pixel of a tile is one of the screen. */
export const zoomBy = (map, d) => map.setZoom(d > 0 ? Math.floor(map.getZoom() + 1.001) : Math.ceil(map.getZoom() - 1.001))

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
    tile.place = { x, y, z, size }
    if (size) {
      tile.onload = () => done(null, tile)
      tile.onerror = () => done(new Error('tile'), tile)
      tile.src = this.address(level, x, y)
    } else setTimeout(done, 0, null, tile)
    return tile
  },
  // Leaflet sets every tile to the full size and squeezes all by one transform, which shows the ground through seams where edges fall
  // between pixels of the screen. So each tile gets its own edges, on whole device pixels; transforms are left with powers of two.
  _initTile(tile) {
    L.GridLayer.prototype._initTile.call(this, tile)
    this.lay(tile)
  },
  _getTilePos({ x, y, z }) { return this.edge(this._levels[z], x * this.options.tileSize, y * this.options.tileSize) },
  /** Place in the level's container of a corner given in its pixels. */
  edge({ laid = 1, power = 1, origin }, x, y) {
    const fine = devicePixelRatio * power, o = origin.multiplyBy(laid)._round(), at = (v, from) => Math.round((v * laid - from) * fine) / fine
    return L.point(at(x, o.x), at(y, o.y))
  },
  lay(tile) {
    const { x, y, z, size } = tile.place, t = this.options.tileSize, level = this._levels[z]
    tile.style.display = size ? '' : 'none'
    if (!size || !level) return
    const k = 2 ** -this.offset, from = this.edge(level, x * t, y * t), to = this.edge(level, x * t + size.width * k, y * t + size.height * k)
    tile.style.width = to.x - from.x + 'px'
    tile.style.height = to.y - from.y + 'px'
    L.DomUtil.setPosition(tile, from)
  },
  _setView(center, zoom, noPrune, noUpdate) {
    L.GridLayer.prototype._setView.call(this, center, zoom, noPrune, noUpdate)
    const level = this._level
    if (noPrune || !level || !this._map) return
    const scale = this._map.getZoomScale(this._map.getZoom(), level.zoom), power = Number.isInteger(Math.log2(scale)) ? scale : 1, laid = scale / power
    if (laid !== (level.laid ?? 1) || power !== (level.power ?? 1)) {
      Object.assign(level, { laid, power })
      for (const { el, coords } of Object.values(this._tiles)) if (coords.z === level.zoom) this.lay(el)
    }
    this._setZoomTransform(level, this._map.getCenter(), this._map.getZoom())
  },
  _setZoomTransform(level, center, zoom) {
    const { laid = 1 } = level, scale = this._map.getZoomScale(zoom, level.zoom) / laid
    L.DomUtil.setTransform(level.el, level.origin.multiplyBy(laid)._round()._multiplyBy(scale)._subtract(this._map._getNewPixelOrigin(center, zoom)), scale)
  },
  /** Tiles of the present zoom that touch these boxes, all when null. */
  touched(boxes) {
    return Object.values(this._tiles ?? {}).map(t => t.el).filter(({ place: { x, y, z } }) => {
      const own = tileBox(this.image, z + this.offset, x, y)
      return own && (!boxes || boxes.some(b => boxesTouch(own, { x: b.x - 2, y: b.y - 2, width: b.width + 4, height: b.height + 4 })))
    })
  }
})

const pictureOf = url => new Promise(done => {
  const image = new Image()
  image.onload = () => done(image)
  image.onerror = () => done(null)
  image.src = url
})

let dotting = null
/** A mask without half of its pixels, in squares of three: what was dropped is drawn dotted. */
function dots(image) {
  dotting ??= [document.createElement('canvas'), document.createElement('canvas')]
  const [canvas, squares] = dotting, to = canvas.getContext('2d')
  Object.assign(canvas, { width: image.width, height: image.height })
  to.drawImage(image, 0, 0)
  Object.assign(squares, { width: 6, height: 6 })
  const pattern = squares.getContext('2d')
  pattern.fillRect(0, 0, 3, 3)
  pattern.fillRect(3, 3, 3, 3)
  to.globalCompositeOperation = 'destination-in'
  to.fillStyle = to.createPattern(squares, 'repeat')
  to.fillRect(0, 0, image.width, image.height)
  return canvas
}

let sheet = null
/** Draws a mask to this size so that each of its pixels stays seen: what is taken from it lies less than a pixel apart. */
function draw(to, image, opacity) {
  const { width, height } = to.canvas, n = Math.ceil(Math.max(image.width / width, image.height / height) - 1e-9), at = i => (i + 0.5) / n - 0.5
  if (n > 1 && opacity < 1) {
    // What is taken twice must not be seen twice.
    sheet ??= document.createElement('canvas').getContext('2d')
    if (sheet.canvas.width !== width || sheet.canvas.height !== height) Object.assign(sheet.canvas, { width, height })
    sheet.clearRect(0, 0, width, height)
    draw(sheet, image, 1)
    return draw(to, sheet.canvas, opacity)
  }
  to.globalAlpha = opacity
  to.imageSmoothingEnabled = false
  for (let i = 0; i < n * n; i++) to.drawImage(image, at(i % n), at(Math.floor(i / n)), width, height)
}

/**
 * All masks in one layer: each tile is a canvas on which its parts, { query, opacity, dotted }, lie on each other. So the browser moves one
 * layer when the map moves, however many kinds of objects have a colour of their own. `address(z, x, y, query)` gives a part.
 */
export const OverlayTiles = ImageTiles.extend({
  parts: [],
  hidden: [],
  initialize(image, address, options) {
    // Past the native level the server draws pixels as squares and outlines as thin as ever, four levels deep.
    ImageTiles.prototype.initialize.call(this, image, address, { maxNativeZoom: image.levels + 3 - zoomOffset(devicePixelRatio), ...options })
  },
  createTile({ x, y, z }, done) {
    const tile = document.createElement('canvas'), size = tileSize(this.image, z + this.offset, x, y)
    tile.setAttribute('role', 'presentation')
    Object.assign(tile, size)
    tile.place = { x, y, z, size }
    tile.shown = []
    this.load(tile).then(() => done(null, tile))
    return tile
  },
  /** Parts that are there already stay; the new ones are shown together when the last has come. */
  async load(tile) {
    const { x, y, z, size } = tile.place, wanted = tile.wanted = this.parts
    tile.complete = !size
    if (!size) return
    const shown = await Promise.all(wanted.map(async ({ query, opacity, dotted }) => {
      const url = this.address(z + this.offset, x, y, query)
      return { url, opacity, dotted, image: tile.shown.find(s => s.url === url)?.image ?? await pictureOf(url) }
    }))
    if (tile.wanted !== wanted) return
    tile.complete = true
    // Without an answer what was seen stays.
    if (tile.shown.length && shown.some(part => !part.image)) return
    tile.shown = shown
    this.paint(tile)
  },
  paint(tile) {
    const to = tile.getContext('2d')
    to.clearRect(0, 0, tile.width, tile.height)
    for (const { image, opacity, dotted } of tile.shown) if (image) draw(to, dotted ? dots(image) : image, opacity)
    const { x, y, z, size } = tile.place, { levels, tileSize } = this.image
    if (!size || !this.hidden.length) return
    const k = 2 ** (z + this.offset + 1 - levels), s = tile.width / size.width
    to.save()
    Object.assign(to, { globalCompositeOperation: 'destination-out', globalAlpha: 1, lineWidth: 5 })
    to.scale(s, s)
    to.beginPath()
    for (const ring of this.hidden.flatMap(ringsOf)) ring.forEach(([px, py], i) => to[i ? 'lineTo' : 'moveTo']((px + 0.5) * k - x * tileSize, (py + 0.5) * k - y * tileSize))
    to.fill('evenodd')
    to.stroke()
    to.restore()
  },
  hide(list) {
    if (!list.length && !this.hidden.length) return
    this.hidden = list
    for (const tile of this.touched(null)) this.paint(tile)
  },
  // Shown smaller than it is, the browser would leave rows and columns out: such a tile has the pixels of the screen instead.
  lay(tile) {
    ImageTiles.prototype.lay.call(this, tile)
    const { z, size } = tile.place, { laid = 1, power = 1 } = this._levels[z] ?? {}, fine = devicePixelRatio * power
    if (!size) return
    const [width, height] = ['width', 'height'].map(side => fine * laid < 2 ** this.offset * 0.999 ? Math.max(1, Math.round(parseFloat(tile.style[side]) * fine)) : size[side])
    if (width === tile.width && height === tile.height) return
    Object.assign(tile, { width, height })
    this.paint(tile)
  },
  set(parts) {
    if (JSON.stringify(parts) === JSON.stringify(this.parts)) return
    this.parts = parts
    // Without parts there is nothing to move.
    this.getContainer().style.display = parts.length ? '' : 'none'
    this.refresh(null)
  },
  refresh(boxes) { return Promise.all(this.touched(boxes).map(tile => this.load(tile))) }
})

/** An outline that is seen on any ground: colour inside a casing. → layer group with `setStyle`-free parts */
export function casedOutline(geometry, { color, casing, fill = 0, weight = 2, dashed = false, pane = 'marks' }) {
  const latLngs = L.GeoJSON.coordsToLatLngs(geometry.type === 'MultiPolygon' ? geometry.coordinates : [geometry.coordinates], 2)
  const common = { interactive: false, pane, lineJoin: 'round', smoothFactor: 0.2 }
  return L.layerGroup([
    L.polygon(latLngs, { ...common, color: casing, weight: weight + 2, opacity: 0.9, fill: false }),
    L.polygon(latLngs, { ...common, color, weight, opacity: 1, fill: fill > 0, fillColor: color, fillOpacity: fill, dashArray: dashed ? '5 4' : null })
  ])
}
