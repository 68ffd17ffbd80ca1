// Unit tests of the pure parts of the browser side: `node --test Tests/Browser/unit`.
import test from 'node:test'
import assert from 'node:assert/strict'
import * as format from '../../../Public/lib/format.js'
import * as units from '../../../Public/lib/units.js'
import * as tiles from '../../../Public/lib/tiles.js'
import * as geometry from '../../../Public/lib/geometry.js'
import * as place from '../../../Public/lib/location.js'
import * as graph from '../../../Public/lib/graph.js'
import * as keys from '../../../Public/lib/keys.js'
import { createEditQueue } from '../../../Public/lib/edit-queue.js'
import { upload, metadataHeader } from '../../../Public/lib/tus.js'
import { filesOfInput } from '../../../Public/lib/drop.js'

test('counts are grouped by thousands and plurals follow the number', () => {
  assert.equal(format.count(1234567), '1,234,567')
  assert.equal(format.count(0), '0')
  assert.equal(format.plural(1, 'object'), '1 object')
  assert.equal(format.plural(1000, 'match', 'matches'), '1,000 matches')
})

test('sizes on disk use powers of a thousand', () => {
  assert.deepEqual([0, 999, 1000, 1550000, 48.3e6, 2.5e12].map(format.bytes), ['0 B', '999 B', '1.0 kB', '1.6 MB', '48 MB', '2.5 TB'])
})

test('measured values keep about four digits and undefined ones are a dash', () => {
  assert.deepEqual([8966, 0.61, 106.84, -3.25, 1234.5, null, Infinity].map(format.value), ['8,966', '0.6100', '106.8', '\u22123.250', '1,235', '–', '–'])
})

test('times read as a person says them, from seconds, milliseconds or ISO text', () => {
  const now = Date.parse('2026-03-04T12:00:00Z')
  assert.equal(format.ago(now / 1000 - 10, now), 'just now')
  assert.equal(format.ago(now - 5 * 60e3, now), '5 min ago')
  assert.equal(format.ago('2026-03-04T09:00:00Z', now), '3 h ago')
  assert.equal(format.ago('nonsense', now), '')
  assert.equal(format.duration(0.4), '0.4 s')
  assert.equal(format.duration(7500), '2 h 5 min')
})

test('lengths choose the unit in which they are between 1 and 1000', () => {
  for (const [um, text] of [[0.5, '500 nm'], [1, '1.00 µm'], [233.4, '233 µm'], [12500, '12.5 mm'], [2.5e6, '2.50 m'], [4e9, '4.00 km'], [0, '0 µm']]) assert.equal(units.lengthText(um), text)
  assert.equal(units.positionText(0, 12500), '0.00, 12.50 mm')
})

test('the scale bar is the longest round length that fits, and is true', () => {
  for (const perPixel of [0.0003, 0.01, 0.625, 1, 1.25, 7.3, 10.6, 999, 1e6]) {
    const bar = units.scaleBar(perPixel, 140, true)
    assert.ok(bar.width <= 140.0001 && bar.width > 140 / 2.51, `${perPixel}: ${bar.width}`)
    const [number, unit] = bar.text.split(' ')
    const um = number * { nm: 1e-3, µm: 1, mm: 1e3, m: 1e6, km: 1e9 }[unit]
    assert.ok(Math.abs(um / perPixel - bar.width) < 1e-6 * bar.width)
    assert.match(number, /^[125]0*$/)
  }
  assert.equal(units.scaleBar(0.5, 140, false).text, '50 px')
  assert.equal(units.scaleBar(0, 140, true), null)
})

const image = { width: 5001, height: 3333, levels: 5, tileSize: 512 }

test('levels are halves rounded up and level 0 fits one tile', () => {
  assert.deepEqual(tiles.levelSize(image, 4), { width: 5001, height: 3333 })
  assert.deepEqual(tiles.levelSize(image, 3), { width: 2501, height: 1667 })
  assert.deepEqual(tiles.levelSize(image, 0), { width: 313, height: 209 })
})

test('edge tiles are cropped, tiles outside do not exist, and all tiles of a level cover it once', () => {
  assert.deepEqual(tiles.tileSize(image, 4, 9, 6), { width: 393, height: 261 })
  assert.equal(tiles.tileSize(image, 4, 10, 0), null)
  assert.equal(tiles.tileSize(image, 4, -1, 0), null)
  for (let z = 0; z < 5; z++) {
    let area = 0
    for (let y = 0; y < 8; y++) for (let x = 0; x < 12; x++) { const s = tiles.tileSize(image, z, x, y); if (s) area += s.width * s.height }
    const { width, height } = tiles.levelSize(image, z)
    assert.equal(area, width * height)
  }
})

