// The image itself as the display settings show it: rendered tiles; while a slider moves, a table over the tiles that are there.
import { h } from '../../vendor/vue.runtime.js'
import { ImageTiles } from './image-map.js'
import { query, table } from '../../lib/display.js'

let number = 0
/** SVG filters that stand for tables of brightness; the page holds them in `filters()`. */
export const filters = () => h('svg', { class: 'unseen', 'aria-hidden': 'true', width: 0, height: 0, id: 'tables' })

/** `address(z, x, y, display)` gives a tile. → { set(display), retry(), opacity(value), remove() } */
export function createPicture(map, image, address, options) {
  const name = `table-${++number}`
  let layer = null, next = null, shownNow = null, wanted = null, timer = null, opacity = 1

  const make = d => {
    return new ImageTiles(image, (z, x, y) => address(z, x, y, d), { className: 'tiles image', ...options }).addTo(map)
  }
  const filter = text => { if (layer) layer.getContainer().style.filter = text }
  function fade() {
    if (layer) layer.getContainer().style.opacity = opacity
    if (next) next.getContainer().style.opacity = 0
  }
  /** Shows the present tiles through a table until the tiles of `wanted` are all there. */
  function through() {
    if (query(wanted) === query(shownNow)) return filter('')
    let f = document.getElementById(name)
    if (!f) {
      document.getElementById('tables')?.insertAdjacentHTML('beforeend',
        `<filter id="${name}" filterUnits="userSpaceOnUse" x="-100000" y="-100000" width="200000" height="200000" color-interpolation-filters="sRGB"><feComponentTransfer><feFuncR type="table"/><feFuncG type="table"/><feFuncB type="table"/></feComponentTransfer></filter>`)
      f = document.getElementById(name)
    }
    const values = table(shownNow, wanted).join(' ')
    for (const part of f?.firstChild.children ?? []) part.setAttribute('tableValues', values)
    // The same filter under another address, else the browser keeps what it has drawn.
    filter(f ? `url("#${name}")` : '')
  }
  function renew() {
    next?.remove()
    const d = { ...wanted }, coming = next = make(d)
    fade()
    const swap = () => {
      if (next !== coming) return
      layer?.remove()
      layer = coming
      next = null
      shownNow = d
      fade()
      through()
    }
    // An empty view has no tiles to wait for.
    if (coming.isLoading()) coming.once('load', swap)
    else swap()
  }
  return {
    set(display, { now = false } = {}) {
      const first = !layer
      wanted = { ...display }
      clearTimeout(timer)
      if (first) { shownNow = { ...wanted }; layer = make(wanted); return fade() }
      if (!now && query(wanted) === query(shownNow)) { next?.remove(); next = null; return through() }
      if (now) return renew()
      if (String(wanted.channels) === String(shownNow.channels)) through()
      timer = setTimeout(renew, 160)
    },
    /** Tiles that had no answer are asked for again. */
    retry() { for (const tile of layer?.touched(null) ?? []) if (tile.complete && !tile.naturalWidth) tile.src += '' },
    opacity(value) { opacity = value; fade() },
    remove() { clearTimeout(timer); next?.remove(); layer?.remove(); layer = next = null }
  }
}
