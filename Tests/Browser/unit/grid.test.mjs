import { test } from 'node:test'
import assert from 'node:assert/strict'
import { span, inside, move, parse, format, paste, fillDown, visible } from '../../../Public/lib/grid.js'

const at = (r, c, ar = r, ac = c) => ({ r, c, ar, ac })

test('a selection covers all cells between its corners', () => {
  assert.deepEqual(span(at(4, 1, 2, 3)), { top: 2, left: 1, bottom: 4, right: 3 })
  assert.equal(inside(at(4, 1, 2, 3), 3, 2), true)
  assert.equal(inside(at(4, 1, 2, 3), 3, 0), false)
})
test('arrows move, Shift stretches, Ctrl goes to the end, and the table ends at its edges', () => {
  assert.deepEqual(move(at(1, 1), 'ArrowDown', {}, 5, 3), at(2, 1))
  assert.deepEqual(move(at(1, 1), 'ArrowDown', { shift: true }, 5, 3), at(2, 1, 1, 1))
  assert.deepEqual(move(at(4, 1), 'ArrowDown', {}, 5, 3), at(4, 1))
  assert.deepEqual(move(at(0, 0), 'ArrowUp', {}, 5, 3), at(0, 0))
  assert.deepEqual(move(at(1, 1), 'ArrowRight', { ctrl: true, shift: true }, 5, 3), at(1, 2, 1, 1))
  assert.deepEqual(move(at(1, 1), 'Home', {}, 5, 3), at(1, 0))
  assert.deepEqual(move(at(1, 1), 'End', { ctrl: true }, 5, 3), at(4, 2))
  assert.deepEqual(move(at(3, 2), 'Home', { ctrl: true }, 5, 3), at(0, 0))
  assert.deepEqual(move(at(1, 1, 3, 2), 'ArrowLeft', {}, 5, 3), at(1, 0))
  assert.equal(move(at(1, 1), 'a', {}, 5, 3), null)
})
test('blocks of spreadsheets are read as they were written', () => {
  assert.deepEqual(parse('a\tb\r\nc\td\r\n'), [['a', 'b'], ['c', 'd']])
  assert.deepEqual(parse('a'), [['a']])
  assert.deepEqual(parse(''), [['']])
  assert.deepEqual(parse('a\t'), [['a', '']])
  assert.deepEqual(parse('\n'), [['']])
  assert.deepEqual(parse('a\n\nb'), [['a'], [''], ['b']])
  assert.deepEqual(parse('"x\ty"\t"he said ""no"""\n"two\nlines"\tz'), [['x\ty', 'he said "no"'], ['two\nlines', 'z']])
  // A quote that opens no whole cell is a quote.
  assert.deepEqual(parse('5" net\t"half\nx'), [['5" net', '"half'], ['x']])
  for (const rows of [[['a', 'b'], ['', 'd']], [['x\ty', '"q"'], ['l\nm', '5" net']]]) assert.deepEqual(parse(format(rows)), rows)
})
test('a pasted block fills from the first cell, repeats over a larger selection, and is cut at the edges', () => {
  assert.deepEqual(paste(at(1, 1), [['a', 'b'], ['c']], 5, 5).map(x => [x.r, x.c, x.text]), [[1, 1, 'a'], [1, 2, 'b'], [2, 1, 'c'], [2, 2, '']])
  assert.equal(paste(at(4, 4), [['a', 'b'], ['c', 'd']], 5, 5).length, 1)
  assert.deepEqual(paste(at(0, 0, 2, 1), [['x']], 5, 5).map(x => x.text), Array(6).fill('x'))
  assert.deepEqual(paste(at(0, 0, 4, 0), [['x'], ['y']], 9, 1).map(x => x.text), ['x', 'y', 'x', 'y'])
})
test('fill-down copies the first row, or the row above a single one', () => {
  const value = (r, c) => `${r}.${c}`
  assert.deepEqual(fillDown(at(1, 0, 3, 1), value).map(x => [x.r, x.c, x.text]), [[2, 0, '1.0'], [3, 0, '1.0'], [2, 1, '1.1'], [3, 1, '1.1']])
  assert.deepEqual(fillDown(at(2, 1), value), [{ r: 2, c: 1, text: '1.1' }])
  assert.deepEqual(fillDown(at(0, 1), value), [])
})
test('only the rows in view are drawn, and a screen around them', () => {
  assert.deepEqual(visible(0, 280, 28, 10000), { from: 0, to: 21 })
  assert.deepEqual(visible(28 * 5000, 280, 28, 10000), { from: 4990, to: 5021 })
  assert.deepEqual(visible(0, 280, 28, 3), { from: 0, to: 3 })
  assert.deepEqual(visible(0, 280, 28, 0), { from: 0, to: 0 })
})
