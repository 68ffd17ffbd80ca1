// Edits on their way to the server, what its answers change on screen, and the history of the image.
import { get, post } from '../../api.js'
import { state, later, notify, complain, memory } from '../../state.js'
import { collection } from '../../lib/geometry.js'
import { createEditQueue } from '../../lib/edit-queue.js'
import { casedOutline } from './image-map.js'
import { operationTitles } from './history.js'

const pendingColor = '#009E73'

/** `v`: what the rooms of the viewer share (panel.js). */
export function createEdits(v) {
  const { view, objects, project, P } = v

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
    onRefused: (edit, error) => { view.refused = `${operationTitles[edit.operation] ?? edit.operation}: ${error.message}`; drawPending(); v.drawSelection() }
  })
  function drawPending() {
    if (!v.pendingLayer) return
    v.pendingLayer.clearLayers()
    for (const edit of view.waiting) {
      if (edit.operation === 'draw') for (const f of edit.annotations.features) v.pendingLayer.addLayer(casedOutline(f.geometry, { color: pendingColor, casing: '#fff', fill: 0.12, dashed: true }))
      else for (const objectId of edit.objects) { const o = objects.get(objectId); if (o?.outline) v.pendingLayer.addLayer(casedOutline(o.outline, { color: edit.operation === 'delete' ? '#999999' : pendingColor, casing: '#fff', dashed: true })) }
    }
  }
  const edit = (operation, list, geometries = []) => {
    if (v.readOnly()) { view.refused = 'This project is read-only here, so it cannot be changed.'; return }
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
    if (fresh.length || kept.length !== view.selected.length) v.select(fresh.length ? fresh : kept)
    else v.drawSelection()
    if (view.total != null) view.total += created.length - removed.length
    later('edits', loadEdits, 60)
    later('count', v.countObjects, 250)
  }
  function setRevision(next, boxes) {
    if (next == null || next === v.revision) return
    v.revision = next
    v.refreshOverlays(boxes)
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
    if (direction === 'undo' && v.tools.takeBack()) return true
    if (direction === 'redo' && v.tools.putBack()) return true
    if (direction === 'undo' && queue.takeBack(view.image.id)) return true
    if (queue.waiting.length) { notify('The last change is still on its way; undo works when the server has it.'); return false }
    if (v.readOnly() || !(direction === 'undo' ? view.canUndo : view.canRedo)) return false
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
  /** Somebody else changed the image: a run or another tab. */
  async function emitRevision(next) {
    if (next === v.revision || v.gone) return
    objects.clear()
    setRevision(next, null)
    loadEdits()
    v.countObjects()
    if (view.selected.length) v.select([...view.selected])
  }

  return { queue, edit, drawPending, loadEdits, back, goTo, emitRevision }
}
