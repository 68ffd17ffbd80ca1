// Lengths in true units, from nm to km. Pure.

const steps = [['nm', 1e-3], ['µm', 1], ['mm', 1e3], ['m', 1e6], ['km', 1e9]]

/** Micrometres → { value, unit } with 1 ≤ value < 1000 where a unit allows it. */
export function length(um) {
  const a = Math.abs(um)
  let [name, size] = steps[0]
  for (const [n, s] of steps) if (a >= s * 0.9999999) [name, size] = [n, s]
  return { value: um / size, unit: name }
}

/** Micrometres → "1.25 mm" */
export function lengthText(um, digits = 3) {
  if (um == null || !isFinite(um)) return ''
  if (um === 0) return '0 µm'
  const { value, unit } = length(um)
  const a = Math.abs(value)
  const decimals = Math.max(0, digits - (a < 1 ? 1 : Math.floor(Math.log10(a)) + 1))
  return `${value.toFixed(decimals).replace('-', '\u2212')} ${unit}`
}

/** A position in one unit for both axes: [0, 12500] → "0.00, 12.50 mm" */
export function positionText(xum, yum) {
  const { unit } = length(Math.max(Math.abs(xum), Math.abs(yum), 1e-3))
  const size = steps.find(s => s[0] === unit)[1]
  const part = v => (v / size).toFixed(2).replace('-', '\u2212')
  return `${part(xum)}, ${part(yum)} ${unit}`
}

/**
 * The longest round bar (1, 2 or 5 times a power of ten) that is at most `maxWidth` CSS px wide.
 * `unitsPerPixel`: µm per CSS px, or image px per CSS px where there is no calibration (`calibrated` false).
 * → { width: CSS px, text }
 */
export function scaleBar(unitsPerPixel, maxWidth, calibrated) {
  const longest = unitsPerPixel * maxWidth
  if (!(longest > 0) || !isFinite(longest)) return null
  const power = 10 ** Math.floor(Math.log10(longest) + 1e-9)
  const ratio = longest / power
  let bar = (ratio >= 5 ? 5 : ratio >= 2 ? 2 : 1) * power
  if (!calibrated) {
    bar = Math.max(1, bar)
    return { width: bar / unitsPerPixel, text: `${Math.round(bar)} px` }
  }
  const { value, unit } = length(bar)
  return { width: bar / unitsPerPixel, text: `${+value.toPrecision(3)} ${unit}` }
}
