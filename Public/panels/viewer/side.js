// The panel at the right of the viewer: layers, display, selection, history.
import { h } from '../../vendor/vue.runtime.js'
import { at } from '../../api.js'
import { icon } from '../../icons.js'
import { button, iconButton, slider, checkbox, segmented, section } from '../../ui.js'
import { value, unit, plural, count, ago } from '../../lib/format.js'
import { lengthText } from '../../lib/units.js'
import { keyOf, hint } from '../../commands.js'

export const neutral = { brightness: 100, contrast: 100, invert: false }
export const isNeutral = d => d.brightness === 100 && d.contrast === 100 && !d.invert

export const operationTitles = {
  draw: 'Drew', delete: 'Deleted', merge: 'Merged', split: 'Split', cut: 'Cut', erase: 'Erased', add: 'Added to', fill: 'Filled', smooth: 'Smoothed', replace: 'Replaced', separate: 'Separated'
}

const layerRow = (name, layer, save, extra) => h('div', { class: 'layer' }, [
  h('label', { class: 'check' }, [h('input', { type: 'checkbox', checked: layer.on, onChange: e => { layer.on = e.target.checked; save() } }), h('span', name)]),
  h('input', { type: 'range', min: 0, max: 100, value: layer.opacity, 'aria-label': `Opacity of ${name}`, disabled: !layer.on, onInput: e => { layer.opacity = Number(e.target.value); save() } }),
  h('output', { class: 'number muted', 'aria-hidden': 'true' }, String(layer.opacity)), extra
])

/** Measures of one object; a length in px and the same in µm share a row. */
export function measures(object, columns) {
  const m = object.measurements ?? {}, known = new Set(columns.map(c => c.name))
  const list = [...columns.filter(c => m[c.name] !== undefined), ...Object.keys(m).filter(n => !known.has(n)).map(name => ({ name, title: name, unit: '' }))]
  // The field calls the equivalent diameter in µm by its short name.
  const twin = c => list.find(o => o.name === c.name + '_um' || o.name === c.name + '_um2' || (c.name === 'equivalent_diameter_area' && o.name === 'esd_um'))
  const twins = new Set(list.map(twin).filter(Boolean))
  const cell = c => c ? [value(m[c.name]), h('span', { class: 'unit' }, unit(c.unit))] : null
  return h('table', { class: 'measures' }, [h('caption', { class: 'unseen' }, 'Measurements'), h('tbody', list.filter(c => !twins.has(c)).map(c => h('tr', { key: c.name, title: [c.name, c.definition, c.source].filter(Boolean).join('\n') }, [
    h('th', { scope: 'row' }, c.title || c.name), h('td', { class: 'number' }, cell(c)), h('td', { class: 'number' }, cell(twin(c)))
  ])))])
}

