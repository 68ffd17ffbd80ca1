// The conditions at the left of the gallery: a measure between two values with its histogram, image, edited.
import { defineComponent, h, ref, watch, onMounted } from '../../vendor/vue.runtime.js'
import { objects, titleOf, measureNames } from '../../selection.js'
import { button, iconButton, section, checkbox } from '../../ui.js'
import { value } from '../../lib/format.js'
import { range, histogram } from '../../lib/table.js'
import { categories } from '../viewer/classes.js'
import { pen } from '../plots/chart.js'

/** Small histogram of a column; a drag over it sets both limits, a double click takes them away. */
const Bars = defineComponent((props) => {
  const canvas = ref(null)
  let from = null
  const reach = () => range(props.values, objects.ids.keys())
  const draw = () => {
    const all = reach()
    if (!canvas.value || !all) return
    const { c, width, height, color } = pen(canvas.value)
    const counts = histogram(props.values, objects.ids.keys(), all, 48), most = Math.max(...counts), step = width / 48
    counts.forEach((n, i) => {
      const middle = all[0] + (i + 0.5) * (all[1] - all[0]) / 48
      c.fillStyle = color(middle >= props.low && middle <= props.high ? 'accent' : 'line')
      const tall = n ? Math.max(1, n / most * height) : 0
      c.fillRect(i * step, height - tall, step - 1, tall)
    })
  }
  const at = event => { const [low, high] = reach() ?? [0, 0], box = canvas.value.getBoundingClientRect();
    return low + Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * (high - low) }
  onMounted(draw)
  watch(() => [props.values, props.low, props.high], draw)
  return () => h('canvas', {
    ref: canvas, class: 'bars', 'aria-hidden': 'true',
    onPointerdown: e => { from = at(e); e.currentTarget.setPointerCapture(e.pointerId) },
    onPointermove: e => { if (from !== null && Math.abs(at(e) - from) > 0) props.onRange(Math.min(from, at(e)), Math.max(from, at(e))) },
    onPointerup: () => { from = null }, onDblclick: () => props.onRange(-Infinity, Infinity)
  })
}, { props: ['values', 'low', 'high', 'onRange'] })

/** `conditions`: list of { name, op, value }; `change` takes the new list. */
export function filters(conditions, change, clear) {
  const of = (name, op) => conditions.find(c => c.name === name && (!op || c.op === op))
  const without = (name, op) => conditions.filter(c => c.name !== name || (op && c.op !== op))
  const set = (name, op, text) => change([...without(name, op), ...text === '' || text == null ? [] : [{ name, op, value: String(text) }]])
  const measures = [...new Set(conditions.filter(c => /[<>]/.test(c.op)).map(c => c.name))]
  const limit = (name, op, label) => h('input', {
    class: 'number', inputmode: 'decimal', 'aria-label': `${titleOf(name)}: ${label}`, placeholder: label, value: isFinite(of(name, op)?.value) ? of(name, op)?.value : '',
    onChange: e => { const text = e.target.value.trim().replace(',', '.').replace('\u2212', '-');
      set(name, op, isFinite(text) && text !== '' ? text : op === '>=' ? '-Infinity' : 'Infinity') }
  })
  const choice = (label, name, options) => h('label', { class: 'field' }, [h('span', label),
    h('select', { 'aria-label': label, value: of(name)?.value ?? '', onChange: e => set(name, '=', e.target.value) },
    options.map(([v, t]) => h('option', { value: v, key: v }, t)))])
  const short = n => String(isFinite(n) ? +n.toPrecision(4) : n)
  return h('aside', { class: 'side filters', 'aria-label': 'Which objects are shown' }, [
    section('Show', [
      choice('Image', 'image', [['', 'All images'], ...objects.names.map(i => [String(i.id), i.name])]),
      choice('Edited', 'edited', [['', 'All'], ['1', 'Edited by hand'], ['0', 'As found']]),
      ...categories().length ? [
        choice('Class', 'category', [['', 'All'], ['none', 'Without a class'], ...categories().map(k => [String(k.id), k.path ?? k.name])]),
        choice('Label', 'status', [['', 'All'], ['1', 'validated'], ['0', 'predicted'], ['2', 'dubious']])
      ] : [],
      checkbox('Only the selected', !!of('selected'), on => set('selected', '=', on ? '1' : ''))
    ], { aside: conditions.length ? button('Show all', clear, { kind: 'tag' }) : null }),
    section('Measures', [
      ...measures.map(name => {
        const low = Number(of(name, '>=')?.value ?? -Infinity), high = Number(of(name, '<=')?.value ?? Infinity), values = objects.columns[name],
          all = values && range(values, objects.ids.keys())
        return h('div', { class: 'filter', key: name }, [
          h('div', { class: 'row between' }, [h('span', { class: 'name', title: name }, titleOf(name)),
            iconButton('close', `Remove the filter ${titleOf(name)}`, () => change(without(name)), { size: 14 })]),
          values ? h(Bars, { values, low, high, onRange: (a, b) => change([...without(name), { name, op: '>=', value: short(a) }, { name, op: '<=', value: short(b) }]) }) : null,
          h('div', { class: 'row' }, [limit(name, '>=', all ? value(all[0]) : 'from'), h('span', { class: 'muted' }, 'to'), limit(name, '<=', all ? value(all[1]) : 'to')])
        ])
      }),
      h('select', { 'aria-label': 'Add a filter', value: '', onChange: e => { if (e.target.value) change([...conditions, { name: e.target.value, op: '>=', value: '-Infinity' }]);
        e.target.value = '' } }, [
        h('option', { value: '' }, 'Add a measure…'), ...measureNames().filter(n => !measures.includes(n)).map(n => h('option', { value: n, key: n }, titleOf(n)))])
    ])
  ])
}
