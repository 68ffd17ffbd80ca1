// The part of the image that counts: shown with the rest dimmed; drawn, found by itself, changed and taken away with the tool "Restrict area".
import { h, reactive } from '../../vendor/vue.runtime.js'
import { get, post } from '../../api.js'
import { notify, complain } from '../../state.js'
import { canonical } from '../../lib/stale.js'
import { button, iconButton, segmented } from '../../ui.js'
import { latLng } from './image-map.js'
import { L } from '../../vendor/leaflet.runtime.js'

const words = { image: 'Drawn on this image', pipeline: 'Set for all images', frame: 'Found on each image by itself', whole: 'The whole image counts' }

export function createArea(v) {
  const { view, P } = v, a = reactive({ area: null, from: 'whole', all: false, shape: 'box', busy: false, waiting: false })
  let layer, known = {}
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
      { ...same, fill: false, color, weight, dashArray: (active() || a.waiting) && weight === 2 ? '6 4' : null }))
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
  let reading = 0
  async function load() {
    if (!layer) return
    const mine = ++reading
    try {
      const now = await get(own())
      if (mine !== reading) return
      Object.assign(a, { area: null }, known = now)
      if (a.from === 'frame' && active()) a.area = (await post(own() + '/find', {})).area
    } catch (error) { if (!error.offline) view.refused = error.message }
    // With what no server has taken yet.
    const last = v.box.queue.waiting.findLast(e => e.of === view.image.id)
    a.waiting = !!last
    if (last) a.area = last.body?.type ? last.body : null
    draw()
  }
  /** Queues the area of this image or of all; null takes it away. */
  function ask(area, all = false) {
    const { from } = known, was = !from ? undefined : from === 'image' ? all ? undefined : known.area : all ? known.area : null, path = all ? '/area' : `/blobs/${view.image.id}/area`
    return v.box.ask({ path, method: area ? 'PUT' : 'DELETE', body: area ?? undefined, of: view.image.id, was: { [path]: was === undefined ? was : canonical(was) },
      what: all ? 'Area of all images' : `Area of ${view.image.name}` })
  }
  /** Shows what is on its way, and offers the way back when the server has it. */
  async function change(sent, undo) {
    const { all } = a
    view.refused = null
    load()
    try {
      const { held } = await sent
      if (undo && !held) notify(all ? 'The area of all images is changed; the next run takes it.' : 'The area of this image is changed; the next run takes it.',
        { action: { label: 'Undo', run: undo } })
    } catch (error) { v.gone ? complain(error) : view.refused = error.message }
    if (!v.gone) await load()
  }
  async function save(area) {
    const before = known.from === 'image' ? known.area : null, back = () => change(ask(before))
    if (!a.all) return change(ask(area), back)
    const graph = await get(P('/graph')).catch(() => null)
    if (before) ask(null).catch(complain)
    const sent = ask(area, true)
    return change(sent, graph && (async () => { change(v.box.saveGraph(await sent, graph)); if (before) back() }))
  }
  async function find() {
    a.busy = true
    try {
      const found = await post(own() + '/find', {})
      if (found.area) await save(a.all ? { method: 'frame' } : found.area)
      else view.hint = 'No rim stands out from this image; draw the area by hand'
    } catch (error) { view.refused = error.message }
    a.busy = false
  }
  const clear = () => save(a.all ? { method: 'whole' } : null)
  async function run() { try { await v.box.start({ type: 'run', images: [view.image.id], edited: 'keep' }) } catch (error) { view.refused = error.message } }

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
      h('span', { class: 'muted small', role: 'status' }, a.busy ? '…' : a.waiting ? 'Waiting for the server' : words[a.from]),
      button('Run this image', run, { iconName: 'play' }), button('Done', () => use('pan'), { kind: 'primary' })
    ]),
    commands: use => [{ id: 'viewer.area', title: 'Restrict the area', group: 'Edit', key: 'A', run: () => use(active() ? 'pan' : 'area') }],
    rail: use => iconButton('crop', 'Restrict area', () => use(active() ? 'pan' : 'area'), { command: 'viewer.area', corner: true, pressed: active(), disabled: v.readOnly() })
  }
}
