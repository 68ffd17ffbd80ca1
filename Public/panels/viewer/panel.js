// The viewer: one image with everything drawn on it, and the tools that change it.
import { defineComponent, h, ref, reactive, shallowReactive, computed, watch, onMounted, onBeforeUnmount, nextTick } from '../../vendor/vue.runtime.js'
import { get, post, at, all, Problem } from '../../api.js'
import { state, shell, here, on, later, notify, complain, replaceQuery, memory, isDark, go, takeJob } from '../../state.js'
import { useCommands, keyOf } from '../../commands.js'
import { icon } from '../../icons.js'
import { button, iconButton, problem, empty } from '../../ui.js'
import { plural, count } from '../../lib/format.js'
import { positionText } from '../../lib/units.js'
import { polygon, collection, contains, boxOf } from '../../lib/geometry.js'
import { createEditQueue } from '../../lib/edit-queue.js'
import { createMap, ImageTiles, casedOutline, latLng, boundsOf } from './image-map.js'
import { ScaleBar } from './scale-bar.js'
import { MiniMap } from './minimap.js'
import { createTools } from './tools.js'
import { side, neutral, isNeutral, operationTitles } from './side.js'
import { fitZoom } from '../../lib/tiles.js'
const { L } = window

// Okabe–Ito: blue has contrast on light plankton grounds, orange marks what rules dropped.
const segmentColor = '0072B2', rejectColor = 'D55E00'
const pendingColor = '#009E73', hoverColor = '#0072B2', selectColor = '#D55E00'

