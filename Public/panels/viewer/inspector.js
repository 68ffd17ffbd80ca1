// The stored values around the pointer, from the original and not from what the screen makes of it.
import { h, reactive } from '../../vendor/vue.runtime.js'
import { get } from '../../api.js'

const half = 3, block = 33

/** `host`: { view, P, display } */
export function createInspector(host) {
  const s = reactive({ on: false, at: null, found: null })
  let asking = false
  const covers = (f, x, y, image) => f && Math.max(0, x - half) >= f.x && Math.max(0, y - half) >= f.y && Math.min(image.width,
    x + half + 1) <= f.x + f.width && Math.min(image.height, y + half + 1) <= f.y + f.height
  async function look() {
    const { image } = host.view
    if (asking || !s.on || !s.at) return
    const [x, y] = s.at
    if (covers(s.found, x, y, image)) return
    asking = true
    const side = (v, size) => Math.max(0, Math.min(v - (block >> 1), size - block))
    const bx = side(x, image.width), by = side(y, image.height)
    try { s.found = await get(host.P(`/blobs/${image.id}/pixels?x=${bx}&y=${by}&width=${Math.min(block, image.width - bx)}&height=${Math.min(block, image.height - by)}`)) } catch { s.found = null }
    asking = false
    if (s.found) look()
  }
  const values = (f, x, y) => (x >= f.x && y >= f.y && x < f.x + f.width && y < f.y + f.height ? f.values.map(rows => rows[y - f.y][x - f.x]) : null)
  // As the image is shown without settings, so that the few values which a camera of 12 bits has are told apart.
  const part = v => Math.min(1, Math.max(0, (v - host.display.low) / (host.display.high - host.display.low)))
  const color = ([r, g = r, b = r]) => `rgb(${[r, g, b].map(n => Math.round(part(n) * 255))})`
  return {
    state: s,
    toggle() { s.on = !s.on; look() },
    move(x, y) {
      const { image } = host.view
      s.at = x >= -0.5 && y >= -0.5 && x < image.width - 0.5 && y < image.height - 0.5 ? [Math.round(x), Math.round(y)] : s.at
      look()
    },
    stage() {
      if (!s.on) return []
      const f = s.found, own = s.at && f && values(f, ...s.at), n = 2 * half + 1
      return [h('div', { class: 'inspector', role: 'group', 'aria-label': 'Pixel inspector' }, own ? [
        h('div', { class: 'pixels', 'aria-hidden': 'true' }, Array.from({ length: n * n }, (_, i) => {
          const v = values(f, s.at[0] - half + i % n, s.at[1] - half + Math.floor(i / n))
          return h('i', { class: { own: i === (n * n - 1) / 2, dark: v && v.reduce((a, b) => a + part(b), 0) / v.length < 0.55 },
            style: { background: v ? color(v) : 'transparent' } }, v?.length === 1 ? String(v[0]) : '')
        })),
        h('div', { class: 'row small' }, [h('i', { class: 'swatch', style: { background: color(own) } }),
          h('b', own.map((v, i) => (own.length > 1 ? `${f.channels[i]} ${v}` : v)).join('  ')), h('span', { class: 'muted' }, `x ${s.at[0]}  y ${s.at[1]}`),
          h('span', host.view.hovered ? `object ${host.view.hovered}` : 'ground')])
      ] : h('p', { class: 'muted small' }, s.at ? 'No values' : 'Point at the image to read its values.'))]
    }
  }
}
