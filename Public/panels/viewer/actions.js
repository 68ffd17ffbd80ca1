// What the tools and keys of the viewer do to objects, and the panel above the image that goes with each.
import { h, watch } from '../../vendor/vue.runtime.js'
import { post } from '../../api.js'
import { memory, complain } from '../../state.js'
import { button, iconButton, slider } from '../../ui.js'
import { icon } from '../../icons.js'
import { plural } from '../../lib/format.js'
import { lengthText } from '../../lib/units.js'
import { feature, collection, samples, extent, nearBox } from '../../lib/geometry.js'
import { casedOutline } from './image-map.js'
import { marks } from './tools.js'

const areas = 'Shift adds to the selected object, Alt erases from it'
export const toolHints = {
  pan: '', box: `Drag or click two corners; ${areas}`, polygon: `Click around the object or draw its edge, Enter closes; ${areas}`,
  replace: 'Draw the new edge of the selected object, Enter closes', brush: 'Paint: a new object, or more of the one selected; Alt erases, Enter begins the next',
  eraser: 'Paint away from the selected objects, or from those under the stroke', wand: `Click a place of even gray, wheel or [ ] sets how even, Enter takes it; ${areas}`,
  point: 'Click in each part; L and U add lines, Enter splits', skeleton: 'Draw a line inside each part, Enter splits, J joins along the line',
    outline: 'Draw where certainly nothing is, then Enter splits',
  cut: 'Draw across the object from side to side', area: 'Drag a rectangle, or click around what counts and press Enter; drag corners to change it',
    ruler: 'Click both ends of a length; Esc clears'
}
const adjustments = {
  separate: { title: 'Separate', name: 'Least depth', parameter: 'depth', min: 0, max: 20, step: 0.5, start: 1,
    help: 'Parts that meet at a neck are parted; less deep necks are left' },
  smooth: { title: 'Smooth', name: 'Radius', parameter: 'radius', min: 1, max: 20, step: 1, start: 2, help: 'Rounds what is narrower than this' }
}

