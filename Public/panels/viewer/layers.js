// What lies on the image: raster layers of all objects, and the section that switches them.
import { h } from '../../vendor/vue.runtime.js'
import { section, segmented } from '../../ui.js'
import { count } from '../../lib/format.js'
import { keyOf } from '../../commands.js'
import { categories, labelRevision } from './classes.js'

// Okabe–Ito: blue has contrast on light plankton grounds; the others mark what rules dropped.
const segmentColor = '0072B2', ruleColors = ['D55E00', 'CC79A7', 'E69F00', '56B4E9', '999999', 'F0E442']
export const layerDefaults = { image: { on: true, opacity: 100, corrected: false }, segments: { on: true, opacity: 100, classes: true, off: [] },
  rejects: { on: false, opacity: 80, off: [] } }
const classesInUse = () => categories().filter(k => k.count)
export const rulesOf = image => Object.entries(image?.rejects ?? {}).sort(([a], [b]) => a.localeCompare(b)).map(([rule, n],
  i) => ({ rule, n, color: ruleColors[i % ruleColors.length] }))

/** Steps that found objects of the image, where there are several, drawn by hand being one: [{ step, n }]. */
export const stepsOf = image => { const list = Object.entries(image?.steps ?? {}).sort(([a], [b]) => a.localeCompare(b)).map(([step, n]) => ({ step, n })); return list.length > 1 ? list : [] }
/** Leaves out objects of steps that are switched off: the end of a query. */
export const withoutSteps = (image, { segments: { off = [] } }) => {
  const hidden = stepsOf(image).filter(s => off.includes(s.step)).map(s => s.step || 'hand')
  return hidden.length ? `&without=${encodeURIComponent(hidden.join())}` : ''
}

/** What lies over the image for these switches, lowest first: [{ query, opacity, dotted }]. A casing below every outline makes it seen on any ground; fills stay thin. */
export function overlayParts({ layers, style, image, state }) {
  const s = layers.segments.opacity / 100, list = []
  const add = (opacity, query, dotted = false) => list.push({ opacity, dotted, query: query + (state === undefined ? '' : `&state=${state}`) })
  // On fine screens a line of one device pixel would be a hair.
  const width = devicePixelRatio >= 1.5 ? 2 : 1, line = (color, more) => `color=${color}&style=outline&width=${width}${more}`
  if (layers.segments.on && style !== 'off') {
    const fill = style === 'fill', kind = '&kind=region' + withoutSteps(image, layers)
    add((fill ? 0.45 : 0.1) * s, `color=${segmentColor}&style=fill${kind}`)
    if (!fill) {
      add(0.75 * s, `color=FFFFFF&style=outline&width=${width + 1}${kind}`)
      add(s, line(segmentColor, kind))
    }
    if (layers.segments.classes) for (const { id, color } of classesInUse()) add(fill ? 0.6 * s : s,
      (fill ? `color=${color.slice(1)}&style=fill` : line(color.slice(1), '')) + `${kind}&category=${id}&labels=${labelRevision()}`)
  }
  if (layers.rejects.on) for (const { rule, color } of rulesOf(image)) if (!layers.rejects.off.includes(rule)) add(layers.rejects.opacity / 100,
    line(color, `&kind=reject&rule=${encodeURIComponent(rule)}`), true)
  return list
}

const row = (name, layer, save, total) => h('div', { class: 'layer' }, [
  h('label', { class: 'check' }, [h('input', { type: 'checkbox', checked: layer.on, onChange: e => { layer.on = e.target.checked; save() } }), h('span', name), total == null
    ? null : h('span', { class: 'muted' }, count(total))]),
  h('input', { type: 'range', min: 0, max: 100, value: layer.opacity, 'aria-label': `Opacity of ${name}`, disabled: !layer.on,
    onInput: e => { layer.opacity = Number(e.target.value); save() } }),
  h('output', { class: 'number muted', 'aria-hidden': 'true' }, String(layer.opacity))
])
const tick = (name, n, off, item, set, mark) => h('label', { class: 'check rule', key: item }, [
  h('input', { type: 'checkbox', checked: !off.includes(item), onChange: e => set(e.target.checked ? off.filter(r => r !== item) : [...off, item]) }),
  mark, h('span', { class: 'grow' }, name), h('span', { class: 'muted number' }, count(n))])
const key = (id, title) => h('span', { class: 'muted small', title }, h('kbd', keyOf(id)))

export function layersSection({ view, setStyle, looks: { layers, saveLayers, showCorrected } }) {
  const rules = rulesOf(view.image)
  return section('Layers', [
    row('Image', layers.image, saveLayers),
    h('div', { class: 'layer-style' }, [segmented('Which image is shown', [{ value: 'original', label: 'Original' }, { value: 'corrected', label: 'Corrected' }],
      layers.image.corrected ? 'corrected' : 'original', which => showCorrected(which === 'corrected')),
      key('viewer.corrected', 'The image as stored, or as the pipeline corrects it')]),
    row('Segments', layers.segments, saveLayers, view.total),
    h('div', { class: 'layer-style' }, [segmented('How segments are drawn', [{ value: 'outline', label: 'Outline' }, { value: 'fill', label: 'Fill' },
      { value: 'off', label: 'Off' }], view.style, setStyle), key('viewer.style', 'Cycles the three')]),
    classesInUse().length ? h('div', { class: 'layer-style' }, h('label', { class: 'check' },
      [h('input', { type: 'checkbox', checked: layers.segments.classes, onChange: e => { layers.segments.classes = e.target.checked; saveLayers() } }),
      h('span', 'Colours of classes')])) : null,
    ...layers.segments.on ? stepsOf(view.image).map(({ step, n }) => tick(step ? `found by ${step}` : 'drawn by hand', n, layers.segments.off ?? [], step,
      off => { layers.segments.off = off; saveLayers() })) : [],
    row('Rejected', layers.rejects, saveLayers, rules.reduce((sum, r) => sum + r.n, 0)),
    ...layers.rejects.on ? rules.map(({ rule, n, color }) => tick(rule.replace(/[A-Z]/g, c => ' ' + c.toLowerCase()) || 'no rule', n, layers.rejects.off, rule,
      off => { layers.rejects.off = off; saveLayers() }, h('i', { style: { background: `#${color}` } }))) : []
  ], { key: 'layers' })
}
