// Numbers, sizes and times as a person reads them. Pure; no locale surprises: a point is a point everywhere.

const thin = '\u202f'

/** 1234567 → "1,234,567" */
export const count = n => (n ?? 0).toString().replace(/\B(?=(\d{3})+$)/g, ',')

/** plural(1, 'object') → "1 object"; plural(2, 'match', 'matches') → "2 matches" */
export const plural = (n, one, many = one + 's') => `${count(n)} ${n === 1 ? one : many}`

export function bytes(n) {
  if (n == null) return ''
  if (n < 1000) return `${n} B`
  const units = ['kB', 'MB', 'GB', 'TB']
  let u = -1
  do { n /= 1000; u++ } while (n >= 999.5 && u < units.length - 1)
  return `${n < 10 ? n.toFixed(1) : Math.round(n)} ${units[u]}`
}

/** Seconds → "8 s", "2 min", "3 h 20 min" */
export function duration(seconds) {
  if (seconds == null || !isFinite(seconds)) return ''
  if (seconds < 10) return `${Math.max(0, seconds).toFixed(1)} s`
  if (seconds < 90) return `${Math.round(seconds)} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 60) return `${minutes} min`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** Time of the server (seconds, milliseconds or ISO text) → Date, or null. */
export function date(value) {
  if (value == null || value === '') return null
  const d = typeof value === 'number' ? new Date(value < 1e11 ? value * 1000 : value) : new Date(value)
  return isNaN(d) ? null : d
}

/** "just now", "4 min ago", "3 h ago", then the day. */
export function ago(value, now = Date.now()) {
  const d = date(value)
  if (!d) return ''
  const s = (now - d) / 1000
  if (s < 45) return 'just now'
  if (s < 3600) return `${Math.max(1, Math.round(s / 60))} min ago`
  if (s < 86400) return `${Math.round(s / 3600)} h ago`
  const two = n => String(n).padStart(2, '0')
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`
}

/** A measured value with about four significant digits, never in exponents below 10 million. */
export function value(n) {
  if (n == null || !isFinite(n)) return '–'
  if (Number.isInteger(n)) return (n < 0 ? '\u2212' : '') + count(Math.abs(n))
  const a = Math.abs(n)
  const digits = a >= 1000 ? 0 : a >= 100 ? 1 : a >= 10 ? 2 : a >= 1 ? 3 : 4
  const text = a.toFixed(digits)
  const [whole, rest] = text.split('.')
  return (n < 0 ? '\u2212' : '') + count(+whole) + (rest ? '.' + rest : '')
}

const unitTexts = {
  pixels: 'px', squarePixels: 'px²', micrometres: 'µm', squareMicrometres: 'µm²', degrees: '°', gray: 'gray', ratio: '', count: ''
}
/** Unit of a measure or parameter as printed. */
export const unit = u => u == null ? '' : unitTexts[u] ?? u
export { thin }
