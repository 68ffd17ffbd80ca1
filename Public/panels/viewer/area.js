// The part of the image that counts: shown with the rest dimmed; drawn, found by itself, changed and taken away with the tool "Restrict area".
import { h, reactive } from '../../vendor/vue.runtime.js'
import { get, put, post, remove } from '../../api.js'
import { notify, takeJob } from '../../state.js'
import { button, iconButton, segmented } from '../../ui.js'
import { latLng } from './image-map.js'
import { L } from '../../vendor/leaflet.runtime.js'

const words = { image: 'Drawn on this image', pipeline: 'Set for all images', frame: 'Found on each image by itself', whole: 'The whole image counts' }

export function createArea(v) {
  const { view, P } = v, a = reactive({ area: null, from: 'whole', all: false, shape: 'box', busy: false })
  let layer
  const own = () => P(`/blobs/${view.image.id}/area`), active = () => view.tool === 'area'
  const rings = () => a.area?.type === 'MultiPolygon' ? a.area.coordinates.flat() : a.area?.coordinates ?? []

  function draw() {
    layer.clearLayers()
    if (!a.area) return
    const { width: w, height: H } = view.image, edge = [[-0.5, -0.5], [w - 0.5, -0.5], [w - 0.5, H - 0.5], [-0.5, H - 0.5]], place = p => latLng(...p),
      same = { interactive: false, pane: 'overlays', smoothFactor: 0.2 }
    layer.addLayer(L.polygon([edge, ...rings()].map(r => r.map(place)), { ...same, stroke: false, fillColor: '#000', fillOpacity: active() ? 0.5 : 0.35,
      className: 'area-outside' }))
    for (const [color, weight] of [['#fff', 4], ['#0b6e8f', 2]]) layer.addLayer(L.polygon(rings().map(r => r.map(place)),
      { ...same, fill: false, color, weight, dashArray: active() && weight === 2 ? '6 4' : null }))
    if (!active() || v.readOnly()) return
    // Corners to drag; a circle that was found has too many of them.
    rings().forEach((ring, i) => ring.length < 60 && ring.slice(0, -1).forEach((p, k) => {
      const handle = L.marker(place(p), { draggable: true, keyboard: false, pane: 'numbers', icon: L.divIcon({ className: 'area-corner', iconSize: [14, 14] }) }).addTo(layer)
      handle.getElement().addEventListener('pointerdown', e => e.stopPropagation())
      handle.on('dragend', () => {
        const at = handle.getLatLng(), [lng, lat] = [at.lng, at.lat].map(c => Math.round(c * 100) / 100), next = rings().map(r => r.slice(0, -1)), r = next[i],
          [x, y] = r[(k + 2) % r.length]
        // A rectangle stays one.
        if (r.length === 4 && r.every((p, j) => [0, 1].some(axis => r[(j + 1) % 4][axis] === p[axis]))) next[i] = [[lng, lat], [x, lat], [x, y], [lng, y]]
        else r[k] = [lng, lat]
        save({ type: 'Polygon', coordinates: next.map(r => [...r, r[0]]) })
      })
    }))
  }
  async function load() {
    if (!layer) return
    try {
      Object.assign(a, { area: null }, await get(own()))
      if (a.from === 'frame' && active()) a.area = (await post(own() + '/find', {})).area
    } catch (error) { if (!error.offline) view.refused = error.message }
    draw()
  }
  async function change(work, undo) {
    a.busy = true
    view.refused = null
    try {
      await work()
      if (undo) notify(a.all ? 'The area of all images is changed; the next run takes it.' : 'The area of this image is changed; the next run takes it.',
        { action: { label: 'Undo', run: () => change(undo) } })
    } catch (error) { view.refused = error.message }
    a.busy = false
    await load()
  }
  /** Back to what it is now. */
  const before = () => {
    const { area, from } = a
    return () => from === 'image' ? put(own(), area) : remove(own())
  }
  function save(geometry) {
    if (!a.all) return change(() => put(own(), geometry), before())
    const mine = before(), hadOwn = a.from === 'image'
    return change(async () => { const graph = await get(P('/graph')); await put(P('/area'), geometry); if (hadOwn) await remove(own()); a.graph = graph },
      async () => { await put(P('/graph'), a.graph); if (hadOwn) await mine() })
  }
  async function find() {
    a.busy = true
    try {
      const found = await post(own() + '/find', {})
      if (found.area) await (a.all ? save({ method: 'frame' }) : save(found.area))
      else view.hint = 'No rim stands out from this image; draw the area by hand'
    } catch (error) { view.refused = error.message }
    a.busy = false
  }
  const clear = () => a.all ? save({ method: 'whole' }) : change(() => remove(own()), before())
  async function run() { try { takeJob(await post(P('/jobs'), { type: 'run', images: [view.image.id], edited: 'keep' })) } catch (error) { view.refused = error.message } }

  return {
    load, draw, shape: () => a.shape, active,
    start(map) { layer = L.layerGroup().addTo(map); load() },
    /** A finished shape of the drawing tools. */
    take(features) { save(features[0].geometry) },
    bar: use => !active() ? null : h('div', { class: 'area-bar', role: 'group', 'aria-label': 'Restrict area' }, [
      segmented('Shape', [{ value: 'box', label: 'Rectangle' }, { value: 'polygon', label: 'Outline' }], a.shape, s => { a.shape = s; use('area') }),
      segmented('For', [{ value: false, label: 'This image' }, { value: true, label: 'All images' }], a.all, all => { a.all = all }),
      button('Find the frame', find, { disabled: a.busy }),
      button('Remove', clear, { disabled: a.busy || (a.all ? !['pipeline', 'frame'].includes(a.from) : a.from !== 'image') }),
      h('span', { class: 'muted small', role: 'status' }, a.busy ? '…' : words[a.from]),
      button('Run this image', run, { iconName: 'play' }), button('Done', () => use('pan'), { kind: 'primary' })
    ]),
    commands: use => [{ id: 'viewer.area', title: 'Restrict the area', group: 'Edit', key: 'A', run: () => use(active() ? 'pan' : 'area') }],
    rail: use => iconButton('crop', 'Restrict area', () => use(active() ? 'pan' : 'area'), { command: 'viewer.area', corner: true, pressed: active(), disabled: v.readOnly() })
  }
}
