// Columns of many objects: filter, sort, bin. Pure, and fluid with 100,000 rows; a missing value is NaN.

/** "area>=500;image=3|5" → [{ name, op, value }], as the server's `where`; what is not understood is left out. */
export const parseWhere = text => (text ?? '').split(';').map(part => /^([a-z0-9_]+)(<=|>=|!=|=|<|>|~)(.+)$/.exec(part)).filter(Boolean).map(([, name, op, value]) => ({ name, op,
  value }))
export const formatWhere = list => list.map(c => c.name + c.op + c.value).join(';')

const tests = {
  '<=': (a, b) => a <= b, '>=': (a, b) => a >= b, '<': (a, b) => a < b, '>': (a, b) => a > b,
  '=': (a, b) => b.some(x => x === 'none' ? Number.isNaN(a) : a === Number(x)), '!=': (a, b) => !tests['='](a, b)
}

/** Rows of `count` that fulfil all conditions; `columns[name]` holds a column. Conditions without a column do not count. */
export function filterRows(count, columns, conditions) {
  const checks = conditions.filter(c => columns[c.name] && tests[c.op]).map(c => [columns[c.name], tests[c.op], /[<>]/.test(c.op) ? Number(c.value) : c.value.split('|')])
  const rows = []
  for (let row = 0; row < count; row++) if (checks.every(([column, test, value]) => test(column[row], value))) rows.push(row)
  return rows
}

/** Stable; rows without a value come last in both directions. */
export function sortRows(rows, key, descending) {
  if (!key) return descending ? [...rows].reverse() : rows
  const has = [], none = []
  for (const row of rows) (Number.isNaN(key[row]) ? none : has).push(row)
  const sign = descending ? -1 : 1
  has.sort((a, b) => sign * (key[a] - key[b]) || a - b)
  return has.concat(none)
}

/** Least and largest value of a column over rows; with `log` only of those above 0. null when there is none. */
export function range(values, rows, log = false) {
  let low = Infinity, high = -Infinity
  for (const row of rows) {
    const v = values[row]
    if (v < low && (!log || v > 0)) low = v
    if (v > high && (!log || v > 0)) high = v
  }
  return low <= high ? [low, high] : null
}

/** Counts of values in `bins` equal parts of [low, high] (of its logarithm with `log`); the last part holds `high` too. */
export function histogram(values, rows, [low, high], bins, log = false) {
  const counts = new Array(bins).fill(0), f = log ? Math.log : x => x
  const a = f(low), step = (f(high) - a) / bins || 1
  for (const row of rows) {
    const v = values[row]
    if (v >= low && v <= high && (!log || v > 0)) counts[Math.min(bins - 1, Math.max(0, Math.floor((f(v) - a) / step)))]++
  }
  return counts
}

/**
 * Numbers by classes that double in size, 2^k ≤ size < 2^(k+1), from the first to the last that holds any.
 * → [{ from, to, count, density }], density = count by the width of the class.
 */
export function spectrum(sizes, rows) {
  const counts = new Map()
  for (const row of rows) {
    const s = sizes[row]
    if (!(s > 0 && s < Infinity)) continue
    let k = Math.floor(Math.log2(s))
    // The logarithm of a power of two may be rounded to the wrong side.
    if (2 ** k > s) k--
    else if (2 ** (k + 1) <= s) k++
    counts.set(k, (counts.get(k) ?? 0) + 1)
  }
  if (!counts.size) return []
  const first = Math.min(...counts.keys()), last = Math.max(...counts.keys()), classes = []
  for (let k = first; k <= last; k++) { const count = counts.get(k) ?? 0; classes.push({ from: 2 ** k, to: 2 ** (k + 1), count, density: count / 2 ** k }) }
  return classes
}

/** About `most` round numbers from low to high; with `log` powers of ten, or 1, 2, 5 times them where there is room. */
export function ticks(low, high, most, log = false) {
  const list = []
  if (!(high > low)) return [low]
  if (log) {
    const decades = Math.log10(high / low), parts = decades * 3 <= most ? [1, 2, 5] : [1], skip = Math.max(1, Math.ceil(decades / most))
    for (let e = Math.floor(Math.log10(low)); e <= Math.log10(high); e++) if (parts.length > 1 || e % skip === 0) for (const p of parts) { const v = +(p * 10 ** e).toPrecision(1); if (v >= low && v <= high) list.push(v) }
    if (list.length > 1) return list
    list.length = 0
  }
  const rough = (high - low) / most, power = 10 ** Math.floor(Math.log10(rough)), step = power * [1, 2, 5, 10].find(s => s * power >= rough)
  for (let i = Math.ceil(low / step); i * step <= high * (1 + 1e-12); i++) list.push(+(i * step).toPrecision(12))
  return list
}

/** Cells of a grid of `columns` that a rectangle touches, in content pixels → positions below `count`. */
export function cellsIn({ x0, y0, x1, y1 }, size, columns, count) {
  const list = [], clamp = (v, most) => Math.min(most, Math.max(0, Math.floor(v / size)))
  if (Math.max(x0, x1) < 0 || Math.min(x0, x1) >= columns * size) return list
  for (let row = clamp(Math.min(y0, y1), Infinity); row <= clamp(Math.max(y0, y1), Infinity); row++) {
    for (let column = clamp(Math.min(x0, x1), columns - 1); column <= clamp(Math.max(x0, x1), columns - 1); column++) {
      const at = row * columns + column
      if (at < count) list.push(at)
    }
    if (row * columns >= count) break
  }
  return list
}
