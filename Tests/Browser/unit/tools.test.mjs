// Unit tests of what the drawing tools are made of: strokes, the queue of edits, keys.
import test from 'node:test'
import assert from 'node:assert/strict'
import { smooth, simplify, samples, penLine, feature, collection } from '../../../Public/lib/geometry.js'
import { keyText } from '../../../Public/lib/keys.js'
import { after, renewed, createEditQueue } from '../../../Public/lib/edit-queue.js'

const distance = (line, [x, y]) => Math.min(...line.slice(1).map(([bx, by], i) => {
  const [ax, ay] = line[i], dx = bx - ax, dy = by - ay, t = Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy || 1)))
  return Math.hypot(x - ax - t * dx, y - ay - t * dy)
}))

test('a smoothed stroke keeps its ends and loses the steps of whole screen pixels', () => {
  const steps = Array.from({ length: 40 }, (_, i) => [i, Math.floor(i / 3)])
  const done = smooth(steps)
  assert.deepEqual([done[0], done.at(-1), done.length], [steps[0], steps.at(-1), 40])
  const rough = line => Math.max(...line.slice(2).map((p, i) => Math.abs(p[1] - 2 * line[i + 1][1] + line[i][1])))
  assert.ok(rough(done) < rough(steps) / 2)
  assert.ok(done.every((p, i) => Math.hypot(p[0] - steps[i][0], p[1] - steps[i][1]) < 0.7))
  assert.deepEqual(smooth([[3, 4]]), [[3, 4]])
})

test('a thinned stroke stays within its tolerance', () => {
  const line = Array.from({ length: 500 }, (_, i) => [i / 5, 20 * Math.sin(i / 40) + (i % 2) * 0.1])
  for (const tolerance of [0.2, 1]) {
    const few = simplify(line, tolerance)
    assert.ok(few.length < line.length / 4, `${few.length} points`)
    assert.ok(line.every(p => distance(few, p) <= tolerance + 1e-9))
    assert.deepEqual([few[0], few.at(-1)], [line[0], line.at(-1)])
  }
  assert.deepEqual(simplify([[1, 2]], 1), [[1, 2]])
  assert.deepEqual(simplify([[1, 2], [1, 2], [1, 2]], 1), [[1, 2], [1, 2]])
  // A loop that ends where it began must not vanish.
  assert.equal(simplify([[0, 0], [9, 0], [9, 9], [0, 0]], 1).length, 4)
})

test('places along a line hold both ends and no more than asked', () => {
  const many = samples(Array.from({ length: 100 }, (_, i) => [i, 0]), 12)
  assert.deepEqual([many[0], many.at(-1), many.length], [[0, 0], [99, 0], 23])
  assert.deepEqual(samples([[1, 1]]), [[1, 1]])
  assert.deepEqual(samples([[0, 0], [2, 4]]), [[0, 0], [1, 2], [2, 4]])
})

test('a pen line of one place is a dot', () => {
  assert.equal(penLine([[1, 2]], { width: 3 }).geometry.type, 'Point')
  assert.deepEqual(collection([penLine([[1, 2], [3, 4]], { width: 3 })]).features[0], feature({ type: 'LineString', coordinates: [[1, 2], [3, 4]] }, { width: 3 }))
})

test('brackets written with AltGr are brackets', () => {
  const press = { key: '[', ctrlKey: true, altKey: true, shiftKey: false, metaKey: false }
  assert.equal(keyText({ ...press, getModifierState: name => name === 'AltGraph' }), '[')
  assert.equal(keyText({ ...press, getModifierState: () => false }), 'Ctrl+Alt+[')
})

test('a later edit names the objects an earlier one made and expects their masks', () => {
  const first = { key: 'a' }, outcome = { created: [{ id: 7, maskRevision: 1 }], revised: [{ id: 3, maskRevision: 5 }] }
  assert.deepEqual(after({ objects: ['@a', 3, 4], expected: { 3: 4, 4: 9 } }, first, outcome), { objects: [7, 3, 4], expected: { 7: 1, 3: 5, 4: 9 } })
  assert.deepEqual(after({ objects: ['@b'], expected: {} }, first, outcome), { objects: ['@b'], expected: {} })
})

