// What lies on the image: raster layers of all objects, and the section that switches them.
import { h } from '../../vendor/vue.runtime.js'
import { section, segmented } from '../../ui.js'
import { count } from '../../lib/format.js'
import { keyOf } from '../../commands.js'
import { ImageTiles } from './image-map.js'

// Okabe–Ito: blue has contrast on light plankton grounds; the others mark what rules dropped.
const segmentColor = '0072B2', ruleColors = ['D55E00', 'CC79A7', 'E69F00', '56B4E9', '999999', 'F0E442']
export const layerDefaults = { image: { on: true, opacity: 100, corrected: false }, segments: { on: true, opacity: 100, classes: true }, rejects: { on: false, opacity: 80, off: [] } }
export const rulesOf = image => Object.entries(image?.rejects ?? {}).sort(([a], [b]) => a.localeCompare(b)).map(([rule, n], i) => ({ rule, n, color: ruleColors[i % ruleColors.length] }))

/** Tile layers in one pane that follow what is wanted: [{ key, query, opacity, name }], the first at the bottom. `address(z, x, y, query)` gives a tile. */
export function createOverlays(map, image, address, pane) {
  const layers = new Map()
  return {
    set(wanted) {
      for (const [key, layer] of layers) if (!wanted.some(w => w.key === key)) { layer.remove(); layers.delete(key) }
      wanted.forEach((w, i) => {
        if (!layers.has(w.key)) layers.set(w.key, new ImageTiles(image, (z, x, y) => address(z, x, y, w.query), { pane, className: `tiles overlay ${w.name}` }).addTo(map))
        const layer = layers.get(w.key)
        layer.setZIndex(i + 1)
        layer.getContainer().style.opacity = w.opacity
      })
    },
    refresh: boxes => Promise.all([...layers.values()].map(layer => layer.refresh(boxes))),
    remove() { for (const layer of layers.values()) layer.remove(); layers.clear() }
  }
}

/** The layers for these switches. A casing lies below every outline, so that it is seen on any ground; fills stay thin. */
export function wantedOverlays({ layers, style, image, state, categories = [] }) {
  const s = layers.segments.opacity / 100, at = state === undefined ? '' : `&state=${state}`, list = []
  const add = (name, opacity, query) => list.push({ key: name + query + at, name, opacity, query: query + at })
  // Outlines are one device pixel wide or more; on fine screens one would be a hair.
  const width = devicePixelRatio >= 1.5 ? 3 : 2
  if (layers.segments.on && style !== 'off') {
    const line = color => `color=${color}&style=outline&kind=region`
    add('region fill', style === 'fill' ? 0.45 * s : 0.1 * s, `color=${segmentColor}&style=fill&kind=region`)
    if (style === 'outline') {
      add('region casing', 0.75 * s, `${line('FFFFFF')}&width=${width}`)
      add('region outline', s, `${line(segmentColor)}&width=${width - 1}`)
    }
    if (layers.segments.classes) for (const c of categories) add('region class', style === 'fill' ? 0.6 * s : s, `color=${c.color}&style=${style}&kind=region&category=${c.id}${style === 'fill' ? '' : `&width=${width - 1}`}`)
  }
  if (layers.rejects.on) for (const { rule, color } of rulesOf(image)) if (!layers.rejects.off.includes(rule)) add('reject outline', layers.rejects.opacity / 100, `color=${color}&style=outline&kind=reject&width=${width - 1}&rule=${encodeURIComponent(rule)}`)
  return list
}

const row = (name, layer, save, total) => h('div', { class: 'layer' }, [
  h('label', { class: 'check' }, [h('input', { type: 'checkbox', checked: layer.on, onChange: e => { layer.on = e.target.checked; save() } }), h('span', name), total == null ? null : h('span', { class: 'muted' }, count(total))]),
  h('input', { type: 'range', min: 0, max: 100, value: layer.opacity, 'aria-label': `Opacity of ${name}`, disabled: !layer.on, onInput: e => { layer.opacity = Number(e.target.value); save() } }),
  h('output', { class: 'number muted', 'aria-hidden': 'true' }, String(layer.opacity))
])
const key = (id, title) => h('span', { class: 'muted small', title }, h('kbd', keyOf(id)))

export function layersSection({ view, setStyle, categories, looks: { layers, saveLayers, showCorrected } }) {
  const rules = rulesOf(view.image), { off } = layers.rejects
  return section('Layers', [
    row('Image', layers.image, saveLayers),
    h('div', { class: 'layer-style' }, [segmented('Which image is shown', [{ value: 'original', label: 'Original' }, { value: 'corrected', label: 'Corrected' }], layers.image.corrected ? 'corrected' : 'original', which => showCorrected(which === 'corrected')), key('viewer.corrected', 'The image as stored, or as the pipeline corrects it')]),
    row('Segments', layers.segments, saveLayers, view.total),
    h('div', { class: 'layer-style' }, [segmented('How segments are drawn', [{ value: 'outline', label: 'Outline' }, { value: 'fill', label: 'Fill' }, { value: 'off', label: 'Off' }], view.style, setStyle), key('viewer.style', 'Cycles the three')]),
    categories?.().length ? h('div', { class: 'layer-style' }, h('label', { class: 'check' }, [h('input', { type: 'checkbox', checked: layers.segments.classes, onChange: e => { layers.segments.classes = e.target.checked; saveLayers() } }), h('span', 'Colours of classes')])) : null,
    row('Rejected', layers.rejects, saveLayers, rules.reduce((sum, r) => sum + r.n, 0)),
    ...layers.rejects.on ? rules.map(({ rule, n, color }) => h('label', { class: 'check rule', key: rule }, [
      h('input', { type: 'checkbox', checked: !off.includes(rule), onChange: e => { layers.rejects.off = e.target.checked ? off.filter(r => r !== rule) : [...off, rule]; saveLayers() } }),
      h('i', { style: { background: `#${color}` } }), h('span', { class: 'grow' }, rule.replace(/[A-Z]/g, c => ' ' + c.toLowerCase()) || 'no rule'), h('span', { class: 'muted number' }, count(n))
    ])) : []
  ], { key: 'layers' })
}