export function createActions(v) {
  const { view, objects, P } = v
  view.pen = memory.load('viewer.pen', null)
  view.tolerance = memory.load('viewer.tolerance', 16)

  let timer
  const say = text => { view.hint = text; clearTimeout(timer); timer = setTimeout(() => { view.hint = null }, 5000); return false }
  /** The one object that shapes are added to. */
  const target = () => v.regions().includes(view.focus) ? view.focus : v.regions().at(-1)
  const adds = (kind, shift) => (kind === 'brush' ? view.selected.length === 1 : shift) && target()
  const near = features => {
    // What waits counts as it will when the server has it.
    const known = objects.get(target())?.box, parts = v.shapesOf(target())
    if (known) parts.push(feature({ type: 'LineString', coordinates: [[known.x, known.y], [known.x + known.width, known.y + known.height]] }))
    return !parts.length || nearBox(features, extent(parts))
  }
  async function found(features) {
    const places = features.flatMap(({ geometry: { type, coordinates } }) => type === 'Point' ? [coordinates] : samples(type === 'Polygon' ? coordinates[0] : coordinates))
    return v.regions().length ? v.regions() : v.under(places)
  }

  // What finished shapes become; false when nothing could be done with them.
  async function finish(kind, features, { shift, alt }) {
    if (v.readOnly()) return say('Read-only: drawing is off')
    if (view.tool === 'area') return v.area.take(features)
    const ghost = kind === 'wand' ? wanted?.ghost : undefined, options = { ghost }
    if (kind === 'wand') features[0].properties.tolerance = view.tolerance
    try {
      if (kind === 'cut') {
        const ids = await found(features)
        return ids.length ? v.edit('cut', ids, features) : say('No object lies under this line, so there is nothing to cut')
      }
      if (marks.includes(kind)) return await split(features)
      if (kind === 'replace') return target() ? v.edit('replace', [target()], features) : say('Select the object to redraw first')
      if (kind === 'eraser' || alt) {
        const ids = await found(features)
        return ids.length ? v.edit('erase', ids, features, options) : say('Nothing to erase here: no object is selected or under the stroke')
      }
      if (shift && kind !== 'brush' && !target()) return say('Select the object to add to first')
      // A stroke apart from the selected object is a new one: an object of two distant parts is hardly meant.
      return adds(kind, shift) && (kind !== 'brush' || near(features)) ? v.edit('add', [target()], features, options) : v.edit('draw', [], features, options)
    } catch (error) { complain(error); return false }
  }
  function splitNow() {
    if (!marks.includes(view.tool)) return use('point')
    v.tools.conclude()
    return v.tools.finish() || say(needed)
  }
  const needed = 'A split needs a point or a line in each part'
  async function split(features) {
    if (features.filter(f => f.properties.role !== 'outline').length + (features.some(f => f.properties.role === 'outline') ? 1
      : 0) < 2) return say(needed)
    const ids = await found(features.filter(f => f.properties.role !== 'outline'))
    if (!ids.length) { view.refused = 'No object lies under these points, so there is nothing to split.'; return false }
    v.edit('split', ids, features)
    use('pan')
  }

  // A look at what would come, before anything is stored: one question at a time, the newest wins.
  let asking = false, asked = null, wanted = null
  function show() {
    v.previewLayer.clearLayers()
    // What is selected would hide how it is divided.
    view.adjust && wanted?.ghost.length ? v.marks.clearLayers() : v.drawSelection()
    for (const g of wanted?.ghost ?? []) v.previewLayer.addLayer(casedOutline(g, { color: '#CC79A7', casing: '#fff', fill: 0.12, dashed: true, pane: 'pending' }))
  }
  async function preview(body) {
    asked = body
    if (!body) { wanted = null; view.preview = null; show() }
    if (asking) return
    asking = true
    while (asked) {
      const now = asked
      asked = null
      let next
      try {
        const { created, revised, note } = await post(P('/edits/preview'), { image: view.image.id, ...now }), all = [...created, ...revised]
        next = { ghost: all.map(o => o.outline), objects: all.length, area: all.reduce((sum, o) => sum + o.area, 0), problem: note }
      } catch (error) { next = { ghost: [], problem: error.message } }
      if (asked !== null || !(view.adjust || view.tool === 'wand' && v.tools.open.length) || v.gone) continue
      wanted = next
      view.preview = next
      show()
    }
    asking = false
  }
  const ask = () => {
    const a = view.adjust
    if (a) preview({ operation: a.operation, objects: v.regions(), annotations: collection([]), parameters: { [adjustments[a.operation].parameter]: a.value } })
    else if (view.tool === 'wand' && v.tools.open.length) preview({ operation: 'draw', objects: [],
      annotations: collection([feature({ type: 'Point', coordinates: v.tools.open[0] }, { role: 'wand', tolerance: view.tolerance })]) })
    else preview(null)
  }
  function adjust(operation) {
    if (v.readOnly()) return say('Read-only: drawing is off')
    if (!v.regions().length) return say('Select an object first')
    use('pan')
    view.adjust = { operation, value: memory.load('viewer.' + operation, adjustments[operation].start) }
    ask()
  }
  function acceptAdjusted() {
    const { operation, value } = view.adjust
    memory.save('viewer.' + operation, value)
    v.edit(operation, v.regions(), [], { parameters: { [adjustments[operation].parameter]: value }, ghost: wanted?.ghost })
    view.adjust = null
  }
  watch(() => [view.adjust, view.adjust?.value, view.tolerance], () => v.tools && ask())
  watch(() => view.selected, () => { if (view.adjust) v.regions().length ? ask() : view.adjust = null })

  const onObjects = (operation, least = 1) => async () => {
    await v.clicked
    const ids = operation === 'delete' ? view.selected : v.regions()
    if (ids.length < least) return say(least > 1 ? 'Select two or more objects: click one, then Shift and click the others' : 'Select an object first')
    v.edit(operation, [...ids])
    if (operation === 'delete') { v.clearSelection() }
  }
  /** Joined along skeleton lines when some are drawn; these also say which objects. */
  async function merge() {
    if (marks.includes(view.tool)) v.tools.conclude()
    const lines = v.tools.done.filter(f => f.properties.role === 'skeleton')
    if (!lines.length) return onObjects('merge', 2)()
    // Only what is selected, so that nothing under the line is swallowed; without a selection the line says what.
    const ids = v.regions().length > 1 ? v.regions() : [...new Set([...v.regions(), ...await v.under(lines.flatMap(f => samples(f.geometry.coordinates, 24)))])]
    if (ids.length < 2) return say('The line touches fewer than two objects')
    v.edit('merge', ids, lines)
    use('pan')
  }
  /** A rejected segment becomes an object of the same shape. */
  function keep() {
    const list = v.rejects().filter(o => o.outline)
    if (!list.length) return say('Show the rejected segments and select one first')
    v.edit('draw', [], list.map(o => feature(o.outline)))
  }

  function use(kind) {
    if (kind !== 'pan' && kind !== 'ruler' && v.readOnly()) return say('Read-only: drawing is off')
    view.adjust = null
    view.tool = kind
    view.hint = null
    v.tools?.use(kind === 'area' ? v.area.shape() : kind)
    v.showHover(null)
    // The arrow keys of a drawing tool act on the map.
    if (kind !== 'pan') v.element.value?.focus({ preventScroll: true })
  }
  const enter = () => {
    if (view.adjust) { acceptAdjusted(); return true }
    if (v.tools.finish()) return true
    // The brush goes on with a new object.
    if (view.tool === 'brush' && view.selected.length) { v.clearSelection(); return true }
    return false
  }
  /** true when there was something to give up. */
  const escape = () => {
    if (v.answer(false)) return true
    if (view.adjust) view.adjust = null
    else if (v.tools.busy) v.tools.clear()
    else return false
    return true
  }
  /** Diameter of the pen, px: as wished, but no wider than half of what is in view, or its ring would not be seen. */
  const pen = () => {
    const { x, y } = view.zoom == null || !v.map ? { x: Infinity, y: Infinity } : v.map.getSize()
    return Math.max(1, Math.min(view.pen, Math.floor(Math.min(x, y) / 2 / v.scale())))
  }
  const setPen = n => { view.pen = Math.max(1, Math.min(2000, Math.round(n))); memory.save('viewer.pen', view.pen); v.tools.redraw() }
  const setTolerance = n => { view.tolerance = Math.max(0, Math.min(255, n)); memory.save('viewer.tolerance', view.tolerance) }
  function nudge(d) {
    if (view.adjust) { const a = adjustments[view.adjust.operation]; view.adjust.value = Math.max(a.min, Math.min(a.max, view.adjust.value + d * a.step)) }
    else if (view.tool === 'wand') setTolerance(view.tolerance + 2 * d)
    else setPen(pen() + d * Math.max(1, pen() / 6))
  }

  const cancel = () => button('Cancel', () => { escape() || use('pan') }, { command: 'viewer.escape' })
  const done = (title, iconName = 'check') => button(title, enter, { kind: 'primary', iconName, command: 'viewer.enter' })
  /** What stands above the image for the tool at hand. */
  function stage() {
    const { tool, drawing, image, preview } = view, bar = (...parts) => h('div', { class: ['stage-action', tool], role: 'group', 'aria-label': 'Tool', 'data-foot': '' }, parts)
    const um = px => image.pixelSizeUm ? `${px} px · ${lengthText(px * image.pixelSizeUm)}` : `${px} px`
    if (!image) return null
    if (view.held.length) return h('div', { class: 'stage-problem held', role: 'alert', 'data-foot': '' }, [icon('warning', 18),
      h('span', `${plural(view.held.length, 'change')} of yours (dashed) met a newer state: somebody changed the same object, which is now shown.`),
      button('Apply to the newer state', v.applyHeld, { kind: 'primary' }), button('Discard', v.discardHeld)])
    if (view.asked) return h('div', { class: 'stage-problem held', role: 'alert', 'data-foot': '' }, [icon('warning', 18),
      h('span', `This change (dashed) takes the place of ${view.asked.lost} undone steps of the history, which cannot come back.`),
      button('Change it', () => v.answer(true), { kind: 'primary' }), button('Keep the steps', () => v.answer(false), { command: 'viewer.escape' })])
    if (view.adjust) {
      const a = adjustments[view.adjust.operation]
      return bar(slider(a.name, view.adjust.value, n => { view.adjust.value = n }, { min: a.min, max: a.max, step: a.step, text: um(view.adjust.value), title: a.help }),
        h('span', { class: 'muted', role: 'status' }, preview?.problem ?? (preview ? plural(preview.objects, 'object') : '…')), done(a.title), cancel())
    }
    if (marks.includes(tool) && drawing.done) return bar(h('span', drawing.text), button('Split', splitNow, { kind: 'primary', iconName: 'split', command: 'viewer.split' }), drawing.lines
      ? button('Join along the line', merge, { command: 'viewer.merge', iconName: 'merge' }) : null, cancel())
    if (tool === 'wand') return bar(slider('Tolerance', view.tolerance, setTolerance, { max: 128, text: `${view.tolerance} gray` }),
      h('span', { class: 'muted', role: 'status' }, preview?.problem ?? (preview ? `${preview.area} px²` : '')), drawing.open ? done('Take it') : null, drawing.open
      ? cancel() : null)
    if (tool === 'brush' || tool === 'eraser') return bar(h('span', tool === 'eraser' ? 'Erases' : !adds('brush') ? 'New object'
      : `Adds to ${Number(target()) ? 'object ' + target() : 'the new object'} when near it, else a new object`),
      slider('Size', Math.round(100 * Math.log2(pen())), n => setPen(2 ** (n / 100)), { max: 1000, text: um(pen()) }), drawing.open ? done('Finish') : null)
    if (drawing.open > 1 && tool !== 'box' && !(tool === 'area' && v.area.shape() === 'box')) return bar(done('Finish'), cancel())
    if (v.rejects().length) return bar(h('span', `Rejected: ${[...new Set(v.rejects().map(o => o.rule))].join(', ')}`),
      button('Keep it', keep, { kind: 'primary', command: 'viewer.keep', iconName: 'check' }))
    return null
  }

  const group = 'Edit', tools = [['box', 'Draw a box', 'R'], ['polygon', 'Draw a polygon', 'P'], ['brush', 'Brush', 'B'], ['eraser', 'Eraser', 'E'], ['wand', 'Wand', 'W'],
    ['replace', 'Redraw the selected', 'Shift+P'], ['point', 'Points to split by', 'O'], ['skeleton', 'Skeleton line', 'L'], ['outline', 'Outline: certain background', 'U'],
    ['cut', 'Cut along a line', 'K']]
  const acts = {
    split: ['Split by points and lines', 'X', splitNow],
    merge: ['Merge the selected', 'J', merge], separate: ['Separate automatically', 'Shift+X', () => adjust('separate')], smooth: ['Smooth the edge', 'S', () => adjust('smooth')],
    fill: ['Fill holes', 'Shift+F', onObjects('fill')], delete: ['Delete the selected', 'Delete', onObjects('delete')], keep: ['Keep the rejected segment', 'Shift+K', keep]
  }
  const ready = run => event => v.map ? run(event) : false
  const commands = [
    { id: 'viewer.pan', title: 'Move and select', group: 'Select', key: 'V', run: () => use('pan') },
    { id: 'viewer.hand', title: 'Move the image while held', group: 'Select', key: 'Space', hold: on => v.tools?.hand(on) },
    ...tools.map(([kind, title, key]) => ({ id: 'viewer.' + kind, title, group: 'Draw', key, run: () => use(kind) })),
    ...Object.entries(acts).map(([id, [title, key, run]]) => ({ id: 'viewer.' + id, title, group, key, run: ready(() => { run() }) })),
    { id: 'viewer.smaller', title: 'Smaller brush, less tolerance', group: 'Draw', key: '[', run: ready(() => nudge(-1)) },
    { id: 'viewer.larger', title: 'Larger brush, more tolerance', group: 'Draw', key: ']', run: ready(() => nudge(1)) },
    { id: 'viewer.cross', title: 'Cross of a drawing tool; Space sets a place', group: 'Draw', key: 'Arrows', fixed: true },
    { id: 'viewer.adds', title: 'Add to the selected while drawing', group: 'Draw', key: 'Shift', fixed: true },
    { id: 'viewer.erases', title: 'Erase while drawing', group: 'Draw', key: 'Alt', fixed: true },
    { id: 'viewer.within', title: 'Select by a rectangle; with Alt by hand', group: 'Select', key: 'Shift+Drag', fixed: true },
    { id: 'viewer.enter', title: 'Finish', group: 'Draw', key: 'Enter', run: ready(enter) },
    { id: 'undo', title: 'Undo', group, key: 'Ctrl+Z', run: ready(() => { v.back('undo') }) },
    { id: 'redo', title: 'Redo', group, key: 'Ctrl+Shift+Z', run: ready(() => { v.back('redo') }) }
  ]
  const tool = (kind, label = tools.find(t => t[0] === kind)[1]) => iconButton(kind === 'outline' ? 'background' : kind, label, () => use(kind),
    { command: 'viewer.' + kind, pressed: view.tool === kind, corner: true, disabled: kind !== 'pan' && v.readOnly() })
  const act = (id, least = 1, name = id) => iconButton(name, acts[id][0], acts[id][2], { command: 'viewer.' + id, corner: true,
    disabled: v.readOnly() || v.regions().length < least })
  const rail = () => [
    tool('pan', 'Move and select'), h('hr'), ...['box', 'polygon', 'brush', 'eraser', 'wand'].map(k => tool(k)), h('hr'),
    ...['point', 'skeleton', 'outline', 'cut'].map(k => tool(k)), act('split', 0), act('merge', view.drawing.lines ? 0 : 2), h('hr'),
    act('separate'), act('fill'), act('smooth'), tool('replace'), iconButton('trash', acts.delete[0], acts.delete[2],
      { command: 'viewer.delete', corner: true, disabled: v.readOnly() || !view.selected.length })
  ]
  /** Told by the tools at every change of the unfinished shape. */
  function changed() {
    const { open, done } = v.tools, n = role => done.filter(f => f.properties.role === role).length
    const text = [['point', n(undefined)], ['line', n('skeleton')], ['outline', n('outline')]].filter(p => p[1]).map(([name, k]) => plural(k, name)).join(', ')
    view.drawing = { open: open.length, done: done.length, lines: n('skeleton') + (view.tool === 'skeleton' && open.length > 1), text }
    if (view.tool === 'wand') ask()
  }
  const color = (kind, mods) => kind === 'eraser' || mods.alt ? '#D55E00' : kind === 'cut' ? '#D55E00' : adds(kind, mods.shift) ? '#009E73' : '#0072B2'
  return { say, pen, use, commands, rail, stage, changed, finish, nudge, escape, color, removeSelected: onObjects('delete') }
}
