// Filtering, sorting and binning of columns, each against a slow plain version.
import test from 'node:test'
import assert from 'node:assert/strict'
import { parseWhere, formatWhere, filterRows, sortRows, range, histogram, spectrum, ticks, cellsIn } from '../../../Public/lib/table.js'

let seed = 5
const random = () => { seed = (seed * 1103515245 + 12345) % 2147483648; return seed / 2147483648 }
const column = n => Float64Array.from({ length: n }, () => random() < 0.1 ? NaN : Math.round(random() * 200) - 50)

test('conditions come back as they were written, and nonsense is left out', () => {
  const text = 'area>=500;image=3|5;uid~2a;mean!=none;x<-4.5'
  assert.equal(formatWhere(parseWhere(text)), text)
  assert.deepEqual(parseWhere('area;>4;;=;b=;c>1'), [{ name: 'c', op: '>', value: '1' }])
  assert.deepEqual(parseWhere(undefined), [])
})

test('rows that fulfil all conditions', () => {
  const columns = { a: column(500), b: column(500) }
  const rows = text => filterRows(500, columns, parseWhere(text))
  const plain = f => [...Array(500).keys()].filter(f)
  assert.deepEqual(rows('a>=10;b<50'), plain(i => columns.a[i] >= 10 && columns.b[i] < 50))
  assert.deepEqual(rows('a<=10'), plain(i => columns.a[i] <= 10))
  assert.deepEqual(rows('a=1|2|none'), plain(i => [1, 2].includes(columns.a[i]) || Number.isNaN(columns.a[i])))
  assert.deepEqual(rows('a!=none;b!=3'), plain(i => !Number.isNaN(columns.a[i]) && columns.b[i] !== 3))
  assert.equal(rows('unknown>3').length, 500)
  assert.equal(rows('').length, 500)
  assert.deepEqual(rows('a>=-Infinity'), plain(i => !Number.isNaN(columns.a[i])))
})

test('sorting is stable and puts rows without a value last', () => {
  const key = column(300), rows = [...Array(300).keys()]
  for (const descending of [false, true]) {
    const sorted = sortRows(rows, key, descending), defined = sorted.filter(r => !Number.isNaN(key[r]))
    assert.equal(sorted.length, 300)
    assert.ok(sorted.slice(defined.length).every(r => Number.isNaN(key[r])))
    for (let i = 1; i < defined.length; i++) {
      const [a, b] = [key[defined[i - 1]], key[defined[i]]]
      assert.ok(descending ? a >= b : a <= b)
      if (a === b) assert.ok(defined[i - 1] < defined[i])
    }
  }
  assert.deepEqual(sortRows([3, 1, 2], null, true), [2, 1, 3])
})

test('histograms count every value once', () => {
  const values = column(1000), rows = [...Array(1000).keys()], reach = range(values, rows)
  const defined = rows.filter(r => !Number.isNaN(values[r]))
  assert.deepEqual(reach, [Math.min(...defined.map(r => values[r])), Math.max(...defined.map(r => values[r]))])
  const counts = histogram(values, rows, reach, 7), step = (reach[1] - reach[0]) / 7
  assert.equal(counts.reduce((s, n) => s + n), defined.length)
  counts.forEach((n, i) => assert.equal(n, defined.filter(r => { const k = Math.floor((values[r] - reach[0]) / step); return Math.min(6, k) === i }).length))
  assert.deepEqual(histogram(Float64Array.of(1, 9, 10, 99, 100, 0, -5), [0, 1, 2, 3, 4, 5, 6], [1, 100], 2, true), [2, 3])
  assert.deepEqual(histogram(Float64Array.of(4, 4), [0, 1], [4, 4], 3), [2, 0, 0])
  assert.equal(range(Float64Array.of(NaN), [0]), null)
  assert.deepEqual(range(Float64Array.of(-1, 0, 3, 8), [0, 1, 2, 3], true), [3, 8])
})

test('a size spectrum has classes that double, and numbers by their width', () => {
  const sizes = Float64Array.of(1, 1.5, 2, 3.999, 4, 16, 0, NaN, -3, Infinity, 0.25)
  const classes = spectrum(sizes, [...sizes.keys()])
  assert.deepEqual(classes.map(c => [c.from, c.to, c.count, c.density]), [[0.25, 0.5, 1, 4], [0.5, 1, 0, 0], [1, 2, 2, 2], [2, 4, 2, 1], [4, 8, 1, 0.25], [8, 16, 0, 0], [16, 32, 1, 0.0625]])
  for (let k = -40; k <= 40; k++) assert.equal(spectrum([2 ** k], [0])[0].from, 2 ** k)
  assert.deepEqual(spectrum([NaN], [0]), [])
  // The numbers are those of all sizes, whatever the classes.
  const many = Float64Array.from({ length: 500 }, () => Math.exp(random() * 12 - 3))
  assert.equal(spectrum(many, [...many.keys()]).reduce((s, c) => s + c.density * (c.to - c.from), 0), 500)
})

test('ticks are round, inside, and not too many', () => {
  assert.deepEqual(ticks(0, 10, 5), [0, 2, 4, 6, 8, 10])
  assert.deepEqual(ticks(1, 1000, 4, true), [1, 10, 100, 1000])
  assert.deepEqual(ticks(3, 30, 6, true), [5, 10, 20])
  assert.deepEqual(ticks(5, 5, 4), [5])
  for (let n = 0; n < 200; n++) {
    const low = random() * 10 ** Math.floor(random() * 8 - 3), high = low * (1 + random() * 1000)
    for (const log of [false, true]) {
      const list = ticks(low, high, 6, log)
      assert.ok(list.length <= 14 && list.every((v, i) => v >= low * (1 - 1e-9) && v <= high * (1 + 1e-9) && (i === 0 || v > list[i - 1])), `${low} ${high} ${log}: ${list}`)
    }
  }
})

test('a rectangle takes the cells it touches', () => {
  const plain = (r, size, columns, count) => [...Array(count).keys()].filter(i => {
    const x = i % columns * size, y = Math.floor(i / columns) * size
    return Math.max(r.x0, r.x1) >= x && Math.min(r.x0, r.x1) < x + size && Math.max(r.y0, r.y1) >= y && Math.min(r.y0, r.y1) < y + size
  })
  for (let n = 0; n < 100; n++) {
    const r = { x0: random() * 500 - 20, y0: random() * 500, x1: random() * 500, y1: random() * 500 }
    assert.deepEqual(cellsIn(r, 40, 7, 60), plain(r, 40, 7, 60))
  }
  assert.deepEqual(cellsIn({ x0: 400, y0: 0, x1: 450, y1: 90 }, 40, 7, 60), [])
})
