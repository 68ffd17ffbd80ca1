// Drawing on a canvas: sharp at any pixel ratio, colours of the theme.
import { ticks } from '../../lib/table.js'
import { count } from '../../lib/format.js'

/** Clears a canvas at its size on the page; → { c, width, height, ratio, color } with c in CSS pixels. */
export function pen(canvas) {
  const width = canvas.clientWidth, height = canvas.clientHeight, ratio = devicePixelRatio || 1, style = getComputedStyle(canvas)
  Object.assign(canvas, { width: Math.round(width * ratio), height: Math.round(height * ratio) })
  const c = canvas.getContext('2d')
  c.scale(ratio, ratio)
  c.font = '11px system-ui, sans-serif'
  return { c, width, height, ratio, color: name => style.getPropertyValue('--' + name).trim() }
}

const text = v => (Math.abs(v) >= 1e5 || (v !== 0 && Math.abs(v) < 1e-3) ? v.toExponential().replace('e+', 'e') : Math.abs(v) >= 1000 ? count(v) : String(v)).replace('-', '\u2212')

/** Draws axes; x and y are [low, high], `room` pixels from the ends. → the pen with px(value), py(value), valueX(pixel), valueY(pixel), brush(limits). */
export function axes(canvas, { x, y, lx, ly, xTitle, yTitle, room = 0 }) {
  const p = pen(canvas), { c, width, height, color } = p, box = { left: 64, right: width - 16, top: 28, bottom: height - 44 }
  const scale = ([low, high], log, from, to) => {
    if (!(high > low)) [low, high] = log ? [low / 2, low * 2] : [low - 0.5, low + 0.5]
    const f = log ? Math.log : v => v, a = f(low), k = (to - from) / (f(high) - a)
    return { low, high, at: v => from + (f(v) - a) * k, back: s => log ? Math.exp(a + (s - from) / k) : a + (s - from) / k }
  }
  const sx = scale(x, lx, box.left + room, box.right - room), sy = scale(y, ly, box.bottom - room, box.top + room)
  c.strokeStyle = color('line')
  c.fillStyle = color('muted')
  c.lineWidth = 1
  c.textAlign = 'center'
  for (const v of ticks(sx.low, sx.high, Math.max(2, width / 110), lx)) { c.beginPath(); c.moveTo(sx.at(v), box.top); c.lineTo(sx.at(v),
    box.bottom); c.stroke(); const half = c.measureText(text(v)).width / 2; c.fillText(text(v), Math.min(sx.at(v), width - half - 2), box.bottom + 16) }
  c.textAlign = 'right'
  for (const v of ticks(sy.low, sy.high, Math.max(2, height / 70), ly)) { c.beginPath(); c.moveTo(box.left, sy.at(v)); c.lineTo(box.right,
    sy.at(v)); c.stroke(); c.fillText(text(v), box.left - 6, sy.at(v) + 4) }
  c.fillStyle = color('ink')
  c.fillText(xTitle, box.right, box.bottom + 36)
  c.textAlign = 'left'
  c.fillText(yTitle, 12, 16)
  return Object.assign(p, {
    box, px: sx.at, py: sy.at, valueX: sx.back, valueY: sy.back,
    brush({ x0 = sx.low, x1 = sx.high, y0, y1 }) {
      const clamp = (v, a, b) => Math.min(b, Math.max(a, v)), l = clamp(sx.at(lx ? Math.max(x0, 1e-300) : x0), box.left, box.right),
        r = clamp(sx.at(lx ? Math.max(x1, 1e-300) : x1), box.left, box.right)
      const t = y1 === undefined ? box.top : clamp(sy.at(y1), box.top, box.bottom), b = y0 === undefined ? box.bottom : clamp(sy.at(y0), box.top, box.bottom)
      c.strokeStyle = color('accent')
      c.strokeRect(l, t, r - l, b - t)
      c.globalAlpha = 0.1
      c.fillStyle = color('accent')
      c.fillRect(l, t, r - l, b - t)
      c.globalAlpha = 1
    }
  })
}

/** A bar up to `top`, divided by the numbers of its parts, lowest first: so the shares are true on logarithmic axes too. What is not selected is pale. */
function stack(c, left, width, top, bottom, parts) {
  const total = parts.reduce((sum, p) => sum + p.count, 0)
  let y = bottom
  for (const { count, color, pale } of parts) {
    if (!count) continue
    const height = (bottom - top) * count / total
    c.globalAlpha = pale ? 0.4 : 1
    c.fillStyle = color
    c.fillRect(left, y -= height, width, height)
  }
  c.globalAlpha = 1
}

/** Bars of equal width over the whole of x; `parts`: { color, pale, counts }, a count for each bar. */
export function bars({ c, box, py }, parts) {
  const n = parts[0].counts.length, step = (box.right - box.left) / n
  for (let i = 0; i < n; i++) {
    const own = parts.map(p => ({ ...p, count: p.counts[i] })), total = own.reduce((sum, p) => sum + p.count, 0)
    if (total) stack(c, box.left + i * step, Math.max(1, step - 1), Math.min(py(total), box.bottom - 1), box.bottom, own)
  }
}

/** Sizes that double, each as a step with its number above; `parts`: { color, pale, counts }, a map from the lower end of a step. */
export function steps({ c, box, px, py, color }, classes, per, parts) {
  c.lineWidth = 2
  for (const k of classes) {
    if (!k[per]) continue
    const l = px(k.from), r = px(k.to), t = py(k[per])
    stack(c, l, r - l - 1, t, box.bottom, parts.map(p => ({ ...p, count: p.counts.get(k.from) ?? 0 })))
    c.strokeStyle = c.fillStyle = color('ink')
    c.beginPath(); c.moveTo(l, t); c.lineTo(r - 1, t); c.stroke()
    c.textAlign = 'center'
    if (r - l > 28) c.fillText(k.count, (l + r) / 2, t - 6)
  }
  c.lineWidth = 1
}

/** One square a point, drawn by pixels: 100,000 take a few milliseconds. The selected lie on top. */
export function dots({ c, box, px, py, color, ratio }, x, y, rows, isOn, colorOf) {
  const { canvas } = c, { width, height } = canvas, image = c.getImageData(0, 0, width, height), pixels = new Uint32Array(image.data.buffer)
  const side = Math.max(1, Math.round((rows.length > 20000 ? 1.5 : rows.length > 2000 ? 2 : 4) * ratio)), half = side >> 1
  const word = colour => { c.fillStyle = colour; const [r, g, b] = c.fillStyle.match(/[0-9a-f]{2}/g).map(v => parseInt(v, 16)); return (255 << 24 | b << 16 | g << 8 | r) >>> 0 }
  const right = Math.round(box.right * ratio), bottom = Math.round(box.bottom * ratio)
  const paint = (row, w) => {
    const cx = Math.round(px(x[row]) * ratio) - half, cy = Math.round(py(y[row]) * ratio) - half
    if (!(cx >= 0 && cy >= 0 && cx <= right && cy <= bottom)) return
    for (let v = cy; v < cy + side && v < height; v++) for (let u = cx; u < cx + side && u < width; u++) pixels[v * width + u] = w
  }
  const plain = word(color(colorOf ? 'control' : 'accent')), on = word(color('bad')), chosen = [], known = new Map()
  const own = row => { const k = colorOf?.(row); if (!k) return plain; if (!known.has(k)) known.set(k, word(k)); return known.get(k) }
  for (const row of rows) isOn(row) ? chosen.push(row) : paint(row, own(row))
  for (const row of chosen) paint(row, on)
  c.putImageData(image, 0, 0)
}
