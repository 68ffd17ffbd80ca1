// Edits on their way to the server: one after the other, in order, kept until the server has them. Pure: sending,
// storing and waiting are handed in, so the rules can be tested without a browser.

/**
 * send(edit) → promise of the outcome. It rejects with an error whose `offline` is true when the server could not be
 * reached (the edit stays and is tried again), and with any other error when the server refused it (the edit is dropped).
 * Every edit carries a `key`, so that one whose answer was lost is not applied twice.
 */
export function createEditQueue({ send, storage, onChange = () => {}, onDone = () => {}, onRefused = () => {}, wait = ms => new Promise(r => setTimeout(r, ms)), newKey }) {
  let waiting = storage?.load() ?? []
  let busy = false, offline = false, wake = null, delay = 0

  const changed = () => { storage?.save(waiting); onChange(state()) }
  const state = () => ({ waiting: waiting.length, offline, busy })

  async function work() {
    if (busy) return
    busy = true
    onChange(state())
    while (waiting.length) {
      const edit = waiting[0]
      try {
        edit.sent = true
        const outcome = await send(edit)
        waiting = waiting.filter(e => e !== edit)
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
        } else {
          waiting = waiting.filter(e => e !== edit)
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
    /** Adds an edit; it is stored before this returns. */
    add(edit) {
      waiting = [...waiting, { ...edit, key: newKey() }]
      changed()
      work()
      return waiting[waiting.length - 1]
    },
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
