import test from 'node:test'
import assert from 'node:assert/strict'
import { applies, slide } from '../../../Public/lib/graph.js'

const type = { parameters: [{ name: 'method', default: 'otsu' }, { name: 'level', default: 128, appliesWhen: { parameter: 'method', values: ['fixed'] } }, { name: 'polarity', default: 'dark' }, { name: 'odd', appliesWhen: { parameter: 'gone', values: [1] } }] }
const [, level, polarity, odd] = type.parameters

test('a parameter counts with the values it names, set or by default', () => {
  assert.equal(applies({ config: {} }, type, level), false)
  assert.equal(applies({ config: { method: 'fixed' } }, type, level), true)
  assert.equal(applies({}, type, polarity), true)
  assert.equal(applies({}, type, odd), true)
  const otsu = { parameters: [{ name: 'method', default: 'fixed' }, level] }
  assert.equal(applies({}, otsu, level), true)
})

test('sliders span what one can see, not what is allowed', () => {
  const gray = { type: 'integer', unit: 'gray', min: 0, max: 65535 }
  assert.deepEqual(slide(gray), { min: 0, max: 255, step: 1 })
  assert.deepEqual(slide(gray, 65535), { min: 0, max: 65535, step: 1 })
  assert.deepEqual(slide({ type: 'number', unit: 'gray', min: -65535, max: 65535, step: 1 }, 255), { min: -64, max: 64, step: 1 })
  assert.deepEqual(slide({ type: 'number', min: 0, max: 1, step: 0.001 }), { min: 0, max: 1, step: 0.001 })
  assert.equal(slide({ type: 'number', min: 0, max: 1e9 }), null)
  assert.equal(slide({ type: 'text' }), null)
  assert.equal(slide({ type: 'integer', min: 0 }), null)
})