test('a tile knows its native box, and boxes that only share an edge do not touch', () => {
  assert.deepEqual(tiles.tileBox(image, 3, 1, 0), { x: 1024, y: 0, width: 1024, height: 1024 })
  assert.equal(tiles.boxesTouch({ x: 0, y: 0, width: 10, height: 10 }, { x: 10, y: 0, width: 5, height: 5 }), false)
  assert.equal(tiles.boxesTouch({ x: 0, y: 0, width: 10, height: 10 }, { x: 9, y: 9, width: 5, height: 5 }), true)
  assert.deepEqual(tiles.unionBox([{ x: 1, y: 2, width: 3, height: 4 }, { x: 0, y: 5, width: 1, height: 9 }]), { x: 0, y: 2, width: 4, height: 12 })
  assert.equal(tiles.unionBox([]), null)
})

test('fine screens take finer tiles, and a fitted image fits', () => {
  assert.deepEqual([1, 1.25, 1.5, 2, 3, undefined].map(tiles.zoomOffset), [0, 0, 1, 1, 2, 0])
  const z = tiles.fitZoom(image, { width: 1052, height: 788 })
  const scale = 2 ** (z - 4)
  assert.ok(5001 * scale <= 1052 && 3333 * scale <= 788 && 5001 * scale * 2 > 1052 - 32)
})

test('even-odd rings: holes are outside, and area does not depend on direction', () => {
  const square = [[0, 0], [10, 0], [10, 10], [0, 10]], hole = [[3, 3], [3, 6], [6, 6], [6, 3]]
  assert.equal(geometry.inRings([square, hole], 1, 1), true)
  assert.equal(geometry.inRings([square, hole], 4, 4), false)
  assert.equal(geometry.inRings([square], 11, 4), false)
  assert.equal(geometry.area(square), 100)
  assert.equal(geometry.area([...hole].reverse()), 9)
  assert.deepEqual(geometry.polygon(hole).coordinates[0].at(-1), hole[0])
  assert.equal(geometry.contains({ type: 'MultiPolygon', coordinates: [[square], [[[20, 20], [30, 20], [30, 30]]]] }, 28, 22), true)
})

test('addresses survive a round trip, with any characters in names', () => {
  const p = { panel: 'view', user: 'field', project: 'haul 14/ü', item: '7', query: { at: '12,34,5', sel: '1,2' } }
  const text = place.format(p)
  assert.deepEqual(place.parse(text), p)
  assert.ok(text.includes('at=12,34,5'))
  assert.equal(place.parse('').panel, 'projects')
  assert.equal(place.parse('#/about').panel, 'about')
  assert.equal(place.parse('#/u/p').panel, 'images')
})

test('the start token is found wherever the fragment holds it', () => {
  assert.equal(place.tokenIn('#token=a-b_c'), 'a-b_c')
  assert.equal(place.tokenIn('#/u/p/images?x=1&token=abc'), 'abc')
  assert.equal(place.tokenIn('#/'), null)
})

test('nodes come after those they take from, circles last, equal rank as stored', () => {
  const g = { nodes: ['c', 'b', 'a', 'x'].map(name => ({ name })), edges: [{ from: 'a.out', to: 'b.in' }, { from: 'b.out', to: 'c.in' }, { from: 'a.out', to: 'c.gray' }] }
  assert.deepEqual(graph.order(g), ['a', 'b', 'c', 'x'])
  assert.deepEqual(graph.sources(g, 'c'), { in: 'b.out', gray: 'a.out' })
  const circle = { nodes: [{ name: 'a' }, { name: 'b' }], edges: [{ from: 'a.o', to: 'b.i' }, { from: 'b.o', to: 'a.i' }] }
  assert.deepEqual(graph.order(circle), ['a', 'b'])
  assert.deepEqual(graph.order({ nodes: [], edges: [] }), [])
})

test('a value outside its declaration is told in a sentence', () => {
  const level = { name: 'level', label: 'Gray level', type: 'integer', min: 0, max: 255, default: 128 }
  assert.equal(graph.complaint(level, 128), null)
  assert.match(graph.complaint(level, 300), /at most 255/)
  assert.match(graph.complaint(level, 1.5), /whole number/)
  assert.match(graph.complaint(level, 'x'), /needs a number/)
  assert.equal(graph.complaint({ ...level, default: null }, null), null)
  assert.equal(graph.valueOf({ config: {} }, level), 128)
})

test('key presses have one text on every keyboard, and clashes are found', () => {
  const press = (key, o = {}) => keys.keyText({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...o })
  assert.equal(press('z', { ctrlKey: true }), 'Ctrl+Z')
  assert.equal(press('Z', { metaKey: true, shiftKey: true }), 'Ctrl+Shift+Z')
  assert.equal(press('?', { shiftKey: true }), '?')
  assert.equal(press(' '), 'Space')
  assert.equal(press('+', { shiftKey: true }), '+')
  assert.equal(keys.keyLabel('Ctrl+Shift+Z'), 'Ctrl Shift Z')
  assert.equal(keys.keyLabel('+'), '+')
  assert.deepEqual(keys.conflicts([{ id: 'a', key: 'X' }, { id: 'b', key: 'Y' }], 'b', 'X').map(c => c.id), ['a'])
})

