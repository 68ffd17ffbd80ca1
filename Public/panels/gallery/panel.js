// The gallery: all objects as a contact sheet, filtered, sorted, selected, and from there into their frames.
import { defineComponent, h, ref, reactive, computed, watch, onMounted, onBeforeUnmount, nextTick } from '../../vendor/vue.runtime.js'
import { get, post, at } from '../../api.js'
import { state, shell, here, go, replaceQuery, memory, isDark, on, notify, complain } from '../../state.js'
import { boxOf } from '../../outbox.js'
import { useCommands } from '../../commands.js'
import { objects, choose, column, follow, left, readObjects, titleOf, measureNames } from '../../selection.js'
import { icon } from '../../icons.js'
import { button, iconButton, empty, problem, problemPage, section } from '../../ui.js'
import { plural, count } from '../../lib/format.js'
import { parseWhere, formatWhere, filterRows, sortRows, cellsIn } from '../../lib/table.js'
import { measures } from '../viewer/side.js'
import { operationTitles } from '../viewer/history.js'
import { labelText } from '../../lib/stale.js'
import { filters } from './filters.js'
import { classes, useClassCommands, categoryOf } from '../viewer/classes.js'

const states = ['predicted', 'validated', 'dubious']
const perSheet = 250, sheetColumns = 25

