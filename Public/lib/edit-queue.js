// Edits on their way to the server: one after the other, in order, kept until the server has them. Pure: sending,
// storing and waiting are handed in, so the rules can be tested without a browser.

/** Stands for the objects that a waiting edit will make. */
export const madeBy = edit => '@' + edit.key

/** A later edit after `outcome` of `edit`: it names the objects made, and expects the masks it builds on. */
export function after(later, edit, outcome) {
  const created = outcome.created ?? [], expected = { ...later.expected }
  const made = later.objects?.includes(madeBy(edit))
  for (const o of [...created, ...outcome.revised ?? []]) if (made || o.id in expected) expected[o.id] = o.maskRevision
  return { ...later, objects: later.objects?.flatMap(id => id === madeBy(edit) ? created.map(o => o.id) : [id]), expected }
}

/** A refused edit for the newer state; null when nothing is left that it could change. */
export function renewed(edit, current) {
  const gone = new Set(current?.removed ?? [])
  const objects = edit.objects.filter(id => !gone.has(id)), expected = { ...edit.expected }
  for (const id of gone) delete expected[id]
  for (const o of current?.objects ?? []) if (o.id in expected) expected[o.id] = o.maskRevision
  let { operation } = edit
  // What was drawn onto an object that is gone stands for itself.
  if (!objects.length && ['add', 'replace'].includes(operation)) operation = 'draw'
  if ((!objects.length && operation !== 'draw') || (operation === 'merge' && objects.length < 2)) return null
  return { ...edit, operation, objects, expected, current: undefined, sent: false }
}

/**
 * send(edit) → promise of the outcome. It rejects with an error whose `offline` is true when the server could not be
 * reached (the edit stays and is tried again), whose code is `edit.conflict` when somebody else was faster (the edit is
 * held until it is applied to the newer state or discarded), and with any other when the server refused it (it is dropped).
 * Every edit carries a `key`, so that one whose answer was lost is not applied twice.
 * An error with `split` = { rest, held } keeps back parts of the edit, and the rest (null: nothing) goes on in its place.
 */
export function createEditQueue({ send, storage, onChange = () => {}, onDone = () => {}, onRefused = () => {}, wait = ms => new Promise(r => setTimeout(r, ms)), newKey }) {
  const stored = storage?.load() ?? []
  let waiting = stored.filter(e => !e.current), held = stored.filter(e => e.current)
  let busy = false, offline = false, wake = null, delay = 0

  const changed = () => { storage?.save([...waiting, ...held]); onChange(state()) }
  const state = () => ({ waiting: waiting.length, offline, busy })
  /** An edit and those that build on the objects it would have made. */
  const withHeirs = edit => {
    const made = new Set([madeBy(edit)])
    return waiting.filter(e => e === edit || (e.objects?.some(id => made.has(id)) && made.add(madeBy(e))))
  }

  async function work() {
    if (busy) return
    busy = true
    onChange(state())
    while (waiting.length) {
      const edit = waiting[0]
      try {
        edit.sent = true
        const outcome = await send(edit)
        waiting = waiting.filter(e => e !== edit).map(e => after(e, edit, outcome))
        offline = false
        delay = 0
        changed()
        onDone(edit, outcome)
      } catch (error) {
        if (error.offline) {
          offline = true
          changed()
          delay = Math.min(8000, delay ? delay * 2 : 500)
          await Promise.race([wait(delay), new Promise(r => { wake = r })])
          wake = null
        } else if (error.split) {
          const { rest, held: back } = error.split
          waiting = waiting.flatMap(e => e === edit ? rest ?? [] : [e])
          held = [...held, ...back]
          offline = false
          changed()
          onRefused(edit, error)
        } else {
          const refused = withHeirs(edit)
          waiting = waiting.filter(e => !refused.includes(e))
          if (error.code === 'edit.conflict') held = [...held, ...refused.map(e => ({ ...e, current: error.current ?? {} }))]
          offline = false
          changed()
          onRefused(edit, error)
        }
      }
    }
    busy = false
    onChange(state())
  }

  return {
    state,
    get waiting() { return waiting },
    get held() { return held },
    /** Adds an edit; it is stored before this returns. */
    add(edit) {
      waiting = [...waiting, { ...edit, key: newKey() }]
      changed()
      work()
      return waiting[waiting.length - 1]
    },
    /** Sends what was refused of an image again, for the newer state; gives the number of edits that nothing is left for. */
    apply(image) {
      // What is known newest of each object counts for all of them.
      const own = held.filter(e => e.image === image), last = new Map(), removed = new Set()
      for (const { current } of own) {
        for (const o of current.objects ?? []) { last.set(o.id, o); removed.delete(o.id) }
        for (const id of current.removed ?? []) removed.add(id)
      }
      const again = own.map(e => renewed(e, { objects: [...last.values()], removed: [...removed] })).filter(Boolean)
      held = held.filter(e => e.image !== image)
      waiting = [...waiting, ...again]
      changed()
      work()
      return own.length - again.length
    },
    /** Ends the wait of what was held back: `change(edit)` gives what stays held of it, or null; `again` is sent in its place. */
    release(change, again) {
      held = held.map(change).filter(Boolean)
      if (again) waiting = [...waiting, { ...again, key: newKey() }]
      changed()
      work()
    },
    discard(image) { held = held.filter(e => e.image !== image); changed() },
    /** Takes back the newest edit of an image that never left for the server; null when there is none. */
    takeBack(image) {
      const last = waiting[waiting.length - 1]
      if (!last || last.sent || last.image !== image) return null
      waiting = waiting.slice(0, -1)
      changed()
      return last
    },
    /** The server seems to be back: try at once. */
    retry() { delay = 0; wake?.(); work() },
    start: work
  }
}
