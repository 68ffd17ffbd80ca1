// How stored values become brightness on the screen: a window (min, max), gamma, inversion and a colour for each band. Pure.

export const neutralOf = top => ({ min: 0, max: top, gamma: 1, invert: false, channels: null, top })
export const topOf = image => (image.bits > 8 ? 65535 : 255)
export const isNeutral = d => !query(d)

/** The display as part of a tile's address; what is neutral is left out, so a neutral display has the address of the plain tile. */
export function query(d) {
  return (d.min !== 0 ? `&min=${d.min}` : '') + (d.max !== d.top ? `&max=${d.max}` : '') + (d.gamma !== 1 ? `&gamma=${d.gamma}` : '') + (d.invert ? '&invert=1' : '') +
    (d.channels ? `&channels=${d.channels.join(',')}` : '')
}

/** For the permalink: "min,max,gamma,invert,FF0000:-:0000FF", shortened at the end; undefined when neutral. */
export const encode = d => (isNeutral(d) ? undefined : [d.min, d.max, d.gamma, d.invert ? 1 : 0, d.channels?.join(':') ?? ''].join(',').replace(/(,0)?,$/, ''))

/** → settings for an image of this top value and number of bands, or null when the text is none. */
export function decode(text, top, bands) {
  const [min, max, gamma = '1', invert, colors] = (text ?? '').split(','), n = [min, max, gamma].map(Number)
  if (!text || max === undefined || !n.every(isFinite) || n[1] <= n[0] || n[2] < 0.05 || n[2] > 20) return null
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
export const contrastOf = d => d.top / (d.max - d.min)
export const brightnessOf = d => 100 - 100 * (d.min + d.max) / d.top
const whole = (min, max, top) => (top > 255 ? { min: Math.round(min), max: Math.max(Math.round(min) + 1, Math.round(max)) } : { min: +min.toFixed(1), max: +Math.max(min + 0.1, max).toFixed(1) })
export function withContrast(d, contrast) {
  const c = (d.min + d.max) / 2, w = d.top / contrast / 2
  return whole(c - w, c + w, d.top)
}
export function withBrightness(d, brightness) {
  const c = d.top * (100 - brightness) / 200, w = (d.max - d.min) / 2
  return whole(c - w, c + w, d.top)
}

export const bandColors = bands => (bands === 1 ? ['FFFFFF'] : ['FF0000', '00FF00', '0000FF', 'FFFFFF', '00FFFF', 'FF00FF', 'FFFF00'].slice(0, bands === 2 ? 2 : 7).concat(Array(Math.max(0, bands - 7)).fill('FFFFFF')).slice(0, bands))
/** Settings after one band got a colour ("-" = off); null when all have their own colour again. */
export function withBand(channels, bands, i, color) {
  const own = bandColors(bands), next = [...channels ?? own]
  next[i] = color
  return next.every((c, k) => c === own[k]) ? null : next
}

/** Counts as outline "x,y x,y …" of a filled curve, 256 × 64, logarithmic, so that few bright pixels are seen beside the ground. */
export function curve(counts, most) {
  const scale = 64 / Math.log1p(Math.max(1, most))
  return `0,64 ${counts.map((c, i) => `${i},${(64 - Math.log1p(c) * scale).toFixed(1)} ${i + 1},${(64 - Math.log1p(c) * scale).toFixed(1)}`).join(' ')} 256,64`
}
