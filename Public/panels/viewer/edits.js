// Edits on their way to the server, what its answers change on screen, and the history of the image.
import { get, post } from '../../api.js'
import { later, notify, complain } from '../../state.js'
import { boxOf } from '../../outbox.js'
import { collection, feature, covers, contains } from '../../lib/geometry.js'
import { madeBy } from '../../lib/edit-queue.js'
import { casedOutline } from './image-map.js'
import { drawn } from './tools.js'
import { operationTitles } from './history.js'

const pendingColor = '#009E73', erasedColor = '#999999', refusedColor = '#D55E00'

/** `v`: what the rooms of the viewer share (panel.js). */
export function createEdits(v) {
  const { view, objects, project, P } = v
  let settling = []  // answered, but their tiles are not on screen yet

  const own = list => list.filter(e => e.image === view.image?.id)
  function shared() {
    view.waiting = own(queue.waiting)
    view.held = own(queue.held)
    drawPending()
  }
  const box = boxOf(project), { queue, now } = box
  box.viewer = {
    change() { view.busy = now.waiting > 0; shared() },
    done(edit, outcome) { if (v.map && edit.image === view.image?.id) outcome.note ? notify(outcome.note[0].toUpperCase() + outcome.note.slice(1)) : applied(outcome, edit) },
    /** true when it is shown here. */
    refused(edit, error) {
      if (!v.map || edit.image !== view.image?.id) return false
      const { current } = error
      if (error.code === 'edit.conflict' && current) {
        for (const o of current.objects) objects.set(o.id, o)
        for (const o of current.removed) objects.delete(o)
        setRevision(current.revision, null)
      } else if (error.code !== 'edit.conflict') view.refused = `${operationTitles[edit.operation] ?? edit.operation}: ${error.message}`
      view.selected = view.selected.filter(s => s !== madeBy(edit) && !current?.removed.includes(s))
      shared()
      v.drawSelection()
      return true
    }
  }
  const shapes = e => e.ghost?.map(g => feature(g)) ?? e.annotations.features
  /** What waits to make an object or to be added to it, as features. */
  const shapesOf = id => queue.waiting.filter(e => madeBy(e) === id || (['add', 'replace'].includes(e.operation) && e.objects.includes(id))).flatMap(shapes)
  const deleted = () => new Set(queue.waiting.flatMap(e => e.operation === 'delete' ? e.objects : []))
  /** Id of the object at a place that the server does not know yet. */
  function waitingAt(x, y) {
    const gone = deleted(), made = own(queue.waiting).findLast(e => e.operation === 'draw' && !gone.has(madeBy(e)) && shapesOf(madeBy(e)).some(f => covers(f, x, y)))
    return made && madeBy(made)
  }
  /** The smallest object at a place among those that this tab has seen, for want of the server. */
  function knownAt(x, y, which) {
    const gone = deleted(), { off, on } = v.layers.rejects
    return [...objects.values()].filter(o => o.outline && (o.image ?? view.image.id) === view.image.id && !gone.has(o.id)
      && (o.kind !== 'reject' || (which === 'all' && on && !off.includes(o.rule))) && contains(o.outline, x, y)).sort((a, b) => a.area - b.area)[0]
  }
  function drawPending() {
    if (!v.pendingLayer) return
    v.pendingLayer.clearLayers()
    v.looks.hide([...own(queue.waiting), ...settling].flatMap(e => e.operation === 'delete' ? e.ghost ?? [] : []))
    const gone = deleted()
    const add = layer => v.pendingLayer.addLayer(layer), scale = v.scale()
    for (const edit of [...view.waiting, ...settling, ...view.held, ...view.asked ? [view.asked] : []]) {
      if (gone.has(madeBy(edit)) || edit.objects.some(id => String(id)[0] === '@' && gone.has(id))) continue
      const held = !!edit.current
      const color = held ? refusedColor : ['delete', 'erase'].includes(edit.operation) ? erasedColor : pendingColor
      for (const geometry of edit.ghost ?? []) add(casedOutline(geometry, { color, casing: '#fff', fill: 0.12, dashed: true, pane: 'pending' }))
      if (!edit.ghost) for (const f of edit.annotations.features) add(drawn(f, { color, scale, dashed: true, pane: 'pending' }))
      // A pen line that is kept back is dashed like all that has no effect.
      if (held) for (const f of edit.annotations.features) if (f.properties.width) add(drawn({ ...f, properties: { role: 'outline' } }, { color, scale, pane: 'pending' }))
      if (!['draw', 'add', 'erase', 'delete'].includes(edit.operation)) for (const objectId of edit.objects) { const o = objects.get(objectId); if (o?.outline) add(casedOutline(o.outline,
        { color, casing: '#fff', dashed: true, pane: 'pending' })) }
    }
  }
  /** Queues an edit; `ghost` = outlines shown until the answer is drawn, where the features alone do not say what comes. */
  function edit(operation, list, features = [], { parameters, ghost } = {}, sure = false) {
    if (v.readOnly()) { view.refused = 'This project is read-only here, so it cannot be changed.'; return }
    if (view.asked) return false
    view.refused = null
    // What was undone is lost by a new edit; the server cannot bring it back.
    const lost = view.canRedo && !view.waiting.length ? view.edits.filter(e => e.undone).length : 0
    if (lost > 1 && !sure) {
      view.asked = { lost, operation, objects: list, ghost, annotations: collection(features), go: () => edit(operation, list, features, { parameters, ghost }, true) }
      drawPending()
      return true
    }
    if (lost === 1) notify('The undone step of the history gives way to this one.')
    const expected = {}
    for (const objectId of list) { const known = objects.get(objectId); if (known?.maskRevision != null) expected[objectId] = known.maskRevision }
    if (operation === 'delete') ghost = list.map(o => objects.get(o)?.outline).filter(Boolean)
    const added = box.add({ operation, image: view.image.id, objects: list, annotations: collection(features), parameters, expected, ghost })
    // The new object can be worked on before the server has named it.
    if (operation === 'draw') { view.selected = [madeBy(added)]; view.focus = view.selected[0]; v.drawSelection() }
    return added
  }
  /** What the server says has changed: redraw just that. */
  async function applied(outcome, edit) {
    const created = outcome.created ?? [], removed = outcome.removed ?? []
    // With somebody else's changes in between, more than this place is new.
    const alone = outcome.revision <= v.revision + 1
    if (!alone) objects.clear()
    for (const o of [...created, ...outcome.revised ?? []]) objects.set(o.id, o)
    for (const o of removed) objects.delete(o)
    view.canUndo = outcome.canUndo
    view.canRedo = outcome.canRedo
    // What is selected and gone hands its selection on to what came of it.
    const made = edit && madeBy(edit), ids = created.map(o => o.id)
    const next = [...new Set(view.selected.flatMap(s => s === made || removed.includes(s) ? ids : [s]))]
    if (!alone || view.selected.some(s => !next.includes(s))) v.select(next)
    else v.drawSelection()
    if (view.total != null) view.total += created.length - removed.length
    later('edits', loadEdits, 60)
    later('count', v.countObjects, 250)
    const shown = setRevision(outcome.revision, outcome.box && alone ? [outcome.box] : null)
    if (edit) settling = [...settling, edit]
    drawPending()
    await shown
    settling = settling.filter(e => e !== edit)
    drawPending()
  }
  function setRevision(next, boxes) {
    if (next == null || next === v.revision) return
    v.revision = next
    return v.refreshOverlays(boxes)
  }
  /** The newest hundred, or those that follow what is shown. */
  async function loadEdits(more = false) {
    try {
      const answer = await get(P(`/edits?image=${view.image.id}${more ? `&cursor=${encodeURIComponent(view.moreEdits)}` : ''}`))
      const list = answer.edits.filter(e => !e.superseded), newest = new Map([...(more ? view.edits : []), ...list].map(e => [e.id, e]))
      view.edits = [...newest.values()].sort((a, b) => b.id - a.id)
      view.moreEdits = answer.next ?? null
      view.canUndo = answer.canUndo
      view.canRedo = answer.canRedo
    } catch (error) { if (!error.offline) complain(error) }
  }
  /** Makes the edit that was asked about, or gives it up; true when there was one. */
  function answer(go) {
    const { asked } = view
    view.asked = null
    if (asked) { go && asked.go(); drawPending() }
    return !!asked
  }
  // One step at a time: what is possible is known only when the step before is answered.
  let stepping = Promise.resolve()
  const inTurn = work => (stepping = stepping.then(work))
  async function ask(path, body) {
    answer(false)
    if (queue.waiting.length) { notify('The last change is still on its way; this works when the server has it.'); return false }
    if (v.readOnly()) return false
    view.busy = true
    try { applied(await post(P('/edits/' + path), { image: view.image.id, ...body })); return true } catch (error) {
      if (error.status === 409) { await loadEdits() } else view.refused = error.message
      return false
    } finally { view.busy = queue.waiting.length > 0 }
  }
  const back = direction => inTurn(async () => {
    const undo = direction === 'undo', [from, to] = undo ? ['acts', 'undone'] : ['undone', 'acts'], own = a => a.image === view.image.id
    if (undo ? v.tools.takeBack() : v.tools.putBack()) return true
    const taken = undo && queue.takeBack(view.image.id)
    if (taken) { view.selected = view.selected.filter(s => s !== madeBy(taken)); return true }
    const can = undo ? view.canUndo : view.canRedo, list = now[from]
    // Labels of an earlier day come after the edits of this image.
    const last = list.findLast(a => can && own(a) || a.batch && (!can || a.at >= performance.timeOrigin))
    if (queue.waiting.at(-1)?.image === 'labels') return box.step(undo)
    if (last?.batch) return box.step(undo, last)
    if (!can && !queue.waiting.length) { notify(`Nothing to ${direction} here.`); return false }
    if (!await ask(direction)) return false
    now[from] = list.filter(a => a !== last)
    now[to] = [...now[to], { image: view.image.id, at: Date.now() }]
    return true
  })
  /** To the state just after an edit; 0 = as it was before the first. */
  const goTo = edit => inTurn(() => ask('goto', { edit }))
  function applyHeld() {
    const lost = queue.apply(view.image.id)
    if (lost) notify(`${lost} of these changed objects that are gone, so nothing was left to apply.`)
  }
  /** Somebody else changed the image: a run or another tab. */
  async function emitRevision(next) {
    if (next <= v.revision || v.gone) return
    objects.clear()
    setRevision(next, null)
    loadEdits()
    v.countObjects()
    if (view.selected.length) v.select([...view.selected])
  }

  return { queue, edit, answer, shapesOf, waitingAt, knownAt, drawPending, loadEdits, back, goTo, emitRevision, applyHeld, discardHeld: () => queue.discard(view.image.id), share: shared, box }
}
