// How stored values become brightness on the screen: a window (min, max), gamma, inversion and a colour for each band. Pure.

/** `low`, `high`: the window of tiles without settings; all values of 8 bits, what the image uses of 16 bits. */
export const neutralOf = (top, low = 0, high = top) => ({ min: low, max: high, gamma: 1, invert: false, channels: null, low, high, top })
export const topOf = image => (image.bits > 8 ? 65535 : 255)
export const bandsOf = image => (image.channels >= 3 ? 3 : 1)
export const isNeutral = d => !query(d)

/** The display as part of a tile's address; a neutral one has the address of the plain tile. A corrected image has 8 bits for what the plain tiles show. */
export function query(d, corrected = false) {
  const value = v => (corrected && d.top > 255 ? +((v - d.low) / (d.high - d.low) * 255).toFixed(2) : v)
  return (d.min !== d.low || d.max !== d.high ? `&min=${value(d.min)}&max=${value(d.max)}` : '') + (d.gamma !== 1 ? `&gamma=${d.gamma}` : '') + (d.invert ? '&invert=1' : '') +
    (d.channels ? `&channels=${d.channels.join(',')}` : '')
}

/** For the permalink: "min,max,gamma,invert,FF0000:-:0000FF", shortened at the end; undefined when neutral. */
export const encode = d => (isNeutral(d) ? undefined : [d.min, d.max, d.gamma, d.invert ? 1 : 0, d.channels?.join(':') ?? ''].join(',').replace(/(,0)?,$/, ''))

/** → settings for an image of this top value and number of bands, or null when the text is none. */
export function decode(text, top, bands) {
  const [min, max, gamma = '1', invert, colors] = (text ?? '').split(','), n = [min, max, gamma].map(Number)
  if (!text || max === undefined || !n.every(isFinite) || n[1] <= n[0] || n[2] < 0.1 || n[2] > 10) return null
  const channels = colors?.split(':')
  return { min: n[0], max: n[1], gamma: n[2], invert: invert === '1', channels: channels?.length === bands && channels.every(c => /^(-|[\dA-F]{6})$/i.test(c)) ? channels : null }
}

/** Stored value → 0…1 on the screen. */
export function shown(d, v) {
  const t = Math.min(1, Math.max(0, (v - d.min) / (d.max - d.min))) ** (1 / d.gamma)
  return d.invert ? 1 - t : t
}

/** What turns tiles that show `from` into what `to` will show, as table for 0…1; where `from` has clipped, nothing can come back. */
export const table = (from, to, n = 256) => Array.from({ length: n }, (_, i) => {
  const t = i / (n - 1), v = from.min + (from.invert ? 1 - t : t) ** from.gamma * (from.max - from.min)
  return +shown(to, v).toFixed(4)
})

// Brightness and contrast are the place and the width of the window, so the four sliders never disagree.
export const contrastOf = d => (d.high - d.low) / (d.max - d.min)
export const brightnessOf = d => 100 * (d.low + d.high - d.min - d.max) / (d.high - d.low)
const whole = (min, max, top) => (top > 255 ? { min: Math.round(min), max: Math.max(Math.round(min) + 1, Math.round(max)) }
  : { min: +min.toFixed(1), max: +Math.max(min + 0.1, max).toFixed(1) })
export function withContrast(d, contrast) {
  const c = (d.min + d.max) / 2, w = (d.high - d.low) / contrast / 2
  return whole(c - w, c + w, d.top)
}
export function withBrightness(d, brightness) {
  const c = (d.low + d.high) / 2 - (d.high - d.low) * brightness / 200, w = (d.max - d.min) / 2
  return whole(c - w, c + w, d.top)
}

export const bandColors = bands => (bands === 3 ? ['FF0000', '00FF00', '0000FF'] : ['FFFFFF'])
/** Settings after one band got a colour ("-" = off); null when all have their own colour again. */
export function withBand(channels, bands, i, color) {
  const own = bandColors(bands), next = [...channels ?? own]
  next[i] = color
  return next.every((c, k) => c === own[k]) ? null : next
}

/** Ends of the axis that sliders and histogram share. Few cameras fill 16 bits: so it spans the values of the image (`data`) and the window, or all. */
export const axisOf = (d, data, all) => (d.top > 255 && data && !all
  ? { low: Math.max(0, Math.floor(Math.min(data.low, d.min))), high: Math.min(d.top, Math.ceil(Math.max(data.high, d.max))) } : { low: 0, high: d.top })

/** Counts of 256 equal parts of low…high as outline "x,y x,y …" of a filled curve, 256 × 64, logarithmic, so that few bright pixels are seen beside the ground. */
export function curve(counts, most, from = 0, to = 256) {
  const scale = 64 / Math.log1p(Math.max(1, most)), x = i => +(from + (to - from) * i / 256).toFixed(2)
  return `${x(0)},64 ${counts.map((c, i) => { const y = (64 - Math.log1p(c) * scale).toFixed(1); return `${x(i)},${y} ${x(i + 1)},${y}` }).join(' ')} ${x(256)},64`
}