const component = defineComponent(() => {
  const project = state.project, id = Number(state.place.item) || state.place.item
  const element = ref(null)
  const view = reactive({
    image: null, error: null, total: null, style: memory.load('viewer.style', 'outline'), peek: false, tool: 'pan', points: 0, cursor: null, zoom: null, sideOpen: memory.load('viewer.side', innerWidth >= 900),
    selected: [], focus: null, columns: [], edits: [], canUndo: false, canRedo: false, waiting: [], offline: false, busy: false, refused: null, preparing: false, neighbours: []
  })
  const layers = reactive(memory.load('viewer.layers', { image: { on: true, opacity: 100, corrected: false }, segments: { on: true, opacity: 100 }, rejects: { on: false, opacity: 80 } }))
  const display = reactive({ ...neutral, pixelated: true, canvas: 'calm', ...memory.load('viewer.display', {}) })
  const objects = shallowReactive(new Map())  // id → object with outline, as far as this tab has seen them
  const readOnly = () => !!project.readOnly
  let map, tools, tiles, outlines, fills, rejects, scaleBar, marks, hoverLayer, pendingLayer, revision = 0, gone = false

  const P = path => at(project, path)

  // Objects -----------------------------------------------------------------------------------------------------------
  async function fetchObject(objectId) {
    const known = objects.get(objectId)
    if (known?.outline && known.measurements) return known
    const object = await get(P(`/objects/${objectId}`))
    objects.set(object.id, object)
    return object
  }
  async function hit(x, y) {
    const { object } = await get(P(`/objects/at?blob=${view.image.id}&x=${Math.round(x)}&y=${Math.round(y)}`))
    return object ? fetchObject(object.id) : null
  }
  const inside = (x, y) => x >= -0.5 && y >= -0.5 && x < view.image.width - 0.5 && y < view.image.height - 0.5

  async function countObjects() {
    try { view.total = (await get(P(`/objects?blob=${view.image.id}&limit=1`))).total } catch (error) { if (!error.offline) complain(error) }
  }

  // Hover: one question at a time, the newest position wins ------------------------------------------------------------
  let asking = false, asked = null, hovered = null
  async function hover(x, y) {
    asked = [x, y]
    if (asking) return
    asking = true
    while (asked) {
      const [ax, ay] = asked
      asked = null
      try {
        const object = view.style !== 'off' && layers.segments.on && inside(ax, ay) && state.online ? await hit(ax, ay) : null
        if (!gone) showHover(object)
      } catch { showHover(null) }
      await new Promise(r => setTimeout(r, 40))
    }
    asking = false
  }
  function showHover(object) {
    if ((object?.id ?? null) === hovered) return
    hovered = object?.id ?? null
    hoverLayer.clearLayers()
    if (object?.outline && !view.selected.includes(object.id)) hoverLayer.addLayer(casedOutline(object.outline, { color: hoverColor, casing: '#fff', weight: 2, fill: 0.08 }))
    element.value?.classList.toggle('over-object', !!object && view.tool === 'pan')
  }

  // Selection ---------------------------------------------------------------------------------------------------------
  function drawSelection() {
    if (!marks) return
    marks.clearLayers()
    for (const objectId of view.selected) {
      const object = objects.get(objectId)
      if (object?.outline) marks.addLayer(casedOutline(object.outline, { color: selectColor, casing: '#fff', weight: 2, fill: 0.2 }))
    }
  }
  async function select(ids, { add = false } = {}) {
    const next = add ? [...view.selected] : []
    for (const objectId of ids) { const i = next.indexOf(objectId); add && i >= 0 ? next.splice(i, 1) : i < 0 && next.push(objectId) }
    view.selected = next
    view.focus = next[next.length - 1] ?? null
    hoverLayer?.clearLayers()
    hovered = null
    await Promise.all(next.map(o => fetchObject(o).catch(() => { view.selected = view.selected.filter(s => s !== o) })))
    drawSelection()
    savePlace()
  }
  const clearSelection = () => select([])
  function showObject(object) {
    const box = boundsOf(object.box)
    if (!map.getBounds().contains(box)) {
      const zoom = Math.min(map.getBoundsZoom(box.pad(0.5)), Math.max(map.getZoom(), view.image.levels - 1))
      map.setView(box.getCenter(), Math.min(zoom, map.getZoom() >= 0 ? Math.max(zoom, Math.min(map.getZoom(), zoom)) : zoom))
    }
  }
  async function focusObject(objectId) { view.focus = objectId; showObject(await fetchObject(objectId)) }
  /** Next object in reading order; false at the end, so Tab then leaves the picture. */
  let inOrder = null
  async function step(direction) {
    try {
      if (!inOrder || inOrder.revision !== revision) {
        const list = await all(P(`/objects?blob=${view.image.id}&kind=region`), 'objects', 5000)
        inOrder = { revision, ids: list.sort((a, b) => a.box.y - b.box.y || a.box.x - b.box.x).map(o => o.id) }
      }
      const i = inOrder.ids.indexOf(view.selected[view.selected.length - 1])
      const next = inOrder.ids[i < 0 ? (direction > 0 ? 0 : inOrder.ids.length - 1) : (i + direction + inOrder.ids.length) % inOrder.ids.length]
      if (next === undefined) return
      await select([next])
      showObject(objects.get(next))
    } catch (error) { complain(error) }
  }

  // Edits -------------------------------------------------------------------------------------------------------------
  const storageKey = `edits.${project.user}.${project.name}`
  const queue = createEditQueue({
    newKey: () => crypto.randomUUID(),
    storage: { load: () => memory.load(storageKey, []).map(e => ({ ...e, sent: true })), save: list => memory.save(storageKey, list) },
    send: async ({ operation, image, objects: list, annotations, key }) => {
      try { return await post(P('/edits'), { operation, image, objects: list, annotations, key }, { headers: { 'Idempotency-Key': key } }) } catch (error) {
        // Started again, ship knows this browser no more: the edit waits for the new key.
        if (error.status === 401) { error.offline = true; state.session = false }
        throw error
      }
    },
    onChange: s => { view.offline = s.offline; view.busy = s.waiting > 0; view.waiting = queue ? [...queue.waiting].filter(e => e.image === view.image?.id) : []; drawPending() },
    onDone: (edit, outcome) => { if (edit.image === view.image?.id) applied(outcome, edit) },
    onRefused: (edit, error) => { view.refused = `${operationTitles[edit.operation] ?? edit.operation}: ${error.message}`; drawPending(); drawSelection() }
  })
  function drawPending() {
    if (!pendingLayer) return
    pendingLayer.clearLayers()
    for (const edit of view.waiting) {
      if (edit.operation === 'draw') for (const f of edit.annotations.features) pendingLayer.addLayer(casedOutline(f.geometry, { color: pendingColor, casing: '#fff', fill: 0.12, dashed: true }))
      else for (const objectId of edit.objects) { const o = objects.get(objectId); if (o?.outline) pendingLayer.addLayer(casedOutline(o.outline, { color: edit.operation === 'delete' ? '#999999' : pendingColor, casing: '#fff', dashed: true })) }
    }
  }
  const edit = (operation, list, geometries = []) => {
    if (readOnly()) { view.refused = 'This project is read-only here, so it cannot be changed.'; return }
    view.refused = null
    queue.add({ operation, image: view.image.id, objects: list, annotations: collection(geometries) })
  }
  /** What the server says has changed: redraw just that. */
  function applied(outcome, edit) {
    const created = outcome.created ?? [], removed = outcome.removed ?? []
    const boxes = outcome.box ? [outcome.box] : null
    for (const o of created) objects.set(o.id, o)
    for (const o of removed) objects.delete(o)
    // An object revised in place comes under `created` with the id it had.
    setRevision(outcome.revision, boxes)
    view.canUndo = outcome.canUndo
    view.canRedo = outcome.canRedo
    const kept = view.selected.filter(s => !removed.includes(s))
    const fresh = edit && ['merge', 'split', 'draw', 'cut'].includes(edit.operation) ? created.map(o => o.id) : []
    if (fresh.length || kept.length !== view.selected.length) select(fresh.length ? fresh : kept)
    else drawSelection()
    if (view.total != null) view.total += created.length - removed.length
    later('edits', loadEdits, 60)
    later('count', countObjects, 250)
  }
  function setRevision(next, boxes) {
    if (next == null || next === revision) return
    revision = next
    inOrder = null
    for (const layer of [outlines, fills, rejects]) layer?.refresh(boxes)
  }
  async function loadEdits() {
    try {
      const answer = await get(P(`/edits?image=${view.image.id}`))
      view.edits = [...answer.edits].sort((a, b) => b.id - a.id).filter(e => !e.superseded)
      view.canUndo = answer.canUndo
      view.canRedo = answer.canRedo
    } catch (error) { if (!error.offline) complain(error) }
  }
  // One step at a time: what is possible is known only when the step before is answered.
  let stepping = Promise.resolve()
  const back = direction => (stepping = stepping.then(() => step(direction)))
  async function step(direction) {
    if (direction === 'undo' && tools.takeBack()) return true
    if (direction === 'redo' && tools.putBack()) return true
    if (direction === 'undo' && queue.takeBack(view.image.id)) return true
    if (queue.waiting.length) { notify('The last change is still on its way; undo works when the server has it.'); return false }
    if (readOnly() || !(direction === 'undo' ? view.canUndo : view.canRedo)) return false
    view.busy = true
    try { applied(await post(P(`/edits/${direction}`), { image: view.image.id })); return true } catch (error) {
      if (error.status === 409) { await loadEdits() } else view.refused = error.message
      return false
    } finally { view.busy = queue.waiting.length > 0 }
  }
  async function goTo(target) {
    for (let n = 0; n < 10000; n++) {
      const entry = view.edits.find(e => e.id === target.id)
      if (!entry) return
      const newest = view.edits.find(e => !e.undone)
      if (entry.undone ? !(await back('redo')) : newest?.id === entry.id || !(await back('undo'))) return
      await loadEdits()
    }
  }
  const removeSelected = () => { if (!view.selected.length) return hintText('Select an object first'); const ids = [...view.selected]; edit('delete', ids); view.selected = []; drawSelection(); savePlace() }
  const merge = () => view.selected.length < 2 ? hintText('Select two or more objects to merge: click one, then Shift and click the others') : edit('merge', [...view.selected])
  async function split() {
    if (view.tool !== 'point') { useTool('point'); hintText('Click a point in each part, then press Enter'); return true }
    if (tools.points.length < 2) { hintText('A split needs a point in each part, at least two'); return true }
    const points = tools.points
    let ids = view.selected
    if (!ids.length) {
      const found = await Promise.all(points.map(p => hit(...p)))
      ids = [...new Set(found.filter(Boolean).map(o => o.id))]
    }
    if (!ids.length) { view.refused = 'No object lies under these points, so there is nothing to split.'; return true }
    tools.clear()
    edit('split', [...ids], points.map(p => ({ type: 'Point', coordinates: p })))
    view.hint = null
    useTool('pan')
    return true
  }
  let hintTimer
  const hintText = text => { view.hint = text; clearTimeout(hintTimer); hintTimer = setTimeout(() => { view.hint = null }, 5000) }

  // Tools -------------------------------------------------------------------------------------------------------------
  function useTool(kind) {
    if (kind !== 'pan' && readOnly()) { hintText('Read-only: drawing is off'); return }
    view.tool = kind
    tools?.use(kind)
    showHover(null)
  }
  function enter() { return tools.finish() }
  function escape() {
    if (tools.busy) tools.clear()
    else if (view.refused) view.refused = null
    else if (view.tool !== 'pan') useTool('pan')
    else if (view.selected.length) clearSelection()
    else document.querySelector('.rail button')?.focus()
  }
  const toolHints = { pan: '', polygon: 'Click around the object; Enter closes it, ⌫ takes a corner back, Esc gives up', point: 'Click a point in each part; Enter splits the selected object, ⌫ takes one back' }

  // Map ---------------------------------------------------------------------------------------------------------------
  function savePlace() {
    if (!map) return
    const c = map.getCenter()
    replaceQuery({ at: `${Math.round(c.lng)},${Math.round(c.lat)},${map.getZoom()}`, sel: view.selected.slice(0, 50).join(',') || undefined, style: view.style === 'outline' ? undefined : view.style })
  }
  function applyLayers() {
    if (!map) return
    const hidden = view.peek || view.style === 'off' || !layers.segments.on
    tiles.getContainer().style.opacity = layers.image.on ? layers.image.opacity / 100 : 0
    const s = layers.segments.opacity / 100
    outlines.getContainer().style.opacity = hidden || view.style !== 'outline' ? 0 : s
    // Outline mode keeps at most 12 % fill, so that the object stays visible.
    fills.getContainer().style.opacity = hidden ? 0 : view.style === 'outline' ? 0.1 * s : 0.45 * s
    for (const name of ['marks', 'pending']) map.getPane(name).style.visibility = view.peek ? 'hidden' : ''
    if (layers.rejects.on && !rejects) rejects = overlay('outline', 'reject', rejectColor).addTo(map)
    if (rejects) rejects.getContainer().style.opacity = layers.rejects.on && !view.peek ? layers.rejects.opacity / 100 : 0
    tiles.getContainer().style.filter = isNeutral(display) ? '' : `brightness(${display.brightness / 100}) contrast(${display.contrast / 100})${display.invert ? ' invert(1)' : ''}`
    element.value.dataset.canvas = display.canvas
    sharpness()
  }
  const sharpness = () => element.value.classList.toggle('pixelated', display.pixelated && map.getZoom() > view.image.levels - 1)
  const overlay = (style, kind, color) => new ImageTiles(view.image, (z, x, y) => P(`/blobs/${view.image.id}/overlay/${z}/${x}/${y}.png?color=${color}&style=${style}&kind=${kind}&revision=${revision}&v=${view.image.uid}`), { pane: 'overlays', className: `tiles overlay ${kind} ${style}` })
  const fit = () => map.setView([(view.image.height - 1) / 2, (view.image.width - 1) / 2], fitZoom(view.image, { width: map.getSize().x, height: map.getSize().y }))

  function build() {
    const image = view.image, query = { ...state.place.query }  // as it came: the map's first move writes it anew
    revision = image.revision ?? 0
    map = createMap(element.value, image)
    for (const [name, z] of [['overlays', 350], ['marks', 420], ['pending', 410], ['numbers', 640]]) { map.createPane(name).style.zIndex = z; map.getPane(name).style.pointerEvents = 'none' }
    tiles = new ImageTiles(image, (z, x, y) => P(`/blobs/${image.id}/tiles/${z}/${x}/${y}?${layers.image.corrected ? 'layer=corrected' : `v=${image.uid}`}`), { className: 'tiles image' }).addTo(map)
    fills = overlay('fill', 'region', segmentColor).addTo(map)
    outlines = overlay('outline', 'region', segmentColor).addTo(map)
    pendingLayer = L.layerGroup().addTo(map)
    hoverLayer = L.layerGroup().addTo(map)
    marks = L.layerGroup().addTo(map)
    scaleBar = new ScaleBar(() => view.image).addTo(map)
    new MiniMap(image, P(`/blobs/${image.id}/tiles/0/0/0?v=${image.uid}`)).addTo(map)
    tools = createTools({
      map, colors: () => ({ color: '#0072B2', casing: '#fff' }), changed: () => { view.points = tools?.points.length ?? 0 },
      finishPolygon: vertices => edit('draw', [], [polygon(vertices)]), finishPoints: () => { split(); return true }
    })
    const xy = e => [e.latlng.lng, e.latlng.lat]
    let moved = null
    map.on('mousemove', e => { moved = xy(e); view.cursor = inside(...moved) ? moved : null; tools.move(...moved); if (view.tool === 'pan') hover(...moved) })
    map.on('mouseout', () => { view.cursor = null; asked = null; showHover(null) })
    map.on('click', async e => {
      element.value.focus({ preventScroll: true })
      const [x, y] = xy(e)
      if (view.tool !== 'pan') { tools.click(round(x), round(y)); return }
      try {
        const object = inside(x, y) && view.style !== 'off' ? await hit(x, y) : null
        if (object) select([object.id], { add: e.originalEvent.shiftKey })
        else if (!e.originalEvent.shiftKey) clearSelection()
      } catch (error) { complain(error) }
    })
    map.on('dblclick', () => tools.doubleClick())
    map.on('zoomend', () => { view.zoom = map.getZoom(); sharpness() })
    map.on('moveend', savePlace)
    view.zoom = map.getZoom()
    const place = /^(-?[\d.]+),(-?[\d.]+),(-?[\d.]+)$/.exec(query.at ?? '')
    if (place) map.setView([+place[2], +place[1]], Math.round(+place[3]), { animate: false })
    if (['fill', 'off'].includes(query.style)) view.style = query.style
    const chosen = (query.sel ?? '').split(',').filter(Boolean).map(s => Number(s) || s)
    applyLayers()
    watch([layers, display, () => view.style, () => view.peek], applyLayers, { deep: true })
    if (chosen.length) select(chosen)
    loadEdits()
    countObjects()
    queue.start()
    new ResizeObserver(() => map?.invalidateSize({ animate: false, pan: false })).observe(element.value)
  }
  // A hundredth of a pixel is finer than any hand and keeps requests readable.
  const round = v => Math.round(v * 100) / 100

  async function load() {
    try {
      const image = await get(P(`/blobs/${id}`))
      if (gone) return
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
      if (!map && element.value) build()
    } catch (error) { view.error = error; if (error.offline) setTimeout(load, 1500) }
  }

  onMounted(async () => {
    await load()
    try { view.columns = (await get(P('/measures'))).columns } catch { /* the names of the columns do */ }
    try { view.neighbours = (await all(P('/blobs'), 'images', 2000)).filter(i => i.state !== 'failed').map(i => i.id) } catch { /* then there is no next */ }
  })
  const ends = [
    on('objects', d => {
      if (!map || d.image !== view.image.id || d.revision === revision) return
      // Own edits have set the revision already; this one comes from a run or another tab.
      if (view.busy) { later('objects', () => emitRevision(d.revision), 300); return }
      emitRevision(d.revision)
    }),
    on('online', () => { queue.retry(); if (map) { loadEdits(); later('image', refreshImage, 100) } }),
    on('edit', () => { if (map) later('edits', loadEdits, 200) })
  ]
  async function emitRevision(next) {
    if (next === revision || gone) return
    objects.clear()
    setRevision(next, null)
    loadEdits()
    countObjects()
    if (view.selected.length) select([...view.selected])
  }
  async function refreshImage() {
    try { const image = await get(P(`/blobs/${id}`)); view.image = image; emitRevision(image.revision) } catch { /* the next event tells again */ }
  }
  onBeforeUnmount(() => { gone = true; ends.forEach(end => end()); map?.remove(); map = null })

  // Frame -------------------------------------------------------------------------------------------------------------
  watch(() => [view.canUndo, view.canRedo, view.points, view.waiting.length, view.busy], () => {
    shell.undo = { run: () => back('undo'), disabled: !(view.canUndo || view.points || view.waiting.length) }
    shell.redo = { run: () => back('redo'), disabled: !view.canRedo }
  }, { immediate: true })
  watch(() => [view.offline, view.waiting.length, view.busy], () => {
    const n = queue.waiting.length
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
  const zoomBy = d => map?.setZoom(map.getZoom() + d)
  const neighbour = d => {
    const i = view.neighbours.indexOf(view.image?.id), next = view.neighbours[i + d]
    if (i >= 0 && next !== undefined) location.hash = here('view', next, null)
  }
  const G1 = 'Look', G2 = 'Select', G3 = 'Edit'
  const ready = run => event => map ? run(event) : false
  useCommands([
    { id: 'viewer.pan', title: 'Move and select', group: G2, key: 'V', run: () => useTool('pan') },
    { id: 'viewer.next', title: 'Next object', group: G2, key: 'Tab', when: e => e.target === element.value, run: ready(() => { step(1) }) },
    { id: 'viewer.previous', title: 'Previous object', group: G2, key: 'Shift+Tab', when: e => e.target === element.value && view.selected.length > 0, run: ready(() => { step(-1) }) },
    { id: 'viewer.show', title: 'Bring the selection into view', group: G2, key: 'C', run: ready(() => { const o = objects.get(view.focus); if (o) map.setView(boundsOf(o.box).getCenter(), Math.min(map.getBoundsZoom(boundsOf(o.box).pad(0.5)), view.image.levels + 1)) }) },
    { id: 'viewer.escape', title: 'Give up the shape; select nothing', group: G3, key: 'Escape', run: ready(() => { if (state.sheet) return false; escape() }) },
    { id: 'viewer.enter', title: 'Finish the shape', group: G3, key: 'Enter', run: ready(() => enter()) },
    { id: 'viewer.backspace', title: 'Take the last corner or point back', group: G3, key: 'Backspace', run: ready(() => { if (!tools.takeBack()) removeSelected() }) },
    { id: 'viewer.polygon', title: 'Draw an object as polygon', group: G3, key: 'P', run: () => useTool('polygon') },
    { id: 'viewer.point', title: 'Set points', group: G3, key: 'O', run: () => useTool('point') },
    { id: 'viewer.split', title: 'Split by points', group: G3, key: 'X', run: ready(() => { split() }) },
    { id: 'viewer.merge', title: 'Merge the selected', group: G3, key: 'J', run: ready(() => { merge() }) },
    { id: 'viewer.delete', title: 'Delete the selected', group: G3, key: 'Delete', run: ready(() => { removeSelected() }) },
    { id: 'undo', title: 'Undo', group: G3, key: 'Ctrl+Z', run: ready(() => { back('undo') }) },
    { id: 'redo', title: 'Redo', group: G3, key: 'Ctrl+Shift+Z', run: ready(() => { back('redo') }) },
    { id: 'viewer.style', title: 'Outline, fill, off', group: G1, key: 'F', run: () => setStyle({ outline: 'fill', fill: 'off', off: 'outline' }[view.style]) },
    { id: 'viewer.peek', title: 'Bare image while held', group: G1, key: 'H', hold: on => { view.peek = on } },
    { id: 'viewer.corrected', title: 'Original or corrected image', group: G1, key: 'Y', run: () => showCorrected(!layers.image.corrected) },
    { id: 'viewer.rejects', title: 'Rejected segments', group: G1, key: 'Shift+R', run: () => { layers.rejects.on = !layers.rejects.on } },
    { id: 'viewer.fit', title: 'Whole image', group: G1, key: '0', run: ready(() => { fit() }) },
    { id: 'viewer.native', title: 'One to one', group: G1, key: '1', run: ready(() => { map.setZoom(view.image.levels - 1) }) },
    { id: 'viewer.in', title: 'Closer', group: G1, key: '+', run: ready(() => zoomBy(1)) },
    { id: 'viewer.out', title: 'Farther', group: G1, key: '-', run: ready(() => zoomBy(-1)) },
    { id: 'viewer.display', title: 'Display as recorded', group: G1, key: 'D', run: () => resetDisplay() },
    { id: 'viewer.side', title: 'Panel at the right', group: G1, key: 'L', run: () => toggleSide() },
    { id: 'viewer.before', title: 'Image before', group: G1, key: 'PageUp', run: () => neighbour(-1) },
    { id: 'viewer.after', title: 'Image after', group: G1, key: 'PageDown', run: () => neighbour(1) }
  ])
  const toggleSide = () => { view.sideOpen = !view.sideOpen; memory.save('viewer.side', view.sideOpen) }
  layers.image.corrected = false  // each visit begins with the image as stored
  /** The image as stored, or as the pipeline corrects it. */
  async function showCorrected(on) {
    if (on) {
      const answer = await fetch(P(`/blobs/${view.image.id}/tiles/0/0/0?layer=corrected`)).catch(() => null)
      if (!answer?.ok) { view.refused = (await answer?.json().catch(() => null))?.detail ?? 'The corrected image cannot be shown now.'; return }
    }
    layers.image.corrected = on
    tiles.refresh(null)
  }
  const saveLayers = () => memory.save('viewer.layers', layers)
  const saveDisplay = () => memory.save('viewer.display', display)
  const resetDisplay = () => { Object.assign(display, neutral); saveDisplay() }

  const tool = (name, label, kind, command) => iconButton(name, label, () => useTool(kind), { command, pressed: view.tool === kind, corner: true, disabled: kind !== 'pan' && readOnly() })
  const act = (name, label, run, command, disabled) => iconButton(name, label, run, { command, corner: true, disabled: disabled || readOnly() })
  const expose = {
    view, layers, display, project, readOnly, objectOf: o => objects.get(o), setStyle, saveLayers, showCorrected, saveDisplay, resetDisplay, clearSelection, focusObject, goTo,
    vignette: o => P(`/objects/${o.id}/vignette?revision=${o.revision ?? revision}`)
  }

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
        iconButton('fit', 'Whole image', fit, { command: 'viewer.fit', corner: true }), iconButton('plus', 'Closer', () => zoomBy(1), { command: 'viewer.in', corner: true }), iconButton('minus', 'Farther', () => zoomBy(-1), { command: 'viewer.out', corner: true }),
        h('div', { class: 'spring' }),
        iconButton('panel', 'Panel at the right', toggleSide, { command: 'viewer.side', corner: true, pressed: view.sideOpen, 'aria-controls': 'side', 'aria-expanded': String(view.sideOpen) })
      ]),
      h('div', { class: 'stage' }, [
        h('div', { class: ['map-host', view.tool] }, h('div', { ref: element, class: 'map', tabindex: 0, role: 'application', 'aria-roledescription': 'image', 'aria-label': view.image ? `${view.image.name}, ${view.image.width} by ${view.image.height} pixels, ${view.total ?? 0} objects. Tab steps through the objects, Escape leaves.` : 'Image', 'data-ready': view.image && !view.preparing ? 'true' : undefined })),
        view.preparing ? h('div', { class: 'stage-note', role: 'status' }, [icon('clock', 16), 'Preparing the picture for zooming…']) : null,
        isNeutral(display) ? null : h('button', { type: 'button', class: 'stage-badge', onClick: resetDisplay, title: 'Show as recorded' }, [icon('eye', 14), 'Display changed']),
        view.refused ? h('div', { class: 'stage-problem', role: 'alert' }, [icon('error', 18), h('span', view.refused), iconButton('close', 'Dismiss', () => { view.refused = null }, { size: 14 })]) : null,
        view.tool === 'point' && view.points >= 2 ? h('div', { class: 'stage-action' }, [button(`Split into ${view.points}`, split, { kind: 'primary', iconName: 'split' }), button('Cancel', escape)]) : null,
        view.tool === 'polygon' && view.points >= 3 ? h('div', { class: 'stage-action' }, [button('Finish', enter, { kind: 'primary', iconName: 'check' }), button('Cancel', escape)]) : null,
        i >= 0 && view.neighbours.length > 1 ? h('div', { class: 'neighbours' }, [iconButton('chevron', 'Image before', () => neighbour(-1), { command: 'viewer.before', size: 14, disabled: i === 0, 'data-flip': '' }), h('span', `${i + 1} / ${view.neighbours.length}`), iconButton('chevron', 'Image after', () => neighbour(1), { command: 'viewer.after', size: 14, disabled: i === view.neighbours.length - 1 })]) : null
      ]),
      view.image && view.sideOpen ? side(expose) : null
    ])
  }
})

export default { id: 'view', title: 'Viewer', icon: 'eye', component }
