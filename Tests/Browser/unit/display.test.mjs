// Unit tests of what the viewer's display, ruler and fit compute: `node --test Tests/Browser/unit`.
import test from 'node:test'
import assert from 'node:assert/strict'
import * as display from '../../../Public/lib/display.js'
import { measure, measureText } from '../../../Public/lib/ruler.js'
import { fitZoom } from '../../../Public/lib/tiles.js'

const with_ = (top, settings = {}) => ({ ...display.neutralOf(top), ...settings })

test('a neutral display adds nothing to a tile\'s address; what differs is told in source units', () => {
  assert.equal(display.query(with_(255)), '')
  assert.equal(display.query(with_(65535)), '')
  assert.equal(display.query(with_(255, { min: 30, max: 200, gamma: 1.2, invert: true, channels: ['FF0000', '-', '0000FF'] })), '&min=30&max=200&gamma=1.2&invert=1&channels=FF0000,-,0000FF')
  assert.equal(display.query(with_(65535, { max: 4095 })), '&min=0&max=4095')
  // Plain tiles of 16 bits show what the image uses; its corrected form counts from there.
  const deep = { ...display.neutralOf(65535, 100, 4000), max: 2050 }
  assert.equal(display.query({ ...deep, max: 4000 }), '')
  assert.equal(display.query(deep, true), '&min=0&max=127.5')
})

test('the permalink brings every setting back, and nonsense is neutral', () => {
  for (const settings of [{ min: 12 }, { max: 190.5 }, { gamma: 0.5 }, { invert: true }, { min: -40, max: 300, gamma: 2, invert: true, channels: ['-', '00FF00', 'FFFFFF'] }, { channels: ['FF0000', '-', '-'] }]) {
    const d = with_(255, settings), text = display.encode(d)
    assert.deepEqual({ ...display.neutralOf(255), ...display.decode(text, 255, 3) }, d, text)
  }
  assert.equal(display.encode(with_(255)), undefined)
  for (const text of [undefined, '', 'x', '5', '200,100', '0,255,0', '0,255,11', 'NaN,3', '1,2,x']) assert.equal(display.decode(text, 255, 3), null, text)
  // Colours for another number of bands do not fit this image.
  assert.equal(display.decode('0,255,1,0,FF0000:-', 255, 3).channels, null)
  assert.equal(display.decode('0,255,1,0,FF0000:red:-', 255, 3).channels, null)
})

test('values go through window, gamma and inversion', () => {
  const d = with_(255, { min: 50, max: 150 })
  assert.deepEqual([0, 50, 100, 150, 255].map(v => display.shown(d, v)), [0, 0, 0.5, 1, 1])
  assert.ok(Math.abs(display.shown({ ...d, gamma: 2 }, 75) - 0.5) < 1e-12)
  assert.equal(display.shown({ ...d, invert: true }, 50), 1)
})

test('the table over present tiles equals rendering anew wherever nothing was clipped', () => {
  for (const [from, to] of [[{}, { min: 40, max: 180, gamma: 1.7 }], [{ gamma: 2, invert: true }, { min: 100, max: 200 }], [{ min: -100, max: 400 }, { gamma: 0.6, invert: true }], [{ min: 10, max: 240 }, {}]]) {
    const a = with_(255, from), b = with_(255, to), n = 1025, t = display.table(a, b, n)
    for (let v = Math.max(0, a.min); v <= Math.min(255, a.max); v += 5) {
      const at = display.shown(a, v) * (n - 1), low = Math.floor(at), high = Math.min(n - 1, low + 1)
      const seen = t[low] + (t[high] - t[low]) * (at - low)
      assert.ok(Math.abs(seen - display.shown(b, v)) < 0.02, `${JSON.stringify([from, to])} at ${v}: ${seen} instead of ${display.shown(b, v)}`)
    }
  }
})

test('brightness and contrast are the place and the width of the window', () => {
  for (const top of [255, 65535]) {
    const d = with_(top)
    assert.equal(display.contrastOf(d), 1)
    assert.equal(display.brightnessOf(d), 0)
    const strong = { ...d, ...display.withContrast(d, 2) }
    assert.ok(Math.abs(display.contrastOf(strong) - 2) < 0.01 && Math.abs(display.brightnessOf(strong)) < 0.5)
    const bright = { ...strong, ...display.withBrightness(strong, 20) }
    assert.ok(Math.abs(display.contrastOf(bright) - 2) < 0.01 && Math.abs(display.brightnessOf(bright) - 20) < 0.5)
    assert.ok(display.shown(bright, top / 2) > 0.5, 'brighter')
    const back = { ...bright, ...display.withBrightness(bright, 0) }
    assert.deepEqual({ ...back, ...display.withContrast(back, 1) }, d)
  }
})

test('bands keep their own colours until one is changed', () => {
  assert.deepEqual(display.bandColors(3), ['FF0000', '00FF00', '0000FF'])
  assert.deepEqual([1, 3, 4].map(channels => display.bandsOf({ channels })), [1, 3, 3])
  const off = display.withBand(null, 3, 1, '-')
  assert.deepEqual(off, ['FF0000', '-', '0000FF'])
  assert.equal(display.withBand(off, 3, 1, '00FF00'), null)
})

test('a few counts are seen beside a million', () => {
  const points = display.curve([0, 1, 1e6], 1e6).split(' ').map(p => p.split(',').map(Number))
  const height = i => 64 - points.findLast(([x]) => x === i)[1]
  assert.equal(height(2), 64)
  assert.ok(height(1) > 3)
})

test('the axis spans the values of the image and the window, or all', () => {
  const d = display.neutralOf(65535, 1000, 3000)
  assert.deepEqual(display.axisOf(d, { low: 900, high: 3100 }), { low: 900, high: 3100 })
  assert.deepEqual(display.axisOf(d, null), { low: 0, high: 65535 })
  assert.deepEqual(display.axisOf(d, { low: 900, high: 3100 }, true), { low: 0, high: 65535 })
  assert.deepEqual(display.axisOf({ ...d, min: 12, max: 65535 }, { low: 20, high: 30 }), { low: 12, high: 65535 })
  assert.deepEqual(display.axisOf(display.neutralOf(255), { low: 3, high: 9 }), { low: 0, high: 255 })
})

test('lengths and angles of a line, honest without a pixel size', () => {
  assert.deepEqual(measure([0, 0], [3, 4], 2), { px: 5, um: 10, degrees: -Math.atan2(4, 3) * 180 / Math.PI })
  assert.equal(measure([0, 0], [3, 4]).um, null)
  assert.equal(measure([0, 0], [0, -7], 1).degrees, 90)
  assert.equal(measure([2, 2], [2, 2], 1).degrees, 0)
  assert.equal(measureText([0, 0], [480, 0], 2.5), '1.20 mm · 480.0 px · 0.0°')
  assert.equal(measureText([0, 0], [0, 10]), '10.0 px · \u221290.0°')
})

test('fit uses the room there is, at whole steps where that wastes little', () => {
  const image = { width: 5001, height: 3333, levels: 5 }
  for (const [width, height] of [[1052, 788], [800, 600], [400, 2000], [5033, 3365], [20000, 20000]]) {
    const scale = 2 ** (fitZoom(image, { width, height }) - 4), use = Math.max(5001 * scale / (width - 32), 3333 * scale / (height - 32))
    assert.ok(use <= 1.000001 && (use > 0.93 || scale === 8), `${width} × ${height}: ${use}`)
  }
  assert.equal(fitZoom(image, { width: 5033, height: 3365 }), 4)
  assert.equal(fitZoom(image, { width: 5233, height: 3565 }), 4)
})