export function side(v) {
  const { view, layers, display, project } = v
  const objects = view.selected.map(id => v.objectOf(id)).filter(Boolean)
  const one = objects.length === 1 ? objects[0] : objects.find(o => o.id === view.focus) ?? null
  return h('aside', { class: ['side', { open: view.sideOpen }], id: 'side', 'aria-label': 'Layers, display and selection' }, [
    section('Layers', [
      layerRow('Image', layers.image, v.saveLayers),
      h('div', { class: 'layer-style' }, [segmented('Which image is shown', [{ value: 'original', label: 'Original' }, { value: 'corrected', label: 'Corrected' }], layers.image.corrected ? 'corrected' : 'original', which => v.showCorrected(which === 'corrected')), h('span', { class: 'muted small', title: 'The image as stored, or as the pipeline corrects it' }, h('kbd', keyOf('viewer.corrected')))]),
      layerRow('Segments', layers.segments, v.saveLayers),
      h('div', { class: 'layer-style' }, [segmented('How segments are drawn', [{ value: 'outline', label: 'Outline' }, { value: 'fill', label: 'Fill' }, { value: 'off', label: 'Off' }], view.style, v.setStyle), h('span', { class: 'muted small', title: 'Cycles the three' }, h('kbd', keyOf('viewer.style')))]),
      layerRow('Rejected', layers.rejects, v.saveLayers)
    ], { key: 'layers' }),
    section('Display', [
      slider('Brightness', display.brightness, n => { display.brightness = n; v.saveDisplay() }, { min: 20, max: 300, text: String(display.brightness), onReset: () => { display.brightness = 100; v.saveDisplay() } }),
      slider('Contrast', display.contrast, n => { display.contrast = n; v.saveDisplay() }, { min: 20, max: 400, text: String(display.contrast), onReset: () => { display.contrast = 100; v.saveDisplay() } }),
      h('div', { class: 'row wrap' }, [checkbox('Invert', display.invert, on => { display.invert = on; v.saveDisplay() }), checkbox('Sharp pixels', display.pixelated, on => { display.pixelated = on; v.saveDisplay() })]),
      h('div', { class: 'around' }, [h('span', 'Around'), segmented('Around the image', [{ value: 'calm', label: 'Calm' }, { value: 'black', label: 'Black' }, { value: 'white', label: 'White' }, { value: 'checker', label: 'Checks' }], display.canvas, c => { display.canvas = c; v.saveDisplay() })])
    ], { key: 'display', aside: isNeutral(display) ? null : button('Not neutral · reset', v.resetDisplay, { kind: 'tag', title: 'Brightness, contrast or invert are changed on screen only; exports are not touched' }) }),
    section('Selection', objects.length === 0 ? h('p', { class: 'muted' }, ['Click an object to select it, ', h('kbd', 'Shift'), ' and click for more.']) : [
      objects.length > 1 ? h('div', { class: 'chips' }, objects.slice(0, 24).map(o => h('button', { type: 'button', key: o.id, class: ['vignette', { pressed: one?.id === o.id }], 'aria-label': `Object ${o.id}`, 'aria-pressed': String(one?.id === o.id), onClick: () => v.focusObject(o.id) }, h('img', { src: v.vignette(o), alt: '', loading: 'lazy' })))) : null,
      objects.length > 24 ? h('p', { class: 'muted small' }, `and ${objects.length - 24} more`) : null,
      one ? h('div', { class: 'object', key: one.id }, [
        h('div', { class: 'object-head' }, [
          objects.length === 1 ? h('img', { class: 'vignette large', src: v.vignette(one), alt: `Picture of object ${one.id}` }) : null,
          h('div', [h('strong', `Object ${one.id}`), h('div', { class: 'mono muted small uid', title: one.uid }, one.uid), h('div', { class: 'row wrap small' }, [one.edited ? h('span', { class: 'badge edited' }, [h('i'), 'edited']) : null, one.nInner ? h('span', { class: 'muted' }, `${plural(one.nInner, 'object')} inside`) : null, one.rule ? h('span', { class: 'bad' }, one.rule) : null])])
        ]),
        h('dl', { class: 'facts' }, [
          h('div', [h('dt', 'Position'), h('dd', `${count(one.box.x)}, ${count(one.box.y)} px`)]),
          h('div', [h('dt', 'Box'), h('dd', [`${count(one.box.width)} × ${count(one.box.height)} px`, view.image.pixelSizeUm ? h('span', { class: 'muted' }, ` · ${lengthText(one.box.width * view.image.pixelSizeUm)} × ${lengthText(one.box.height * view.image.pixelSizeUm)}`) : null])])
        ]),
        measures(one, view.columns)
      ]) : h('p', { class: 'muted' }, `${plural(objects.length, 'object')}, ${count(objects.reduce((s, o) => s + (o.area ?? 0), 0))} px² in all`)
    ], { key: 'selection', aside: objects.length ? h('span', { class: 'row' }, [h('span', { class: 'muted' }, objects.length > 1 ? plural(objects.length, 'object') : null), iconButton('close', 'Select nothing', v.clearSelection, { size: 14 })]) : null }),
    section('History', view.edits.length || view.waiting.length ? h('ol', { class: 'history' }, [
      ...view.waiting.slice().reverse().map(e => h('li', { class: 'pending', key: e.key }, [icon('clock', 14), h('span', { class: 'grow' }, `${operationTitles[e.operation] ?? e.operation} · waiting`)])),
      ...view.edits.map((e, i) => h('li', { key: e.id, class: { undone: e.undone, now: !e.undone && (i === 0 || view.edits[i - 1].undone) } }, h('button', { type: 'button', disabled: v.readOnly(), title: e.undone ? 'Redo up to here' : 'Go back to here', onClick: () => v.goTo(e) }, [
        h('span', { class: 'grow' }, e.summary || operationTitles[e.operation] || e.operation), h('span', { class: 'muted small' }, e.undone ? 'undone' : ago(e.at))
      ])))
    ]) : h('p', { class: 'muted' }, 'Nothing edited yet. Every change is on disk at once and can be undone, also tomorrow.'), { key: 'history', aside: icon('history', 14) })
  ])
}
