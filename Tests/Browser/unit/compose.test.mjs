import test from 'node:test'
import assert from 'node:assert/strict'
import { typeOf, offers, joined, without, renamed, added, moved, rows, about } from '../../../Public/lib/graph.js'

const slot = (name, type, more = {}) => ({ name, type, help: '', ...more })
const types = {
  'import.folder': { inputs: [], outputs: [slot('image', 'image')] },
  'convert.gray': { inputs: [slot('image', 'image')], outputs: [slot('gray', 'gray')] },
  'correct.same': { inputs: [slot('image', 'image'), slot('area', 'mask', { optional: true })], outputs: [slot('image', 'image', { sameAs: 'image' })] },
  'segment.cut': { inputs: [slot('gray', 'gray')], outputs: [slot('mask', 'mask')] }
}
const graph = {
  nodes: [{ name: 'images', kind: 'import.folder' }, { name: 'gray', kind: 'convert.gray' }, { name: 'same', kind: 'correct.same' }, { name: 'cut', kind: 'segment.cut' }],
  edges: [{ from: 'images.image', to: 'gray.image' }, { from: 'gray.gray', to: 'same.image' }, { from: 'same.image', to: 'cut.gray' }]
}

test('an output has the type of what comes in', () => {
  assert.equal(typeOf(graph, types, 'same.image'), 'gray')
  assert.equal(typeOf(joined(graph, 'same.image', ['images.image']), types, 'same.image'), 'image')
  const loop = { nodes: [{ name: 'a', kind: 'correct.same' }], edges: [{ from: 'a.image', to: 'a.image' }] }
  assert.equal(typeOf(loop, types, 'a.image'), 'image')
})

test('only fitting outputs of what does not follow are offered', () => {
  assert.deepEqual(offers(graph, types, 'cut', slot('gray', 'gray')), ['gray.gray', 'same.image'])
  assert.deepEqual(offers(graph, types, 'same', slot('image', 'image')), ['images.image', 'gray.gray'])
  assert.deepEqual(offers(graph, types, 'gray', slot('mask', 'mask')), [])
})

test('a new step is named by its kind and joined to the last output that fits', () => {
  const [once, name] = added(graph, types, 'segment.cut')
  assert.equal(name, 'cut2')
  assert.deepEqual(once.edges.at(-1), { from: 'same.image', to: 'cut2.gray' })
  assert.equal(graph.nodes.length, 4)
})

test('steps are renamed and removed with their edges', () => {
  assert.deepEqual(renamed(graph, 'gray', 'g').edges.slice(0, 2), [{ from: 'images.image', to: 'g.image' }, { from: 'g.gray', to: 'same.image' }])
  assert.deepEqual(without(graph, 'gray').edges, [{ from: 'same.image', to: 'cut.gray' }])
})

test('a step moves past one that it does not depend on', () => {
  assert.equal(moved(graph, 'gray', -1), null)
  assert.equal(moved(graph, 'images', -1), null)
  const [two, name] = added(graph, types, 'convert.gray')
  assert.deepEqual(moved(two, name, -1).nodes.map(n => n.name), ['images', 'gray', 'same', 'gray2', 'cut'])
})

test('rows put every step below what it takes from', () => assert.deepEqual(rows(graph), [['images'], ['gray'], ['same'], ['cut']]))

test('sentences are about the node that they name', () => {
  const errors = ['input cut.gray (gray) of segment.cut is not connected', 'node "same": amount is 12', 'edge gray.gray → cut.gray: gray comes out, mask must go in']
  assert.equal(about(errors, 'cut').length, 2)
  assert.equal(about(errors, 'same').length, 1)
  assert.deepEqual(about(errors, 'gray'), [errors[2]])
})
