// Changes that waited, compared with what is there now.
import test from 'node:test'
import assert from 'node:assert/strict'
import { canonical, changed, differences, labelText, only, wanted } from '../../../Public/lib/stale.js'
import { createEditQueue } from '../../../Public/lib/edit-queue.js'

test('the order of members and empty ones do not matter to a pipeline', () => {
  assert.equal(canonical({ b: 1, a: { d: null, c: [2, 1] } }), canonical({ a: { c: [2, 1] }, b: 1 }))
  assert.notEqual(canonical([1, 2]), canonical([2, 1]))
  assert.equal(canonical(undefined), 'null')
})

test('labels as text, by name or number of the status', () => {
  assert.equal(labelText(3, 'validated'), labelText(3, 1))
  assert.deepEqual([labelText(null, null), labelText(NaN, NaN), labelText(undefined)], ['', '', ''])
})

test('of a label only objects that somebody else changed are refused', () => {
  const e = { path: '/labels', objects: [1, 2, 3, 4, 5], body: { category: 7, status: 'validated' }, was: { 1: '', 2: '5 dubious', 3: '', 4: '' } }
  const now = { 1: '', 2: '6 dubious', 3: '7 validated', 4: '8 validated', 5: '9 validated' }
  // 3 is as wanted, 4 as this browser left it, 5 was not known.
  assert.deepEqual(changed(e, id => now[id], new Map([[4, '8 validated']])), [2])
  assert.deepEqual(changed(e, id => id === 1 ? 'gone' : e.was[id]), [1])
  assert.equal(wanted({ ...e, body: { status: 'validated' } }, 2), '5 validated')
  assert.equal(wanted({ ...e, body: { category: null, status: 'validated' } }, 2), '')
  assert.deepEqual(only(e, id => id < 3), { ...e, objects: [1, 2], was: { 1: '', 2: '5 dubious' } })
  assert.equal(only(e, () => false), null)
})

test('of metadata only values that somebody else changed are refused', () => {
  const e = { path: '/metadata', body: { level: 'image', changes: [{ id: 'a', key: 'x', value: '1,5' }, { id: 'a', key: 'y', value: '' }] }, was: { 'a\nx': '', 'a\ny': '2' } }
  assert.deepEqual(changed(e, p => ({ 'a\nx': '1.5', 'a\ny': '3' })[p]), ['a\ny'], 'the server writes a decimal point')
  assert.deepEqual(only(e, p => p === 'a\nx').body.changes, [e.body.changes[0]])
})

test('what differs between pipelines is told in words', () => {
  const a = { nodes: [{ name: 't', config: { level: 1 } }, { name: 'u' }], edges: [] }
  assert.equal(differences(a, { nodes: [{ name: 't', config: {} }, { name: 'v' }], edges: [] }), 't level default, v added, u removed')
  assert.equal(differences(a, a), 'order of its steps')
})

test('parts of a change are held back and the rest goes on in its place', async () => {
  let number = 0
  const sent = [], refused = []
  const queue = createEditQueue({
    newKey: () => 'k' + ++number, onRefused: e => refused.push(e.key),
    send: async e => {
      if (e.n === 1 && !e.part) throw { split: { rest: { ...e, part: 'rest' }, held: [{ ...e, key: 'h', part: 'held', current: {} }] } }
      sent.push([e.n, e.part, e.key])
      return {}
    }
  })
  queue.add({ n: 1 })
  queue.add({ n: 2 })
  const settled = async () => { do await new Promise(r => setTimeout(r, 1)); while (queue.state().busy) }
  await settled()
  assert.deepEqual([sent, refused, queue.held.map(e => e.part)], [[[1, 'rest', 'k1'], [2, undefined, 'k2']], ['k1'], ['held']])
  queue.release(e => e.key === 'h' ? null : e, { ...queue.held[0], current: undefined })
  await settled()
  assert.deepEqual([sent[2], queue.held], [[1, 'held', 'k3'], []])
})