const component = defineComponent(() => {
  const project = state.project, box = boxOf(project), query = state.place.query ?? {}
  const view = reactive({
    conditions: parseWhere(query.where), sort: query.sort || 'id', descending: query.order === 'desc', cell: Number(query.cell) || memory.load('gallery.cell', 96),
    top: 0, width: 0, height: 0, object: null, drag: null, side: memory.load('gallery.side', innerWidth > 900), filters: innerWidth >= 1000
  })
  const scroller = ref(null), sheets = reactive(new Map())  // address → 'ready' | 'failed'
  const wanted = new Map()  // address → Image while it loads
  let anchor = null, gone = false, first = Number(query.row) || 0
  const P = path => at(project, path)

  // Which objects, in which order ---------------------------------------------------------------------------------------
  watch(() => [view.sort, ...view.conditions.map(c => c.name), objects.columns], () => {
    if (objects.count) for (const name of new Set([view.sort, ...view.conditions.map(c => c.name)])) if (name !== 'selected') column(name).catch(error => { objects.error = error })
  }, { immediate: true })
  const rows = computed(() => {
    if (objects.count === null) return []
    const own = view.conditions.filter(c => c.name !== 'selected')
    let list = filterRows(objects.count, objects.columns, own)
    if (own.length < view.conditions.length) list = list.filter(row => objects.selected.has(objects.ids[row]))
    return sortRows(list, view.sort === 'id' ? null : objects.columns[view.sort], view.descending)
  })
  const places = computed(() => new Map(rows.value.map((row, place) => [objects.ids[row], place])))
  const idAt = place => objects.ids[rows.value[place]]
  const change = list => { view.conditions = list; toTop() }
  const sortBy = (name, descending = false) => { Object.assign(view, { sort: name, descending }); toTop() }
  const toTop = () => { if (scroller.value) scroller.value.scrollTop = 0 }
  const similar = () => { if (objects.focus !== null) sortBy(`similarity:${objects.focus}`) }

  // Geometry ------------------------------------------------------------------------------------------------------------
  // Cells of about the size asked for, so that they fill the width.
  const columns = computed(() => Math.max(1, Math.round(view.width / view.cell)))
  const side = computed(() => view.width / columns.value || view.cell)
  const total = computed(() => Math.ceil(rows.value.length / columns.value) * side.value)
  const visible = computed(() => {
    const from = Math.max(0, Math.floor(view.top / side.value) - 1) * columns.value
    return { from, to: Math.min(rows.value.length, Math.ceil((view.top + view.height) / side.value + 1) * columns.value) }
  })
  const measure = () => { const e = scroller.value; if (e) Object.assign(view, { top: e.scrollTop, width: e.clientWidth, height: e.clientHeight }) }
  function bring(place) {
    const e = scroller.value, y = Math.floor(place / columns.value) * side.value
    if (y < e.scrollTop) e.scrollTop = y
    else if (y + side.value > e.scrollTop + e.clientHeight) e.scrollTop = y + side.value - e.clientHeight
  }
  // The same objects stay in sight when cells become larger or smaller.
  watch([columns, side], (now, [before, size]) => {
    const place = Math.round(view.top / size) * before
    nextTick(() => { if (scroller.value && place) scroller.value.scrollTop = Math.floor(place / columns.value) * side.value })
  })

  // Contact sheets ------------------------------------------------------------------------------------------------------
  const scale = () => { const need = side.value * (devicePixelRatio || 1); return [48, 96, 144, 192, 288].find(s => s >= need - 8) ?? 288 }
  const addresses = computed(() => {
    const cell = scale(), background = (isDark(), getComputedStyle(document.documentElement).getPropertyValue('--canvas').trim().replace('#', '')), list = new Map()
    const { revision } = objects.columns
    for (let sheet = Math.floor(visible.value.from / perSheet); sheet * perSheet < visible.value.to; sheet++) {
      const part = rows.value.slice(sheet * perSheet, (sheet + 1) * perSheet)
      list.set(sheet, P(`/objects/atlas?cell=${cell}&columns=${sheetColumns}&background=${background}&v=${part.reduce((v, row) => (v * 31 + revision[row]) >>> 0, 7).toString(36)}&ids=${part.map(row => objects.ids[row]).join()}`))
    }
    return list
  })
  let pause
  watch(addresses, list => { clearTimeout(pause); pause = setTimeout(() => load([...list.values()]), sheets.size ? 60 : 0) })
  function load(list) {
    for (const [address, image] of wanted) if (!list.includes(address)) { image.src = ''; wanted.delete(address) }
    for (const address of list) {
      if (gone || wanted.has(address) || sheets.get(address) === 'ready') continue
      const image = new Image()
      wanted.set(address, image)
      image.onload = image.onerror = event => { if (wanted.get(address) !== image) return; wanted.delete(address); sheets.set(address, event.type === 'load' ? 'ready' : 'failed') }
      image.src = address
    }
    for (const address of [...sheets.keys()].slice(0, -40)) if (!list.includes(address)) sheets.delete(address)
  }
  const failed = computed(() => [...addresses.value.values()].some(a => sheets.get(a) === 'failed'))
  const again = () => { for (const [address, s] of sheets) if (s === 'failed') sheets.delete(address); load([...addresses.value.values()]) }

  // Selection -----------------------------------------------------------------------------------------------------------
  const focusPlace = () => places.value.get(objects.focus) ?? -1
  const span = (a, b) => rows.value.slice(Math.min(a, b), Math.max(a, b) + 1).map(row => objects.ids[row])
  function pick(place, { shiftKey, ctrlKey, metaKey } = {}) {
    const id = idAt(place)
    if (id === undefined) return
    if (shiftKey && anchor !== null) choose(ctrlKey ? [...objects.selected, ...span(anchor, place)] : span(anchor, place), id)
    else {
      anchor = place
      const next = new Set(ctrlKey || metaKey ? objects.selected : [])
      if (!next.delete(id)) next.add(id)
      choose(next, id)
    }
  }
  const step = (by, event) => {
    if (!rows.value.length) return
    const now = focusPlace(), place = now < 0 ? visible.value.from : Math.min(rows.value.length - 1, Math.max(0, now + by))
    if (event.shiftKey && anchor === null) anchor = Math.max(0, now)
    pick(place, { shiftKey: event.shiftKey })
    bring(place)
  }
  const inside = e => { const box = scroller.value.getBoundingClientRect(); return [e.clientX - box.left, e.clientY - box.top + scroller.value.scrollTop] }
  const placeAt = ([x, y]) => { const c = Math.floor(x / side.value); return c < columns.value ? Math.floor(y / side.value) * columns.value + c : -1 }
  function down(e) {
    if (e.button !== 0 || e.offsetX > scroller.value.clientWidth) return
    const [x, y] = inside(e)
    view.drag = { x0: x, y0: y, x1: x, y1: y, kept: e.shiftKey || e.ctrlKey || e.metaKey ? [...objects.selected] : [], moved: false, touch: e.pointerType === 'touch' }
    if (!view.drag.touch) scroller.value.setPointerCapture(e.pointerId)
  }
  function move(e) {
    const d = view.drag
    if (!d || d.touch) return
    const box = scroller.value.getBoundingClientRect()
    if (e.clientY > box.bottom - 16) scroller.value.scrollTop += 24
    if (e.clientY < box.top + 16) scroller.value.scrollTop -= 24;
    [d.x1, d.y1] = inside(e)
    d.moved ||= Math.hypot(d.x1 - d.x0, d.y1 - d.y0) > 5
    if (d.moved) choose([...d.kept, ...cellsIn(d, side.value, columns.value, rows.value.length).map(idAt)])
  }
  function up(e) {
    const d = view.drag
    view.drag = null
    if (!d || e.type === 'pointercancel') return
    const place = placeAt([d.x0, d.y0])
    if (d.moved) {
      anchor = place
      if (!objects.selected.has(objects.focus)) choose(objects.selected, [...objects.selected][0] ?? null)
    } else if (idAt(place) !== undefined) pick(place, e)
    else if (!d.kept.length) choose([], null)
  }

  // The object looked at ------------------------------------------------------------------------------------------------
  watch(() => [objects.focus, objects.columns.revision], async ([id]) => {
    if (id === null) { view.object = null; return }
    try { const object = await get(P(`/objects/${id}`)); if (objects.focus === id) view.object = object } catch { if (objects.focus === id) view.object = null }
  }, { immediate: true })
  function show() {
    const object = view.object
    if (!object || object.id !== objects.focus) return
    save()
    const levels = objects.names.find(i => i.id === object.image)?.levels ?? 1
    const zoom = Math.min(levels + 1, levels - 1 + Math.floor(Math.log2(500 / Math.max(object.box.width, object.box.height, 1))))
    go({ ...state.place, panel: 'view', item: object.image,
      query: { at: `${Math.round(object.box.x + object.box.width / 2)},${Math.round(object.box.y + object.box.height / 2)},${Math.max(0, zoom)}`, sel: object.id } })
  }

  // Place ---------------------------------------------------------------------------------------------------------------
  function save() {
    if (gone || objects.count === null || !view.height) return
    const row = Math.round(view.top / side.value) * columns.value
    const q = { where: formatWhere(view.conditions) || undefined, sort: view.sort === 'id' ? undefined : view.sort, order: view.descending ? 'desc' : undefined,
      cell: view.cell === 96 ? undefined : view.cell, row: row || undefined, focus: objects.focus ?? undefined }
    left.query = q
    // Once left, the address is another screen's.
    if (state.place.panel === 'gallery') replaceQuery(q)
  }
  let saving
  watch(() => [view.conditions, view.sort, view.descending, view.cell, view.top, objects.focus], () => { clearTimeout(saving); saving = setTimeout(save, 150) })
  let ends = [], watcher
  onMounted(() => {
    ends = [follow(), on('online', again)]
    if (query.focus) objects.focus = Number(query.focus)
    watcher = new ResizeObserver(measure)
  })
  watch(scroller, (now, before) => { if (before) watcher.unobserve(before); if (now) { watcher.observe(now); measure();
    nextTick(() => { now.scrollTop = Math.floor(first / columns.value) * side.value; first = 0; now.focus({ preventScroll: true }) }) } })
  onBeforeUnmount(() => { clearTimeout(saving); save(); gone = true; ends.forEach(end => end()); watcher.disconnect(); load([]) })

  // Undo takes the newest step of this browser, of labels or of an outline in any image.
  const nameOf = id => objects.names.find(i => i.id === id)?.name ?? `image ${id}`
  async function back(undo, sure) {
    if (project.readOnly) return notify('Read-only: nothing can be undone here.')
    const [from, to] = undo ? ['acts', 'undone'] : ['undone', 'acts'], { now } = box, act = now[from].at(-1)
    if (!act || act.batch || box.queue.waiting.length) return box.step(undo)
    const name = nameOf(act.image)
    if (act.at < performance.timeOrigin && !sure) return notify(
      `${box.lastLabels() ? '' : 'There are no labels to undo. '}The step before is an outline changed in ${name} before this page was opened.`,
      { action: { label: 'Undo it', run: () => back(undo, true) } })
    try {
      const { edits } = await get(P(`/edits?image=${act.image}`)), list = edits.filter(e => !e.superseded && e.undone !== undo).sort((a, b) => undo ? b.id - a.id : a.id - b.id)
      if (list.length) await post(P(undo ? '/edits/undo' : '/edits/redo'), { image: act.image })
      now[from] = now[from].filter(a => a !== act)
      // Somebody else took it back.
      if (!list.length) return back(undo, sure)
      now[to] = [...now[to], { ...act, at: Date.now() }]
      memory.save(`acts.${project.user}/${project.name}`, now.acts)
      notify(`${undo ? 'Undone' : 'Done again'} in ${name}: ${list[0].summary || operationTitles[list[0].operation]}`,
        { action: { label: 'Show', run: () => go({ ...state.place, panel: 'view', item: act.image, query: null }) } })
    } catch (error) { complain(error) }
  }

  const G = 'Gallery', sheetHas = e => e.target === scroller.value || e.target === document.body
  const key = (id, title, k, run, always) => ({ id: 'gallery.' + id, title, group: G, key: k, run, when: always ? undefined : sheetHas })
  const leave = () => rows.value.length && objects.selected.size ? choose([]) : document.querySelector('.gallery .filters select')?.focus()
  useCommands([
    { id: 'undo', title: 'Undo', group: G, key: 'Ctrl+Z', run: () => { back(true) } },
    { id: 'redo', title: 'Redo', group: G, key: 'Ctrl+Shift+Z', run: () => { back(false) } },
    key('show', 'Show in frame', 'C', show, true), key('open', 'Show in frame, when nothing is selected', 'Enter', show),
      key('similar', 'The most alike first', 'Shift+S', similar, true),
    key('all', 'Select all that are shown', 'Ctrl+A', () => choose(span(0, rows.value.length)), true),
      key('none', 'Select nothing', 'Escape', () => { if (state.sheet) return false; leave() }, true),
    key('left', 'Object before', 'ArrowLeft', e => step(-1, e)), key('right', 'Object after', 'ArrowRight', e => step(1, e)),
      key('up', 'Object above', 'ArrowUp', e => step(-columns.value, e)), key('down', 'Object below', 'ArrowDown', e => step(columns.value, e)),
    key('addLeft', 'Select back to the object before', 'Shift+ArrowLeft', e => step(-1, e)), key('addRight', 'Select on to the object after', 'Shift+ArrowRight', e => step(1, e)),
    key('addUp', 'Select back to the object above', 'Shift+ArrowUp', e => step(-columns.value, e)),
      key('addDown', 'Select on to the object below', 'Shift+ArrowDown', e => step(columns.value, e)),
    key('first', 'First object', 'Home', e => step(-1e9, e)), key('last', 'Last object', 'End', e => step(1e9, e)),
    key('larger', 'Larger pictures', '+', () => resize(view.cell + 16), true), key('smaller', 'Smaller pictures', '-', () => resize(view.cell - 16), true),
    key('filters', 'Filters', 'Shift+F', () => { view.filters = !view.filters }, true)
  ])
  const resize = size => { view.cell = Math.min(256, Math.max(32, size)); memory.save('gallery.cell', view.cell) }
  shell.status = () => objects.count === null ? null : [h('span', rows.value.length === objects.count ? plural(objects.count, 'object')
    : `${count(rows.value.length)} of ${plural(objects.count, 'object')}`), objects.selected.size ? h('span', `${count(objects.selected.size)} selected`) : null]

  /** Labels that no server has yet, as they will be. */
  const unsent = computed(() => new Map(box.now.waiting ? box.queue.waiting.filter(e => e.path === '/labels').flatMap(e => e.objects.map(o => [o, e.body])) : []))

  // What is drawn -------------------------------------------------------------------------------------------------------
  const sheet = () => {
    const cells = [], { from, to } = visible.value, n = columns.value, size = side.value, { category, status } = objects.columns
    for (let place = from; place < to; place++) {
      const id = idAt(place), address = addresses.value.get(Math.floor(place / perSheet)), ready = sheets.get(address) === 'ready', k = place % perSheet, row = rows.value[place],
        given = unsent.value.get(id), kind = category && categoryOf(given?.category === undefined ? category[row] : given.category), word = given ? 'waiting' : states[status?.[row]]
      cells.push(h('div', {
        key: id, id: 'o' + id, role: 'option', class: ['cell', { on: objects.selected.has(id), focus: id === objects.focus }], 'aria-selected': objects.selected.has(id),
          'aria-label': `Object ${id}${kind ? `, ${kind.name}, ${word ?? ''}` : ''}`, 'aria-posinset': place + 1, 'aria-setsize': rows.value.length,
        style: {
          width: size + 'px', height: size + 'px', transform: `translate(${place % n * size}px, ${Math.floor(place / n) * size}px)`,
          ...ready ? { backgroundImage: `url("${address}")`, backgroundSize: `${Math.min(sheetColumns, rows.value.length) * size}px auto`,
            backgroundPosition: `${-(k % sheetColumns) * size}px ${-Math.floor(k / sheetColumns) * size}px` } : {}
        }
      }, kind ? h('span', { class: ['tag-class', word], style: { borderColor: kind.color } }, size < 64 ? '' : kind.name) : undefined))
    }
    const d = view.drag
    return h('div', {
      ref: scroller, class: 'sheet-area', tabindex: 0, role: 'listbox', 'aria-multiselectable': 'true', 'aria-label': 'Objects',
        'aria-activedescendant': focusPlace() >= from && focusPlace() < to ? 'o' + objects.focus : undefined,
      'data-ready': [...addresses.value.values()].every(a => sheets.has(a)) ? 'true' : undefined,
      onScroll: measure, onPointerdown: down, onPointermove: move, onPointerup: up, onPointercancel: up, onDblclick: show
    }, [h('div', { class: 'sheet-inner', role: 'presentation', style: { height: total.value + 'px' } }, [...cells,
      d?.moved ? h('div', { class: 'rubber', style: { left: Math.min(d.x0, d.x1) + 'px', top: Math.min(d.y0, d.y1) + 'px', width: Math.abs(d.x1 - d.x0) + 'px',
        height: Math.abs(d.y1 - d.y0) + 'px' } }) : null])])
  }
  const sortNames = () => ['id', 'revision', 'edited', 'category', 'status', 'score', ...measureNames()]
  const tools = () => h('div', { class: 'sheet-tools' }, [
    h('h1', 'Gallery'),
    iconButton('panel', 'Filters', () => { view.filters = !view.filters }, { command: 'gallery.filters', pressed: view.filters, 'data-flip': '' }),
    h('label', { class: 'row' }, [h('span', { class: 'muted hide-narrow' }, 'Sort by'), h('select',
      { 'aria-label': 'Sort by', value: view.sort, onChange: e => sortBy(e.target.value, view.descending) }, [
      view.sort.startsWith('similarity:') ? h('option', { value: view.sort }, `Likeness to object ${view.sort.slice(11)}`) : null,
        ...sortNames().map(n => h('option', { value: n, key: n }, titleOf(n)))])]),
    iconButton('down', view.descending ? 'Largest first. Turn round' : 'Smallest first. Turn round', () => { view.descending = !view.descending; toTop() },
      { pressed: view.descending, size: 16 }),
    button('Most alike first', similar, { command: 'gallery.similar', disabled: objects.focus === null, title: 'Sort by likeness to the object looked at' }),
    h('div', { class: 'spring' }),
    [box.now.acts.at(-1)].map(a => a && button(`Undo: ${a.what ?? `outline in ${nameOf(a.image)}`}`, () => { back(true, true) }, { kind: 'quiet', iconName: 'undo', command: 'undo', disabled: project.readOnly })),
    h('input', { type: 'range', min: 32, max: 256, step: 8, value: view.cell, 'aria-label': 'Size of the pictures', 'aria-valuetext': `${view.cell} pixels`,
      title: 'Size of the pictures (+ and −)', onInput: e => resize(Number(e.target.value)) }),
    iconButton('panel', 'Panel at the right', () => { view.side = !view.side; memory.save('gallery.side', view.side) }, { pressed: view.side })
  ])
  const labelling = { selected: () => [...objects.selected], labelOf: id => view.object?.id === id ? view.object.label : undefined,
    was: id => { const row = objects.rows.get(id), { category, status } = objects.columns; return row === undefined || !category ? undefined : labelText(category[row], status[row]) },
    show: () => { view.side = true },
    changed: readObjects }
  useClassCommands(labelling, sheetHas)
  const looked = () => {
    const o = view.object
    return h('aside', { class: 'side', 'aria-label': 'Selection' }, [
      classes(labelling),
      section('Object', o ? [
        h('img', { class: 'vignette portrait', src: P(`/objects/${o.id}/vignette?revision=${o.maskRevision}`), alt: `Picture of object ${o.id}` }),
        h('div', [h('strong', `Object ${o.id}`), h('div', { class: 'mono muted small uid', title: o.uid }, o.uid),
          h('div', { class: 'muted small' }, objects.names.find(i => i.id === o.image)?.name)]),
        h('div', { class: 'row acts' }, [button('Show in frame', show, { iconName: 'eye', command: 'gallery.show' })]),
        measures(o, objects.measures)
      ] : h('p', { class: 'muted' }, ['Click a picture to look at its object; drag, ', h('kbd', 'Shift'), ' and ', h('kbd', 'Ctrl'), ' select more.']), {
        aside: objects.selected.size ? h('span', { class: 'row' }, [h('span', { class: 'muted' }, `${count(objects.selected.size)} selected`),
          iconButton('close', 'Select nothing', () => choose([]), { size: 14 })]) : null
      })
    ])
  }
  return () => {
    if (objects.error && objects.count === null) return problemPage('Gallery', objects.error, readObjects)
    if (objects.count === 0) return h('div', { class: 'page' }, [h('h1', { class: 'unseen' }, 'Gallery'),
      empty('grid', 'No objects yet', 'Objects appear here when the pipeline has run over the images, or when you draw them.',
      [h('a', { class: 'button primary', href: here('pipeline') }, 'To the pipeline')])])
    return h('div', { class: ['gallery', { 'no-filters': !view.filters, 'no-side': !view.side }] }, [
      view.filters ? filters(view.conditions, change, () => change([])) : null,
      h('div', { class: 'sheet-frame' }, [
        tools(),
        objects.error || failed.value ? problem(objects.error ?? { offline: !state.online, message: 'Some pictures could not be loaded.' },
          () => { if (objects.error) readObjects(); again() }) : null,
        objects.count === null ? h('p', { class: 'muted pad', role: 'status' }, 'Reading the objects…')
          : rows.value.length ? sheet() : empty('grid', 'No object matches', 'All of the conditions at the left have to hold.',
            [button('Show all', () => change([]), { kind: 'primary' })])
      ]),
      view.side ? looked() : null
    ])
  }
})

export default { id: 'gallery', title: 'Gallery', icon: 'grid', tab: true, component }