const settled = () => new Promise(r => setTimeout(r, 5))

test('edits go one after the other and in order', async () => {
  const log = [], done = []
  let running = 0
  const queue = createEditQueue({ newKey: () => 'k' + log.length, onDone: e => done.push(e.n), send: async e => { assert.equal(running++, 0); log.push(e.n); await settled(); running--; return {} } })
  for (const n of [1, 2, 3]) queue.add({ n })
  while (queue.state().busy) await settled()
  assert.deepEqual([log, done, queue.state()], [[1, 2, 3], [1, 2, 3], { waiting: 0, offline: false, busy: false }])
})

test('an edit waits while the server is gone, keeps its key, and goes when it is back', async () => {
  let up = false, stored = null, states = []
  const keysSent = []
  const queue = createEditQueue({
    newKey: () => 'one', storage: { load: () => [], save: w => { stored = JSON.stringify(w) } }, onChange: s => states.push({ ...s }), wait: () => new Promise(() => {}),
    send: async e => { keysSent.push(e.key); if (!up) throw { offline: true }; return {} }
  })
  queue.add({ operation: 'draw' })
  await settled()
  assert.equal(queue.state().offline, true)
  assert.equal(JSON.parse(stored).length, 1)
  up = true
  queue.retry()
  await settled()
  assert.deepEqual([queue.state(), keysSent, stored], [{ waiting: 0, offline: false, busy: false }, ['one', 'one'], '[]'])
  assert.ok(states.some(s => s.offline && s.waiting === 1))
})

test('a refused edit is dropped and told, the next one still goes', async () => {
  const refused = [], done = []
  const queue = createEditQueue({ newKey: () => 'k', onRefused: (e, error) => refused.push([e.n, error.message]), onDone: e => done.push(e.n), send: async e => { if (e.n === 1) throw new Error('no such object'); return {} } })
  queue.add({ n: 1 })
  queue.add({ n: 2 })
  await settled()
  assert.deepEqual([refused, done], [[[1, 'no such object']], [2]])
})

test('what never left can be taken back, what may have left cannot', async () => {
  const queue = createEditQueue({ newKey: () => 'k', wait: () => new Promise(() => {}), send: async () => { throw { offline: true } } })
  queue.add({ n: 1, image: 1 })
  queue.add({ n: 2, image: 1 })
  await settled()
  assert.equal(queue.takeBack(2), null)
  assert.equal(queue.takeBack(1).n, 2)
  assert.equal(queue.takeBack(1), null)
})

test('uploads go on from the offset the server has after a break', async () => {
  const file = new Blob([new Uint8Array(10).map((_, i) => i)])
  const got = []
  let breaks = 1
  const request = async (method, url, { headers, body }) => {
    if (method === 'POST') { assert.equal(headers['Upload-Length'], '10'); return { status: 201, header: n => n === 'Location' ? '/u/1' : null } }
    if (method === 'HEAD') return { status: 200, header: () => String(got.length) }
    assert.equal(Number(headers['Upload-Offset']), got.length)
    const bytes = [...new Uint8Array(await body.arrayBuffer())]
    if (got.length === 4 && breaks-- > 0) { got.push(...bytes.slice(0, 2)); throw { offline: true } }
    got.push(...bytes)
    return { status: 204, header: n => n === 'Upload-Offset' ? String(got.length) : null }
  }
  const seen = []
  await upload(file, { url: '/u', metadata: { filename: 'a' }, request, chunkSize: 4, wait: async () => {}, onProgress: n => seen.push(n) })
  assert.deepEqual(got, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  assert.equal(seen.at(-1), 10)
})

test('a refused upload rejects with the reason the server gave', async () => {
  const request = async method => method === 'POST' ? { status: 201, header: () => '/u/1' } : { status: 422, header: () => null, problem: new Error('not an image') }
  await assert.rejects(upload(new Blob(['x']), { url: '/u', metadata: {}, request, wait: async () => {} }), /not an image/)
  assert.equal(metadataHeader({ filename: 'ü.jpg', relativePath: null }), 'filename w7wuanBn')
})

test('hidden files stay out and folders keep their paths', () => {
  const list = [{ name: 'b.jpg', webkitRelativePath: 'haul/b.jpg' }, { name: '.DS_Store', webkitRelativePath: 'haul/.DS_Store' }, { name: 'a.jpg', webkitRelativePath: '' }]
  assert.deepEqual(filesOfInput(list).map(f => f.path), ['a.jpg', 'haul/b.jpg'])
})
