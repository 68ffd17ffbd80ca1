// Changes that waited, and what became of the things meanwhile: which parts of a change would overwrite somebody else's. Pure.
// A change has `was`: { place: text } of what was known when it was made; a place is an object, "row\nfield", or the address of the one thing that it sets.

/** The same text for the same JSON, whatever the order of its members. */
export const canonical = value => JSON.stringify(value ?? null, (_, v) => v && typeof v === 'object' && !Array.isArray(v)
  ? Object.fromEntries(Object.keys(v).sort().filter(k => v[k] !== null).map(k => [k, v[k]])) : v)

export const states = ['predicted', 'validated', 'dubious']
/** A label as text; the status by its name or number. */
export const labelText = (category, status) => category == null || Number.isNaN(category) ? '' : `${category} ${states[status] ?? status}`

/** The places of a change, in its order. */
export const placesOf = e => e.objects ?? e.body?.changes?.map(c => `${c.id}\n${c.key}`) ?? [e.path]

/** What a change makes of a place. */
export function wanted(e, place) {
  if (!e.objects) return e.body?.changes ? e.body.changes.find(c => `${c.id}\n${c.key}` === place)?.value : canonical(e.body?.method ? null : e.body)
  const { category, status } = e.body
  return category === undefined ? labelText(e.was?.[place]?.split(' ')[0] || null, status) : labelText(category, status)
}

const number = text => text?.trim() ? Number(text.replace(',', '.')) : NaN
const same = (a, b) => (a ?? '') === (b ?? '') || number(a) === number(b)

/** The places that are neither as they were, nor as wanted, nor as this browser left them itself (`own`: place → text). */
export const changed = (e, now, own = new Map()) => placesOf(e).filter(p => e.was?.[p] !== undefined && now(p) !== undefined
  && ![e.was[p], wanted(e, p), own.get(p)].some(text => text !== undefined && same(now(p), text)))

/** A change for some of its places only; null for none. */
export function only(e, keep) {
  const places = placesOf(e)
  if (!places.some(keep)) return null
  const part = { ...e, was: e.was && Object.fromEntries(places.filter(p => keep(p) && e.was[p] !== undefined).map(p => [p, e.was[p]])) }
  if (e.objects) part.objects = e.objects.filter(keep)
  else if (e.body?.changes) part.body = { ...e.body, changes: e.body.changes.filter((_, i) => keep(places[i])) }
  return part
}

/** What differs from one pipeline to another, in words. */
export function differences(from, to) {
  const named = (graph, name) => graph.nodes.find(n => n.name === name), text = v => v === undefined ? 'default' : typeof v === 'object' ? '…' : v
  const list = [...to.nodes.flatMap(n => {
    const old = named(from, n.name)
    return !old ? [`${n.name} added`] : Object.keys({ ...old.config, ...n.config }).filter(k => canonical(old.config?.[k]) !== canonical(n.config?.[k]))
      .map(k => `${n.name} ${k} ${text(n.config?.[k])}`)
  }), ...from.nodes.filter(n => !named(to, n.name)).map(n => `${n.name} removed`)]
  return list.length > 4 ? [...list.slice(0, 3), `${list.length - 3} more`].join(', ') : list.join(', ') || 'order of its steps'
}