test('a refused edit becomes one for the newer state, or none when nothing is left', () => {
  const current = { objects: [{ id: 1, maskRevision: 8 }], removed: [2] }, base = { key: 'k', sent: true, current, annotations: {} }
  const add = renewed({ ...base, operation: 'add', objects: [1], expected: { 1: 7 } }, current)
  assert.deepEqual([add.operation, add.objects, add.expected, add.current, add.key], ['add', [1], { 1: 8 }, undefined, 'k'])
  assert.equal(renewed({ ...base, operation: 'add', objects: [2], expected: { 2: 1 } }, current).operation, 'draw')
  assert.equal(renewed({ ...base, operation: 'erase', objects: [2], expected: { 2: 1 } }, current), null)
  assert.equal(renewed({ ...base, operation: 'merge', objects: [1, 2], expected: { 1: 7, 2: 1 } }, current), null)
  assert.deepEqual(renewed({ ...base, operation: 'delete', objects: [1, 2], expected: { 1: 7, 2: 1 } }, current).objects, [1])
})

const settled = async queue => { do await new Promise(r => setTimeout(r, 1)); while (queue.state().busy) }

test('a conflict holds the edit and all that builds on it; applied, they go in order for the newer state', async () => {
  let number = 0, conflict = true, stored = []
  const sent = [], refused = []
  const queue = createEditQueue({
    newKey: () => 'k' + ++number, storage: { load: () => [], save: list => { stored = JSON.parse(JSON.stringify(list)) } }, onRefused: e => refused.push(e.key),
    send: async e => {
      sent.push({ ...e })
      if (e.n === 1 && conflict) throw { code: 'edit.conflict', current: { revision: 9, objects: [{ id: 1, maskRevision: 6 }], removed: [] } }
      return { created: e.n === 1 ? [{ id: 50, maskRevision: 0 }] : [], revised: [] }
    }
  })
  queue.add({ n: 1, image: 4, operation: 'cut', objects: [1], expected: { 1: 5 } })
  queue.add({ n: 2, image: 4, operation: 'add', objects: ['@k1'], expected: {} })
  queue.add({ n: 3, image: 4, operation: 'erase', objects: ['@k2', '@k1'], expected: {} })
  queue.add({ n: 4, image: 4, operation: 'draw', objects: [], expected: {} })
  await settled(queue)
  assert.deepEqual([sent.map(e => e.n), queue.held.map(e => e.n), refused], [[1, 4], [1, 2, 3], ['k1']])
  assert.deepEqual(stored.map(e => e.n), [1, 2, 3], 'kept over a reload')
  // After a reload they are held still, and nothing is sent by itself.
  const reloaded = createEditQueue({ newKey: () => 'x', storage: { load: () => stored, save() {} }, send: async () => assert.fail('sent') })
  reloaded.start()
  await settled(reloaded)
  assert.equal(reloaded.held.length, 3)
  conflict = false
  assert.equal(queue.apply(4), 0)
  await settled(queue)
  assert.deepEqual(sent.slice(2).map(e => [e.n, e.objects, e.expected]), [[1, [1], { 1: 6 }], [2, [50], { 50: 0 }], [3, [50], { 50: 0 }]])
  assert.deepEqual([queue.held, queue.waiting, stored], [[], [], []])
})

test('a discarded edit is gone, of this image only', async () => {
  const queue = createEditQueue({ newKey: () => Math.random().toString(), send: async () => { throw { code: 'edit.conflict', current: { objects: [], removed: [1] } } } })
  queue.add({ image: 1, operation: 'erase', objects: [1], expected: { 1: 1 } })
  queue.add({ image: 2, operation: 'erase', objects: [1], expected: { 1: 1 } })
  await settled(queue)
  queue.discard(1)
  assert.deepEqual(queue.held.map(e => e.image), [2])
  assert.equal(queue.apply(2), 1, 'nothing was left to erase from')
})
