// The panel at the right of the viewer: layers, display, selection, history.
import { h } from '../../vendor/vue.runtime.js'
import { at } from '../../api.js'
import { iconButton, section } from '../../ui.js'
import { value, unit, plural, count } from '../../lib/format.js'
import { lengthText } from '../../lib/units.js'
import { history } from './history.js'
import { layersSection } from './layers.js'
import { classes } from './classes.js'

/** Measures of one object; a length in px and the same in µm share a row. */
export function measures(object, columns) {
  const m = object.measurements ?? {}, known = new Set(columns.map(c => c.name))
  const list = [...columns.filter(c => m[c.name] !== undefined), ...Object.keys(m).filter(n => !known.has(n)).map(name => ({ name, title: name, unit: '' }))]
  // The field calls the equivalent diameter in µm by its short name.
  const twin = c => list.find(o => o.name === c.name + '_um' || o.name === c.name + '_um2' || (c.name === 'equivalent_diameter_area' && o.name === 'esd_um'))
  const twins = new Set(list.map(twin).filter(Boolean))
  // Seven digits of µm² say no more than four of mm², and do not fit beside the pixels.
  const cell = c => {
    if (!c) return null
    const large = unit(c.unit) === 'µm²' && m[c.name] >= 1e5
    return [value(large ? m[c.name] / 1e6 : m[c.name]), h('span', { class: 'unit' }, large ? 'mm²' : unit(c.unit))]
  }
  return h('table', { class: 'measures' }, [h('caption', { class: 'unseen' }, 'Measurements'),
    h('tbody', list.filter(c => !twins.has(c)).map(c => h('tr', { key: c.name, title: [c.name, c.definition, c.source].filter(Boolean).join('\n') }, [
    h('th', { scope: 'row' }, c.title || c.name), h('td', { class: 'number' }, cell(c)), h('td', { class: 'number' }, cell(twin(c)))
  ])))])
}

export function side(v) {
  const { view } = v
  const objects = view.selected.map(id => v.objectOf(id)).filter(Boolean)
  const one = objects.length === 1 ? objects[0] : objects.find(o => o.id === view.focus) ?? null
  return h('aside', { class: ['side', { open: view.sideOpen }], id: 'side', 'aria-label': 'Layers, display and selection' }, [
    layersSection(v),
    v.looks.displaySection(),
    classes(v.labelling),
    section('Selection', objects.length === 0 ? h('p', { class: 'muted' }, view.selected.length ? 'The object is not known here until the server answers.' : ['Click an object to select it, ', h('kbd', 'Shift'), ' and click for more.']) : [
      objects.length > 1 ? h('div', { class: 'chips' }, objects.slice(0, 24).map(o => h('button',
        { type: 'button', key: o.id, class: ['vignette', { pressed: one?.id === o.id }], 'aria-label': `Object ${o.id}`, 'aria-pressed': String(one?.id === o.id),
        onClick: () => v.focusObject(o.id) }, h('img', { src: v.vignette(o), alt: '', loading: 'lazy' })))) : null,
      objects.length > 24 ? h('p', { class: 'muted small' }, `and ${objects.length - 24} more`) : null,
      one ? h('div', { class: 'object', key: one.id }, [
        h('div', { class: 'object-head' }, [
          objects.length === 1 ? h('img', { class: 'vignette large', src: v.vignette(one), alt: `Picture of object ${one.id}` }) : null,
          h('div', [h('strong', `Object ${one.id}`), h('div', { class: 'mono muted small uid', title: one.uid }, one.uid),
            h('div', { class: 'row wrap small' }, [one.edited ? h('span', { class: 'badge edited' }, [h('i'), 'edited']) : null, one.nInner
            ? h('span', { class: 'muted' }, `${plural(one.nInner, 'object')} inside`) : null, one.rule ? h('span', { class: 'bad' }, one.rule) : null])])
        ]),
        h('dl', { class: 'facts' }, [
          h('div', [h('dt', 'Position'), h('dd', `${count(one.box.x)}, ${count(one.box.y)} px`)]),
          h('div', [h('dt', 'Box'), h('dd', [`${count(one.box.width)} × ${count(one.box.height)} px`, view.image.pixelSizeUm
            ? h('span', { class: 'muted' }, ` · ${lengthText(one.box.width * view.image.pixelSizeUm)} × ${lengthText(one.box.height * view.image.pixelSizeUm)}`) : null])])
        ]),
        measures(one, view.columns)
      ]) : h('p', { class: 'muted' }, `${plural(objects.length, 'object')}, ${count(objects.reduce((s, o) => s + (o.area ?? 0), 0))} px² in all`)
    ], { key: 'selection', aside: objects.length ? h('span', { class: 'row' }, [h('span', { class: 'muted' }, objects.length > 1 ? plural(objects.length, 'object') : null),
      iconButton('close', 'Select nothing', v.clearSelection, { size: 14 })]) : null }),
    history(v)
  ])
}
