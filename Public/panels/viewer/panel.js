// The viewer: one image with everything drawn on it, and the tools that change it.
import { defineComponent, h, ref, reactive, shallowReactive, watch, onMounted, onBeforeUnmount, nextTick } from '../../vendor/vue.runtime.js'
import { get, post, at, all } from '../../api.js'
import { state, shell, here, on, later, complain, replaceQuery, memory, go, takeJob } from '../../state.js'
import { selectedIn } from '../../selection.js'
import { useCommands } from '../../commands.js'
import { icon } from '../../icons.js'
import { button, iconButton, problem, empty } from '../../ui.js'
import { plural, count } from '../../lib/format.js'
import { positionText } from '../../lib/units.js'
import { polygon } from '../../lib/geometry.js'
import { createMap, boundsOf, fitImage, setView, zoomBy } from './image-map.js'
import { createLooks } from './looks.js'
import { createTools } from './tools.js'
import { createObjects } from './objects.js'
import { createEdits } from './edits.js'
import { side } from './side.js'
const { L } = window

const component = defineComponent(() => {
  const project = state.project, id = Number(state.place.item) || state.place.item
  const element = ref(null)
  const view = reactive({
    image: null, error: null, total: null, style: memory.load('viewer.style', 'outline'), peek: false, tool: 'pan', points: 0, cursor: null, zoom: null, sideOpen: memory.load('viewer.side', innerWidth >= 900),
    selected: [], focus: null, columns: [], edits: [], canUndo: false, canRedo: false, waiting: [], offline: false, busy: false, refused: null, preparing: false, neighbours: []
  })
  const objects = shallowReactive(new Map())  // id → object with outline, as far as this tab has seen them
  const readOnly = () => !!project.readOnly
  const P = path => at(project, path)
  // What the rooms of the viewer share; map, layers and tools are there once the image is.
  const v = { view, project, objects, element, readOnly, P, revision: 0, gone: false, savePlace, refreshOverlays: boxes => looks.refresh(boxes) }
  const looks = createLooks(v), { layers } = looks
  Object.assign(v, { layers, looks }, createObjects(v), createEdits(v))

  const removeSelected = () => { if (!view.selected.length) return hintText('Select an object first'); const ids = [...view.selected]; v.edit('delete', ids); view.selected = []; v.drawSelection(); savePlace() }
  const merge = () => view.selected.length < 2 ? hintText('Select two or more objects to merge: click one, then Shift and click the others') : v.edit('merge', [...view.selected])
  async function split() {
    if (view.tool !== 'point') { useTool('point'); hintText('Click a point in each part, then press Enter'); return true }
    if (v.tools.points.length < 2) { hintText('A split needs a point in each part, at least two'); return true }
    const points = v.tools.points
    let ids = view.selected
    if (!ids.length) {
      const found = await Promise.all(points.map(p => v.hit(...p)))
      ids = [...new Set(found.filter(Boolean).map(o => o.id))]
    }
    if (!ids.length) { view.refused = 'No object lies under these points, so there is nothing to split.'; return true }
    v.tools.clear()
    v.edit('split', [...ids], points.map(p => ({ type: 'Point', coordinates: p })))
    view.hint = null
    useTool('pan')
    return true
  }
  let hintTimer
  const hintText = text => { view.hint = text; clearTimeout(hintTimer); hintTimer = setTimeout(() => { view.hint = null }, 5000) }

  // Tools -------------------------------------------------------------------------------------------------------------
  function useTool(kind) {
    if (kind !== 'pan' && kind !== 'ruler' && readOnly()) { hintText('Read-only: drawing is off'); return }
    view.tool = kind
    v.tools?.use(kind)
    v.showHover(null)
  }
  function enter() { return v.tools.finish() }
  function escape() {
    if (looks.escape()) return
    if (v.tools.busy) v.tools.clear()
    else if (view.refused) view.refused = null
    else if (view.tool !== 'pan') useTool('pan')
    else if (view.selected.length) v.clearSelection()
    else document.querySelector('.rail button')?.focus()
  }
  const toolHints = { pan: '', polygon: 'Click around the object; Enter closes it, ⌫ takes a corner back, Esc gives up', point: 'Click a point in each part; Enter splits the selected object, ⌫ takes one back', ruler: 'Click both ends of a length; Esc clears' }

  // Map ---------------------------------------------------------------------------------------------------------------
  function savePlace() {
    if (!v.map) return
    const c = v.map.getCenter()
    replaceQuery({ at: `${Math.round(c.lng)},${Math.round(c.lat)},${+v.map.getZoom().toFixed(3)}`, sel: view.selected.slice(0, 50).join(',') || undefined, style: view.style === 'outline' ? undefined : view.style, ...looks.query() })
  }
  function build() {
    const image = view.image, query = { ...state.place.query }  // as it came: the map's first move writes it anew
    v.revision = image.revision ?? 0
    v.map = createMap(element.value, image)
    looks.start(v.map, query)
    v.pendingLayer = L.layerGroup().addTo(v.map)
    v.hoverLayer = L.layerGroup().addTo(v.map)
    v.marks = L.layerGroup().addTo(v.map)
    v.tools = createTools({
      map: v.map, colors: () => ({ color: '#0072B2', casing: '#fff' }), changed: () => { view.points = v.tools?.points.length ?? 0 },
      finishPolygon: vertices => v.edit('draw', [], [polygon(vertices)]), finishPoints: () => { split(); return true }
    })
    const xy = e => [e.latlng.lng, e.latlng.lat]
    let moved = null
    v.map.on('mousemove', e => { moved = xy(e); view.cursor = v.inside(...moved) ? moved : null; looks.move(...moved); v.tools.move(...moved); if (view.tool === 'pan') v.hover(...moved) })
    v.map.on('mouseout', () => { view.cursor = null; v.leave() })
    v.map.on('click', async e => {
      element.value.focus({ preventScroll: true })
      const [x, y] = xy(e)
      if (looks.click(x, y)) return
      if (view.tool !== 'pan') { v.tools.click(round(x), round(y)); return }
      try {
        const object = v.inside(x, y) && view.style !== 'off' ? await v.hit(x, y) : null
        if (object) v.select([object.id], { add: e.originalEvent.shiftKey })
        else if (!e.originalEvent.shiftKey) v.clearSelection()
      } catch (error) { complain(error) }
    })
    v.map.on('dblclick', () => v.tools.doubleClick())
    v.map.on('zoomend', () => { view.zoom = v.map.getZoom() })
    v.map.on('moveend', savePlace)
    view.zoom = v.map.getZoom()
    const place = /^(-?[\d.]+),(-?[\d.]+),(-?[\d.]+)$/.exec(query.at ?? '')
    if (place) setView(v.map, [+place[2], +place[1]], +place[3], { animate: false })
    if (['fill', 'off'].includes(query.style)) view.style = query.style
    const chosen = selectedIn(image.id, (query.sel ?? '').split(',').filter(Boolean).map(s => Number(s) || s))
    looks.apply()
    watch([layers, () => view.style, () => view.peek], looks.apply, { deep: true })
    if (chosen.length) v.select(chosen)
    v.loadEdits()
    v.countObjects()
    v.queue.start()
    new ResizeObserver(() => v.map?.invalidateSize({ animate: false, pan: false })).observe(element.value)
  }
  // A hundredth of a pixel is finer than any hand and keeps requests readable.
  const round = v => Math.round(v * 100) / 100

  async function load() {
    try {
      const image = await get(P(`/blobs/${id}`))
      if (v.gone) return
      shell.crumb = image.name
      view.image = image
      view.error = null
      if (image.state === 'failed') return
      if (image.pyramid === false) {
        if (!view.preparing) { view.preparing = true; post(P('/jobs'), { type: 'pyramid', images: [image.id] }).then(takeJob, error => { if (error.status !== 409) complain(error) }) }
        setTimeout(load, 700)
        return
      }
      view.preparing = false
      await nextTick()
      if (!v.map && element.value) build()
    } catch (error) { view.error = error; if (error.offline) setTimeout(load, 1500) }
  }

  onMounted(async () => {
    await load()
    try { view.columns = (await get(P('/measures'))).columns } catch { /* the names of the columns do */ }
    try { view.neighbours = (await all(P('/blobs'), 'images', 2000)).filter(i => i.state !== 'failed').map(i => i.id) } catch { /* then there is no next */ }
  })
  const ends = [
    on('objects', d => {
      if (!v.map || d.image !== view.image.id || d.revision === v.revision) return
      // Own edits have set the revision already; this one comes from a run or another tab.
      if (view.busy) { later('objects', () => v.emitRevision(d.revision), 300); return }
      v.emitRevision(d.revision)
    }),
    on('online', () => { v.queue.retry(); if (v.map) { v.loadEdits(); later('image', refreshImage, 100) } }),
    on('images', () => { if (v.map) later('image', refreshImage, 100) }),
    on('edit', () => { if (v.map) later('edits', v.loadEdits, 200) })
  ]
  async function refreshImage() {
    try { const image = await get(P(`/blobs/${id}`)), before = view.image; view.image = image; looks.imageChanged(before); v.emitRevision(image.revision) } catch { /* the next event tells again */ }
  }
  onBeforeUnmount(() => { v.gone = true; ends.forEach(end => end()); v.map?.remove(); v.map = null })

  // Frame -------------------------------------------------------------------------------------------------------------
  watch(() => [view.canUndo, view.canRedo, view.points, view.waiting.length, view.busy], () => {
    shell.undo = { run: () => v.back('undo'), disabled: !(view.canUndo || view.points || view.waiting.length) }
    shell.redo = { run: () => v.back('redo'), disabled: !view.canRedo }
  }, { immediate: true })
  watch(() => [view.offline, view.waiting.length, view.busy], () => {
    const n = v.queue.waiting.length
    shell.saved = view.offline ? { kind: 'offline', icon: 'offline', text: `Offline, ${plural(n, 'change')} waiting` } : view.busy ? { kind: 'working' } : { kind: 'saved' }
  }, { immediate: true })
  shell.primary = { label: 'Export', run: () => go({ ...state.place, panel: 'export', item: null, query: null }) }
  shell.status = () => {
    const { cursor, image, zoom } = view
    if (!image || image.state === 'failed') return null
    return [
      h('span', { class: 'coordinates' }, cursor ? `x ${Math.round(cursor[0])}  y ${Math.round(cursor[1])} px` : 'x –  y – px'),
      image.pixelSizeUm ? h('span', { class: 'coordinates hide-narrow' }, cursor ? positionText((cursor[0] + 0.5) * image.pixelSizeUm, (cursor[1] + 0.5) * image.pixelSizeUm) : '–') : h('span', { class: 'muted hide-narrow', title: 'Set the size of a pixel under Images' }, 'no pixel size'),
      h('span', zoom == null ? '' : `zoom ${+(100 * 2 ** (zoom - image.levels + 1)).toPrecision(3)} %`),
      view.total != null ? h('span', plural(view.total, 'object')) : null,
      view.selected.length ? h('span', `${count(view.selected.length)} selected`) : null,
      h('span', { class: 'hint', role: 'status' }, view.hint || toolHints[view.tool])
    ]
  }
  const setStyle = s => { view.style = s; memory.save('viewer.style', s); savePlace() }
  const neighbour = d => {
    const i = view.neighbours.indexOf(view.image?.id), next = view.neighbours[i + d]
    if (i >= 0 && next !== undefined) location.hash = here('view', next, null)
  }
  const G1 = 'Look', G2 = 'Select', G3 = 'Edit'
  const ready = run => event => v.map ? run(event) : false
  useCommands([
    { id: 'viewer.pan', title: 'Move and select', group: G2, key: 'V', run: () => useTool('pan') },
    { id: 'viewer.next', title: 'Next object', group: G2, key: 'Tab', when: e => e.target === element.value, run: ready(() => { v.next(1) }) },
    { id: 'viewer.previous', title: 'Previous object', group: G2, key: 'Shift+Tab', when: e => e.target === element.value && view.selected.length > 0, run: ready(() => { v.next(-1) }) },
    { id: 'viewer.show', title: 'Bring the selection into view', group: G2, key: 'C', run: ready(() => { const o = objects.get(view.focus); if (o) v.map.setView(boundsOf(o.box).getCenter(), Math.min(v.map.getBoundsZoom(boundsOf(o.box).pad(0.5)), view.image.levels + 1)) }) },
    { id: 'viewer.escape', title: 'Give up the shape; select nothing', group: G3, key: 'Escape', run: ready(() => { if (state.sheet) return false; escape() }) },
    { id: 'viewer.enter', title: 'Finish the shape', group: G3, key: 'Enter', run: ready(() => enter()) },
    { id: 'viewer.backspace', title: 'Take the last corner or point back', group: G3, key: 'Backspace', run: ready(() => { if (!looks.takeBack() && !v.tools.takeBack()) removeSelected() }) },
    { id: 'viewer.polygon', title: 'Draw an object as polygon', group: G3, key: 'P', run: () => useTool('polygon') },
    { id: 'viewer.point', title: 'Set points', group: G3, key: 'O', run: () => useTool('point') },
    { id: 'viewer.split', title: 'Split by points', group: G3, key: 'X', run: ready(() => { split() }) },
    { id: 'viewer.merge', title: 'Merge the selected', group: G3, key: 'J', run: ready(() => { merge() }) },
    { id: 'viewer.delete', title: 'Delete the selected', group: G3, key: 'Delete', run: ready(() => { removeSelected() }) },
    { id: 'undo', title: 'Undo', group: G3, key: 'Ctrl+Z', run: ready(() => { v.back('undo') }) },
    { id: 'redo', title: 'Redo', group: G3, key: 'Ctrl+Shift+Z', run: ready(() => { v.back('redo') }) },
    { id: 'viewer.style', title: 'Outline, fill, off', group: G1, key: 'F', run: () => setStyle({ outline: 'fill', fill: 'off', off: 'outline' }[view.style]) },
    { id: 'viewer.peek', title: 'Bare image while held', group: G1, key: 'H', hold: on => { view.peek = on } },
    { id: 'viewer.corrected', title: 'Original or corrected image', group: G1, key: 'Y', run: ready(() => { looks.showCorrected(!layers.image.corrected) }) },
    { id: 'viewer.rejects', title: 'Rejected segments', group: G1, key: 'Shift+R', run: () => { layers.rejects.on = !layers.rejects.on } },
    { id: 'viewer.fit', title: 'Whole image', group: G1, key: '0', run: ready(() => fitImage(v.map, view.image)) },
    { id: 'viewer.native', title: 'One to one', group: G1, key: '1', run: ready(() => { v.map.setZoom(view.image.levels - 1) }) },
    { id: 'viewer.in', title: 'Closer', group: G1, key: '+', run: ready(() => zoomBy(v.map, 1)) },
    { id: 'viewer.out', title: 'Farther', group: G1, key: '-', run: ready(() => zoomBy(v.map, -1)) },
    { id: 'viewer.display', title: 'Display settings', group: G1, key: 'D', run: () => { view.sideOpen = true; nextTick(() => document.querySelector('.window input')?.focus()) } },
    { id: 'viewer.recorded', title: 'Display as recorded', group: G1, key: 'Shift+D', run: ready(() => looks.resetDisplay()) },
    { id: 'viewer.auto', title: 'Window to the values in view', group: G1, key: 'Shift+A', run: ready(() => looks.auto()) },
    { id: 'viewer.compare', title: 'Compare two states', group: G1, key: 'Shift+Y', run: ready(() => looks.compare.toggle()) },
    { id: 'viewer.ruler', title: 'Measure lengths', group: G1, key: 'M', run: () => useTool(view.tool === 'ruler' ? 'pan' : 'ruler') },
    { id: 'viewer.inspect', title: 'Pixel inspector', group: G1, key: 'I', run: ready(() => looks.inspector.toggle()) },
    { id: 'viewer.side', title: 'Panel at the right', group: G1, key: 'L', run: () => toggleSide() },
    { id: 'viewer.before', title: 'Image before', group: G1, key: 'PageUp', run: () => neighbour(-1) },
    { id: 'viewer.after', title: 'Image after', group: G1, key: 'PageDown', run: () => neighbour(1) }
  ])
  const toggleSide = () => { view.sideOpen = !view.sideOpen; memory.save('viewer.side', view.sideOpen) }
  const tool = (name, label, kind, command) => iconButton(name, label, () => useTool(kind), { command, pressed: view.tool === kind, corner: true, disabled: kind !== 'pan' && readOnly() })
  const act = (name, label, run, command, disabled) => iconButton(name, label, run, { command, corner: true, disabled: disabled || readOnly() })
  Object.assign(v, {
    objectOf: o => objects.get(o), setStyle,
    vignette: o => P(`/objects/${o.id}/vignette?revision=${o.revision ?? v.revision}`)
  })

  return () => {
    if (view.error) return h('div', { class: 'page' }, view.error.status === 404 ? empty('images', 'No such image', 'It may have been removed from the project.', [h('a', { class: 'button', href: here('images') }, 'All images')]) : problem(view.error, load))
    if (view.image?.state === 'failed') return h('div', { class: 'page' }, empty('warning', view.image.name, view.image.error, [h('a', { class: 'button', href: here('images') }, 'All images')]))
    const i = view.neighbours.indexOf(view.image?.id)
    return h('div', { class: 'viewer' }, [
      h('h1', { class: 'unseen' }, view.image?.name ?? 'Image'),
      h('div', { class: 'rail', role: 'toolbar', 'aria-label': 'Tools', 'aria-orientation': 'vertical' }, [
        tool('pan', 'Move and select', 'pan', 'viewer.pan'), h('hr'),
        tool('polygon', 'Draw an object', 'polygon', 'viewer.polygon'), tool('point', 'Set points', 'point', 'viewer.point'), h('hr'),
        act('split', 'Split by points', split, 'viewer.split'), act('merge', 'Merge the selected', merge, 'viewer.merge', view.selected.length < 2), act('trash', 'Delete the selected', removeSelected, 'viewer.delete', !view.selected.length), h('hr'),
        iconButton('outline', `Segments: ${view.style}. Change`, () => setStyle({ outline: 'fill', fill: 'off', off: 'outline' }[view.style]), { command: 'viewer.style', corner: true }),
        iconButton('fit', 'Whole image', () => fitImage(v.map, view.image), { command: 'viewer.fit', corner: true }), iconButton('plus', 'Closer', () => zoomBy(v.map, 1), { command: 'viewer.in', corner: true }), iconButton('minus', 'Farther', () => zoomBy(v.map, -1), { command: 'viewer.out', corner: true }),
        h('hr'), ...looks.rail(useTool),
        h('div', { class: 'spring' }),
        iconButton('panel', 'Panel at the right', toggleSide, { command: 'viewer.side', corner: true, pressed: view.sideOpen, 'aria-controls': 'side', 'aria-expanded': String(view.sideOpen) })
      ]),
      h('div', { class: 'stage' }, [
        h('div', { class: ['map-host', view.tool] }, h('div', { ref: element, class: 'map', tabindex: 0, role: 'application', 'aria-roledescription': 'image', 'aria-label': view.image ? `${view.image.name}, ${view.image.width} by ${view.image.height} pixels, ${view.total ?? 0} objects. Tab steps through the objects, Escape leaves.` : 'Image', 'data-ready': view.image && !view.preparing ? 'true' : undefined })),
        view.preparing ? h('div', { class: 'stage-note', role: 'status' }, [icon('clock', 16), 'Preparing the picture for zooming…']) : null,
        looks.neutral.value ? null : h('button', { type: 'button', class: 'stage-badge', onClick: looks.resetDisplay, title: 'Show as recorded' }, [icon('eye', 14), 'Display changed']),
        looks.filters(), ...looks.stage(),
        view.refused ? h('div', { class: 'stage-problem', role: 'alert' }, [icon('error', 18), h('span', view.refused), iconButton('close', 'Dismiss', () => { view.refused = null }, { size: 14 })]) : null,
        view.tool === 'point' && view.points >= 2 ? h('div', { class: 'stage-action' }, [button(`Split into ${view.points}`, split, { kind: 'primary', iconName: 'split' }), button('Cancel', escape)]) : null,
        view.tool === 'polygon' && view.points >= 3 ? h('div', { class: 'stage-action' }, [button('Finish', enter, { kind: 'primary', iconName: 'check' }), button('Cancel', escape)]) : null,
        i >= 0 && view.neighbours.length > 1 ? h('div', { class: 'neighbours' }, [iconButton('chevron', 'Image before', () => neighbour(-1), { command: 'viewer.before', size: 14, disabled: i === 0, 'data-flip': '' }), h('span', `${i + 1} / ${view.neighbours.length}`), iconButton('chevron', 'Image after', () => neighbour(1), { command: 'viewer.after', size: 14, disabled: i === view.neighbours.length - 1 })]) : null
      ]),
      view.image && view.sideOpen ? side(v) : null
    ])
  }
})

export default { id: 'view', title: 'Viewer', icon: 'eye', component }
