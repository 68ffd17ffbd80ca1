// The objects of the image on screen: fetching, what lies under the pointer, selection.
import { withoutSteps } from './layers.js'
import { get, post, all } from '../../api.js'
import { state, complain } from '../../state.js'
import { left, share } from '../../selection.js'
import { casedOutline, boundsOf } from './image-map.js'

// Okabe–Ito: blue has contrast on light plankton grounds.
const hoverColor = '#0072B2', selectColor = '#D55E00'

/** `v`: what the rooms of the viewer share (panel.js). */
export function createObjects(v) {
  const { view, objects, P } = v

  // Objects -----------------------------------------------------------------------------------------------------------
  async function fetchObject(objectId) {
    const known = objects.get(objectId)
    if (known?.outline && known.measurements) return known
    const object = await get(P(`/objects/${objectId}`))
    if (object.active === false) throw new Error('This object is not there any more.')
    objects.set(object.id, object)
    return object
  }
  /** Rejected segments answer to the pointer while their layer is shown. */
  const kind = () => v.layers.rejects.on ? 'all' : 'region'
  async function hit(x, y, which = kind()) {
    const { object } = await get(P(`/objects/at?blob=${view.image.id}&x=${Math.round(x)}&y=${Math.round(y)}&kind=${which}${withoutSteps(view.image, v.layers)}`))
    return object && !v.layers.rejects.off.includes(object.rule) ? fetchObject(object.id) : null
  }
  /** Id of the object at a place, one that waits before all; without the server one of those seen before. */
  async function idAt(x, y, which = kind()) {
    const made = v.waitingAt(x, y)
    if (made || !inside(x, y)) return made
    try { return (await hit(x, y, which))?.id } catch (error) {
      const known = error.offline && v.knownAt(x, y, which)
      if (known) return known.id
      throw error
    }
  }
  /** Ids of the segments under some places; those that could not be found out are left away when there are others. */
  async function under(places) {
    const found = await Promise.allSettled(places.map(p => idAt(...p, 'region'))), ids = [...new Set(found.map(f => f.value).filter(Boolean))], failed = found.find(f => f.reason)
    if (failed && !ids.length) throw failed.reason
    return ids
  }
  /** Adds all that an area touches to the selection. */
  async function selectWithin(geometry) {
    try {
      const { ids } = await post(P('/objects/within'), { image: view.image.id, geometry, touching: true, kind: kind() })
      await select([...new Set([...view.selected, ...ids])])
    } catch (error) { complain(error) }
  }
  /** Those selected that can be edited. */
  const regions = () => view.selected.filter(s => objects.get(s)?.kind !== 'reject')
  const rejects = () => view.selected.map(s => objects.get(s)).filter(o => o?.kind === 'reject')
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
        const object = view.style !== 'off' && v.layers.segments.on && inside(ax, ay) && state.online ? await hit(ax, ay) : null
        if (!v.gone) showHover(object)
      } catch { showHover(null) }
      await new Promise(r => setTimeout(r, 40))
    }
    asking = false
  }
  function showHover(object) {
    if ((object?.id ?? null) === hovered) return
    view.hovered = hovered = object?.id ?? null
    v.hoverLayer.clearLayers()
    if (object?.outline && !view.selected.includes(object.id)) v.hoverLayer.addLayer(casedOutline(object.outline, { color: hoverColor, casing: '#fff', weight: 3, fill: 0.12 }))
    v.element.value?.classList.toggle('over-object', !!object && view.tool === 'pan')
  }

  // Selection ---------------------------------------------------------------------------------------------------------
  function drawSelection() {
    if (!v.marks) return
    v.marks.clearLayers()
    let shown = 0
    for (const objectId of view.selected) {
      const object = objects.get(objectId)
      if (object?.outline && shown++ < 200) v.marks.addLayer(casedOutline(object.outline, { color: selectColor, casing: '#fff', weight: 2, fill: 0.25 }))
    }
  }
  async function select(ids, { add = false } = {}) {
    const next = add ? [...view.selected] : []
    for (const objectId of ids) { const i = next.indexOf(objectId); add && i >= 0 ? next.splice(i, 1) : i < 0 && next.push(objectId) }
    view.selected = next
    view.focus = next[next.length - 1] ?? null
    // The gallery opens at what was last looked at here.
    if (Number(view.focus)) left.query = { ...left.query, focus: view.focus }
    share(next, view.image.id)
    v.hoverLayer?.clearLayers()
    hovered = null
    // Vectors for more than these would stall the page; those that an edit will make have no outline yet.
    await Promise.all(next.filter(o => !String(o).startsWith('@')).slice(0,
      200).map(o => fetchObject(o).catch(error => { if (!error.offline) view.selected = view.selected.filter(s => s !== o) })))
    drawSelection()
    v.savePlace()
  }
  async function selectAll() {
    try { select((await get(P(`/objects/columns?names=area&blob=${view.image.id}`))).ids) } catch (error) { complain(error) }
  }
  const clearSelection = () => select([])
  function showObject(object) {
    const box = boundsOf(object.box)
    if (!v.map.getBounds().contains(box)) {
      const zoom = Math.min(v.map.getBoundsZoom(box.pad(0.5)), Math.max(v.map.getZoom(), view.image.levels - 1))
      v.map.setView(box.getCenter(), Math.min(zoom, v.map.getZoom() >= 0 ? Math.max(zoom, Math.min(v.map.getZoom(), zoom)) : zoom))
    }
  }
  async function focusObject(objectId) { view.focus = objectId; showObject(await fetchObject(objectId)) }
  /** Next object in reading order; false at the end, so Tab then leaves the picture. */
  let inOrder = null
  async function next(direction) {
    try {
      if (!inOrder || inOrder.revision !== v.revision) {
        const list = await all(P(`/objects?blob=${view.image.id}&kind=region`), 'objects', 5000)
        inOrder = { revision: v.revision, ids: list.sort((a, b) => a.box.y - b.box.y || a.box.x - b.box.x).map(o => o.id) }
      }
      const i = inOrder.ids.indexOf(view.selected[view.selected.length - 1])
      const following = inOrder.ids[i < 0 ? (direction > 0 ? 0 : inOrder.ids.length - 1) : (i + direction + inOrder.ids.length) % inOrder.ids.length]
      if (following === undefined) return
      await select([following])
      showObject(objects.get(following))
    } catch (error) { complain(error) }
  }

  return { fetchObject, idAt, under, selectWithin, regions, rejects, inside, countObjects, hover, showHover, leave: () => { asked = null; showHover(null) }, drawSelection, select,
    selectAll, clearSelection, focusObject, next }
}
