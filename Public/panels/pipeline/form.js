// The form of a node, made from its declaration alone.
import { h } from '../../vendor/vue.runtime.js'
import { segmented } from '../../ui.js'
import { valueOf, complaint, applies, slide } from '../../lib/graph.js'

/** `set(parameter, value)` is called with typed values; unfinished text stays in the field. Parameters that do not count now are not shown. `top`: brightest gray level. */
export function form(node, type, set, readOnly, top) {
  return h('div', { class: 'form' }, type.parameters.filter(p => applies(node, type, p)).map(p => {
    const value = valueOf(node, p), id = `${node.name}-${p.name}`.replace(/[^\w-]/g, '_'), wrong = complaint(p, value),
      changed = node.config?.[p.name] !== undefined && node.config[p.name] !== p.default
    const common = { id, disabled: readOnly, 'aria-describedby': p.help ? id + '-help' : undefined, 'aria-invalid': wrong ? 'true' : undefined }
    let control
    if (p.type === 'boolean') control = h('input', { ...common, type: 'checkbox', role: 'switch', checked: !!value, onChange: e => set(p, e.target.checked) })
    else if (p.type === 'choice') {
      const choices = p.choices ?? []
      control = choices.length <= 3 && !readOnly && choices.reduce((n, c) => n + String(c.label ?? c.value).length, 0) <= 30
        ? segmented(p.label, choices.map(c => ({ value: c.value, label: c.label ?? c.value })), value, v => set(p, v))
        : h('select', { ...common, value, onChange: e => set(p, choices[e.target.selectedIndex].value) },
          choices.map(c => h('option', { value: c.value, selected: c.value === value }, c.label ?? c.value)))
    } else if (p.type === 'integer' || p.type === 'number') {
      const parse = text => { const t = text.trim().replace(',', '.'); return t === '' ? null : isNaN(Number(t)) ? t : Number(t) }
      const number = h('input', { ...common, class: 'number', inputmode: p.type === 'integer' ? 'numeric' : 'decimal', value: value ?? '', placeholder: p.default == null ? 'none'
        : String(p.default), onChange: e => set(p, parse(e.target.value)),
        onKeydown: e => {
          const d = { ArrowUp: 1, ArrowDown: -1 }[e.key]
          if (!d) return
          e.preventDefault()
          const size = (p.step ?? (p.type === 'integer' ? 1 : 0.1)) * (e.shiftKey ? 10 : 1), now = Number(value ?? p.min ?? 0)
          set(p, Math.min(p.max ?? Infinity, Math.max(p.min ?? -Infinity, +(now + d * size).toPrecision(10))))
        } })
      const range = slide(p, top)
      control = h('div', { class: 'with-unit' }, [range && typeof value === 'number' ? h('input',
        { type: 'range', ...range, value, disabled: readOnly, 'aria-label': `${p.label}, slider`, onInput: e => set(p, Number(e.target.value)) }) : null, number, p.unit
        ? h('span', { class: 'unit' }, p.unit) : null])
    } else if (p.type === 'color') {
      const picked = e => set(p, e.target.value.trim().replace(/^#/, '').toUpperCase())
      control = h('div', { class: 'with-unit' }, [
        h('input', { type: 'color', value: wrong ? '#ffffff' : '#' + value.toLowerCase(), disabled: readOnly, 'aria-label': `${p.label}, picker`, onChange: picked }),
        h('input', { ...common, class: 'number', value: value ?? '', spellcheck: false, onChange: picked })])
    } else control = h('input', { ...common, value: value ?? '', onChange: e => set(p, e.target.value) })
    return h('div', { class: ['form-row', { changed }], key: p.name }, [
      h(p.type === 'choice' && control.type === 'div' ? 'span' : 'label', { class: 'form-label', for: p.type === 'choice' && control.type === 'div' ? undefined : id }, p.label),
      control,
      p.help || wrong ? h('p', { class: ['form-help', { wrong }], id: id + '-help' }, wrong ?? [p.help, p.min != null && p.max != null && !p.choices
        ? h('span', { class: 'range' }, ` ${p.min} – ${p.max}${p.unit ? ' ' + p.unit : ''}`) : null]) : null
    ])
  }))
}
