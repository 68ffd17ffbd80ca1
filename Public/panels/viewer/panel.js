// The viewer: one image with everything drawn on it, and the tools that change it.
import { defineComponent, h, ref, reactive, shallowReactive, watch, onMounted, onBeforeUnmount, nextTick } from '../../vendor/vue.runtime.js'
import { get, at, all } from '../../api.js'
import { state, shell, here, on, later, complain, replaceQuery, memory, go } from '../../state.js'
import { selectedIn, objects as shared } from '../../selection.js'
import { useCommands } from '../../commands.js'
import { icon } from '../../icons.js'
import { iconButton, problemPage, empty } from '../../ui.js'
import { plural, count } from '../../lib/format.js'
import { positionText } from '../../lib/units.js'
import { labelText } from '../../lib/stale.js'
import { createMap, boundsOf, fitImage, fits, setView, zoomBy } from './image-map.js'
import { createLooks } from './looks.js'
import { createTools } from './tools.js'
import { createObjects } from './objects.js'
import { createEdits } from './edits.js'
import { createActions, toolHints } from './actions.js'
import { createArea } from './area.js'
import { side } from './side.js'
import { useClassCommands } from './classes.js'
import { L } from '../../vendor/leaflet.runtime.js'

const component = defineComponent(() => {
  const project = state.project, id = Number(state.place.item) || state.place.item
  const element = ref(null)
  const view = reactive({
    image: null, error: null, total: null, style: memory.load('viewer.style', 'outline'), peek: false, tool: 'pan', drawing: { open: 0, done: 0 }, adjust: null, preview: null,
      hint: null, cursor: null, zoom: null, sideOpen: memory.load('viewer.side', innerWidth > 900),
    selected: [], focus: null, columns: [], edits: [], canUndo: false, canRedo: false, moreEdits: null, waiting: [], held: [], asked: null, busy: false, refused: null,
      neighbours: []
  })
  const objects = shallowReactive(new Map())  // id → object with outline, as far as this tab has seen them
  const readOnly = () => !!project.readOnly
  const P = path => at(project, path)
  // What the rooms of the viewer share; map, layers and tools are there once the image is.
  const v = { view, project, objects, element, readOnly, P, revision: 0, gone: false, savePlace, refreshOverlays: boxes => looks.refresh(boxes) }
  const looks = createLooks(v), { layers } = looks
  Object.assign(v, { layers, looks }, createObjects(v), createEdits(v))

  const scale = v.scale = () => 2 ** (v.map.getZoom() - view.image.levels + 1)
  const actions = createActions(v), area = v.area = createArea(v)
  function escape() {
    if (looks.escape() || actions.escape()) return
    if (view.refused) view.refused = null
    else if (view.tool !== 'pan') actions.use('pan')
    else if (view.selected.length) v.clearSelection()
    else document.querySelector('.rail button')?.focus()
  }

  // Map ---------------------------------------------------------------------------------------------------------------
  let came = null  // the place of the address, kept while the view is still there: whole screen pixels must not make it drift
  function savePlace() {
    if (!v.map) return
    const c = v.map.getCenter(), zoom = +v.map.getZoom().toFixed(3), step = 1 + 2 ** (view.image.levels - 1 - zoom)
    if (came && (came.zoom !== zoom || Math.abs(came.x - c.lng) > step || Math.abs(came.y - c.lat) > step)) came = null
    replaceQuery({ at: came?.text ?? `${Math.round(c.lng)},${Math.round(c.lat)},${zoom}`, sel: view.selected.filter(Number).slice(0, 50).join(',') || undefined,
      style: view.style === 'outline' ? undefined : view.style, ...looks.query() })
  }
  const idsOf = query => (query.sel ?? '').split(',').filter(Boolean).map(s => Number(s) || s)
  function show({ at = '', style }) {
    const [, x, y, zoom] = /^(-?[\d.]+),(-?[\d.]+),(-?[\d.]+)$/.exec(at) ?? []
    if (['fill', 'off'].includes(style)) view.style = style
    if (!zoom) return
    // Moves on the way tell the address where they are.
    setView(v.map, [+y, +x], +zoom, { animate: false })
    came = { text: at, x: +x, y: +y, zoom: +zoom }
    savePlace()
  }
  // An address typed or followed while its image is open.
  const own = here('view', id)
  watch(() => state.place, ({ panel, item, query = {} }) => {
    if (!v.map || here(panel, item) !== own) return
    show(query)
    if (query.sel) v.select(idsOf(query))
  })
  function build() {
    const image = view.image, query = { ...state.place.query }  // as it came: the map's first move writes it anew
    v.revision = image.revision ?? 0
    v.map = createMap(element.value, image)
    looks.start(v.map, query)
    v.pendingLayer = L.layerGroup().addTo(v.map)
    v.previewLayer = L.layerGroup().addTo(v.map)
    v.hoverLayer = L.layerGroup().addTo(v.map)
    v.marks = L.layerGroup().addTo(v.map)
    // A pen of a hundredth of the image suits most objects; whoever needs another keeps it.
    view.pen ??= Math.max(3, Math.round(Math.max(image.width, image.height) / 100))
    v.tools = createTools({ map: v.map, scale, size: actions.pen, color: actions.color, changed: actions.changed, finish: actions.finish, nudge: actions.nudge,
      select: v.selectWithin, hover: pointAt })
    area.start(v.map)
    watch(() => view.tool === 'area', area.load)
    const xy = e => [e.latlng.lng, e.latlng.lat]
    function pointAt(...at) { view.cursor = v.inside(...at) ? at : null; looks.move(...at) }
    v.map.on('mousemove', e => { pointAt(...xy(e)); if (view.tool === 'pan' && !e.originalEvent.buttons) v.hover(...xy(e)) })
    v.map.on('mouseout', () => { view.cursor = null; v.leave() })
    v.map.on('click', async e => {
      element.value.focus({ preventScroll: true })
      const [x, y] = xy(e)
      if (looks.click(x, y) || view.tool !== 'pan' || v.tools.dragged) return
      // What was selected before must not get the next key while the answer is long in coming, or does not come.
      const add = e.originalEvent.shiftKey, clear = () => { if (!add) v.clearSelection() }, late = setTimeout(clear, 150)
      await (v.clicked = (async () => {
        try {
          const found = view.style !== 'off' && await v.idAt(x, y)
          found ? v.select([found], { add }) : clear()
        } catch (error) { clear(); error.offline ? actions.say('The server does not answer: only objects that were looked at before can be selected now.') : complain(error) }
        clearTimeout(late)
      })())
    })
    v.map.on('dblclick', () => v.tools.doubleClick())
    v.map.on('zoomend', () => { view.zoom = v.map.getZoom(); v.drawPending() })
    v.map.on('moveend', savePlace)
    view.zoom = v.map.getZoom()
    show(query)
    const chosen = selectedIn(image.id, idsOf(query))
    looks.apply()
    watch([layers, () => view.style, () => view.peek], looks.apply, { deep: true })
    if (chosen.length) v.select(chosen)
    v.loadEdits()
    v.countObjects()
    v.share()
    v.queue.start()
    new ResizeObserver(() => {
      if (!v.map) return
      // What was seen whole is seen whole; else the corner at the top left stays where it is.
      const whole = fits(v.map, image)
      v.map.invalidateSize({ animate: false, pan: false })
      if (whole) fitImage(v.map, image, { animate: false })
    }).observe(element.value)
  }
  async function load() {
    try {
      const image = await get(P(`/blobs/${id}`))
      if (v.gone) return
      shell.crumb = image.name
      view.image = image
      view.error = null
      if (image.state === 'failed') return
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
    on('labels', () => later('labels', v.labelling.changed)), on('settled', e => { if (e.of === view.image?.id && v.map) area.load() }),
    on('objects', d => {
      if (!v.map || d.image !== view.image.id || d.revision === v.revision) return
      // Own edits have set the revision already; this one comes from a run or another tab.
      if (view.busy) later('objects', refreshImage, 300)
      else v.emitRevision(d.revision)
    }),
    on('online', () => { if (v.map) { v.loadEdits(); later('image', refreshImage, 100) } }),
    on('images', () => { if (v.map) later('image', refreshImage, 100) }),
    on('edit', () => { if (v.map) later('edits', v.loadEdits, 200) })
  ]
  async function refreshImage() {
    try { const image = await get(P(`/blobs/${id}`)), before = view.image; view.image = image; looks.imageChanged(before); area.load();
      v.emitRevision(image.revision) } catch { /* the next event tells again */ }
  }
  onBeforeUnmount(() => { v.gone = true; v.box.viewer = null; ends.forEach(end => end()); v.map?.remove(); v.map = null })

  // Frame -------------------------------------------------------------------------------------------------------------
  watch(() => [view.canUndo, view.canRedo, view.drawing, v.box.now.acts, v.box.now.undone, view.busy], () => {
    shell.undo = { run: () => v.back('undo'), disabled: !(view.canUndo || view.drawing.open || view.drawing.done || v.box.now.waiting || v.box.lastLabels()) }
    shell.redo = { run: () => v.back('redo'), disabled: !(view.canRedo || v.box.lastLabels('undone')) }
  }, { immediate: true })
  watch(() => view.busy, busy => { shell.saved = { kind: busy ? 'working' : 'saved' } }, { immediate: true })
  shell.primary = { label: 'Export', run: () => go({ ...state.place, panel: 'export', item: null, query: null }) }
  const elsewhere = () => Math.max(0, shared.selected.size - view.selected.filter(Number.isInteger).length)
  shell.status = () => {
    const { cursor, image, zoom } = view
    if (!image || image.state === 'failed') return null
    return [
      h('span', { class: 'coordinates' }, cursor ? `x ${Math.round(cursor[0])}  y ${Math.round(cursor[1])} px` : 'x –  y – px'),
      image.pixelSizeUm ? h('span', { class: 'coordinates hide-narrow' }, cursor ? positionText((cursor[0] + 0.5) * image.pixelSizeUm, (cursor[1] + 0.5) * image.pixelSizeUm)
        : '–') : h('span', { class: 'muted hide-narrow', title: 'Set the size of a pixel under Images' }, 'no pixel size'),
      h('span', zoom == null ? '' : `zoom ${+(100 * 2 ** (zoom - image.levels + 1)).toPrecision(3)} %`),
      view.total != null ? h('span', plural(view.total, 'object')) : null,
      view.selected.length ? h('span', `${count(view.selected.length)} selected`) : null,
      elsewhere() ? h('span', { class: 'muted' }, `${count(elsewhere())} more in other images`) : null,
      image.pyramid ? null : h('span', { class: 'muted', title: 'Until then tiles are read from the original' }, 'Preparing sharper tiles…'),
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
    ...actions.commands, ...area.commands(actions.use),
    { id: 'viewer.next', title: 'Next object', group: G2, key: 'Tab', when: e => e.target === element.value, run: ready(() => { v.next(1) }) },
    { id: 'viewer.previous', title: 'Previous object', group: G2, key: 'Shift+Tab', when: e => e.target === element.value && view.selected.length > 0,
      run: ready(() => { v.next(-1) }) },
    { id: 'viewer.show', title: 'Bring the selection into view', group: G2, key: 'C', run: ready(() => { const o = objects.get(view.focus);
      if (o) v.map.setView(boundsOf(o.box).getCenter(), Math.min(v.map.getBoundsZoom(boundsOf(o.box).pad(0.5)), view.image.levels + 1)) }) },
    { id: 'viewer.all', title: 'Select all objects of the image', group: 'Select', key: 'Ctrl+A', run: ready(() => { v.selectAll() }) },
    { id: 'viewer.escape', title: 'Give up the shape; select nothing', group: 'Draw', key: 'Escape', run: ready(() => { if (state.sheet) return false; escape() }) },
    { id: 'viewer.backspace', title: 'Take the last corner or point back', group: 'Draw', key: 'Backspace',
      run: ready(() => { if (!looks.takeBack() && !v.tools.takeBack() && view.tool === 'pan') actions.removeSelected() }) },
    { id: 'viewer.style', title: 'Outline, fill, off', group: G1, key: 'F', run: () => setStyle({ outline: 'fill', fill: 'off', off: 'outline' }[view.style]) },
    { id: 'viewer.peek', title: 'Bare image while held', group: G1, key: 'H', hold: on => { view.peek = on } },
    { id: 'viewer.corrected', title: 'Original or corrected image', group: G1, key: 'Y', run: ready(() => { looks.showCorrected(!layers.image.corrected) }) },
    { id: 'viewer.rejects', title: 'Rejected segments', group: G1, key: 'Shift+R', run: () => { layers.rejects.on = !layers.rejects.on } },
    { id: 'viewer.fit', title: 'Whole image', group: G1, key: '0', run: ready(() => fitImage(v.map, view.image)) },
    { id: 'viewer.native', title: 'One to one', group: G1, key: 'N', run: ready(() => { v.map.setZoom(view.image.levels - 1) }) },
    { id: 'viewer.in', title: 'Closer', group: G1, key: '+', run: ready(() => zoomBy(v.map, 1)) },
    { id: 'viewer.out', title: 'Farther', group: G1, key: '-', run: ready(() => zoomBy(v.map, -1)) },
    { id: 'viewer.display', title: 'Display settings', group: G1, key: 'D', run: ready(() => looks.showDisplay()) },
    { id: 'viewer.recorded', title: 'Display as recorded', group: G1, key: 'Shift+D', run: ready(() => looks.resetDisplay()) },
    { id: 'viewer.auto', title: 'Window to the values in view', group: G1, key: 'Shift+A', run: ready(() => looks.auto()) },
    { id: 'viewer.compare', title: 'Compare two states', group: G1, key: 'Shift+Y', run: ready(() => looks.compare.toggle()) },
    { id: 'viewer.ruler', title: 'Measure lengths', group: G1, key: 'M', run: () => actions.use(view.tool === 'ruler' ? 'pan' : 'ruler') },
    { id: 'viewer.inspect', title: 'Pixel inspector', group: G1, key: 'I', run: ready(() => looks.inspector.toggle()) },
    { id: 'viewer.side', title: 'Panel at the right', group: G1, key: 'T', run: () => toggleSide() },
    { id: 'viewer.before', title: 'Image before', group: G1, key: 'PageUp', run: () => neighbour(-1) },
    { id: 'viewer.after', title: 'Image after', group: G1, key: 'PageDown', run: () => neighbour(1) }
  ])
  v.labelling = {
    selected: v.regions, labelOf: o => objects.get(o)?.label, was: o => { const l = objects.get(o)?.label; return l === undefined ? l : labelText(l?.category, l?.status) }, busy: () => view.adjust || view.tool !== 'pan' || v.tools?.busy, show: () => { view.sideOpen = true },
    // Those on screen are asked for anew.
    changed: async () => {
      const ids = view.selected.filter(Number.isInteger).slice(0, 1000)
      for (const o of ids.length ? (await get(P(`/objects?limit=1000&ids=${ids}`))).objects : []) objects.set(o.id, { ...objects.get(o.id), label: o.label })
    }
  }
  useClassCommands(v.labelling)
  const toggleSide = () => { view.sideOpen = !view.sideOpen; memory.save('viewer.side', view.sideOpen) }
  Object.assign(v, {
    objectOf: o => objects.get(o), setStyle,
    vignette: o => P(`/objects/${o.id}/vignette?revision=${o.revision ?? v.revision}`)
  })

  return () => {
    if (view.error) return view.error.status !== 404 ? problemPage('Image', view.error, load)
      : h('div', { class: 'page' }, empty('images', 'No such image', 'It may have been removed from the project.',
      [h('a', { class: 'button', href: here('images') }, 'All images')], 'h1'))
    if (view.image?.state === 'failed') return h('div', { class: 'page' }, empty('warning', view.image.name, view.image.error,
      [h('a', { class: 'button', href: here('images') }, 'All images')], 'h1'))
    const i = view.neighbours.indexOf(view.image?.id)
    return h('div', { class: ['viewer', { 'side-open': view.image && view.sideOpen }] }, [
      h('h1', { class: 'unseen' }, view.image?.name ?? 'Image'),
      h('div', { class: 'rail', role: 'toolbar', 'aria-label': 'Tools', 'aria-orientation': 'vertical' }, [
        ...actions.rail(), h('hr'),
        iconButton('outline', `Segments: ${view.style}. Change`, () => setStyle({ outline: 'fill', fill: 'off', off: 'outline' }[view.style]),
          { command: 'viewer.style', corner: true }),
        iconButton('fit', 'Whole image', () => fitImage(v.map, view.image), { command: 'viewer.fit', corner: true }),
          iconButton('plus', 'Closer', () => zoomBy(v.map, 1), { command: 'viewer.in', corner: true }),
          iconButton('minus', 'Farther', () => zoomBy(v.map, -1), { command: 'viewer.out', corner: true }),
        h('hr'), area.rail(actions.use), ...looks.rail(actions.use),
        h('div', { class: 'spring' }),
        iconButton('panel', 'Panel at the right', toggleSide, { command: 'viewer.side', corner: true, pressed: view.sideOpen, 'aria-controls': view.image && view.sideOpen ? 'side'
          : undefined, 'aria-expanded': String(view.sideOpen) })
      ]),
      h('div', { class: 'stage-column' }, [area.bar(actions.use), h('div', { class: 'stage' }, [
        h('div', { class: ['map-host', view.tool] }, h('div', { ref: element, class: 'map', tabindex: 0, role: 'application', 'aria-roledescription': 'image',
          'aria-label': view.image ? `${view.image.name}, ${view.image.width} by ${view.image.height} pixels, ${view.total ?? 0} objects. Tab steps through the objects, Escape leaves.` : 'Image', 'data-ready': view.image ? 'true' : undefined })),
        looks.neutral.value ? null : h('button', { type: 'button', class: 'stage-badge', onClick: looks.resetDisplay, title: 'Show as recorded' },
          [icon('eye', 14), 'Display changed']),
        view.image ? null : h('div', { class: 'stage-note wait', role: 'status' }, 'Opening the image…'),
        looks.filters(), ...looks.stage(),
        view.refused ? h('div', { class: 'stage-problem', role: 'alert' }, [icon('error', 18), h('span', view.refused),
          iconButton('close', 'Dismiss', () => { view.refused = null }, { size: 14 })]) : null,
        actions.stage(),
        i >= 0 && view.neighbours.length > 1 ? h('div', { class: 'neighbours' }, [iconButton('chevron', 'Image before', () => neighbour(-1),
          { command: 'viewer.before', size: 14, disabled: i === 0, 'data-flip': '' }), h('span', `${i + 1} / ${view.neighbours.length}`),
          iconButton('chevron', 'Image after', () => neighbour(1), { command: 'viewer.after', size: 14, disabled: i === view.neighbours.length - 1 })]) : null
      ])]),
      view.image && view.sideOpen ? side(v) : null
    ])
  }
})

export default { id: 'view', title: 'Viewer', icon: 'eye', component }
