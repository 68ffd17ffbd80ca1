// Changes on their way to the server, from every screen: one queue a project, kept in this browser until the server has them. And what the person did last, for undo.
import { reactive, watch } from './vendor/vue.runtime.js'
import { call, get, at } from './api.js'
import { state, on, memory, notify, complain, go } from './state.js'
import { createEditQueue } from './lib/edit-queue.js'
import { plural } from './lib/format.js'

/** Each change has an entry of its own, so that two tabs of a project do not write over each other's. */
function storage(prefix) {
  let kept = new Set()
  return {
    load() {
      const list = memory.names(prefix).map(name => memory.load(name)).filter(Boolean).sort((a, b) => a.number - b.number)
      kept = new Set(list.map(e => e.key))
      return list.map(e => ({ ...e, sent: true, kept: true }))
    },
    save(list) {
      const now = new Set(list.map(e => e.key))
      for (const e of list) memory.save(prefix + e.key, e)
      for (const key of kept) if (!now.has(key)) memory.drop(prefix + key)
      kept = now
    }
  }
}

const boxes = new Map()
/**
 * The queue of a project { user, name }. Its entries are edits of masks (edits.js), or any request { path, method, body, objects?, what } that may be sent twice.
 * `now.acts`: what was done here, newest last: { image } of an edit, { batch, what } of labels; `now.undone`: what redo brings back.
 */
export function boxOf({ user, name }) {
  const place = `${user}/${name}`
  if (boxes.has(place)) return boxes.get(place)
  const project = { user, name }, prefix = `edits.${place}/`, told = new Map()
  const now = reactive({ waiting: 0, held: 0, offline: false, acts: memory.load('acts.' + place, []), undone: [] })
  const remember = () => memory.save('acts.' + place, now.acts = now.acts.slice(-50))
  let number = Date.now(), arrived = 0
  const queue = createEditQueue({
    newKey: () => crypto.randomUUID?.() ?? Array.from(crypto.getRandomValues(new Uint8Array(16)), b => b.toString(16)).join(''),
    storage: storage(prefix),
    send: async ({ path, method, body, key, kept, operation, image, objects, annotations, parameters, expected }) => {
      try {
        if (!path) return await call('POST', at(project, '/edits'), { operation, image, objects, annotations, parameters, expected, key }, { headers: { 'Idempotency-Key': key } })
        // Another tab had it too, and sent it.
        if (kept && !memory.load(prefix + key)) return {}
        return await call(method ?? 'POST', at(project, path), objects ? { ...body, objects } : body)
      } catch (error) {
        // Started again, ship knows this browser no more: the change waits for the new key.
        if (error.status === 401) { error.offline = true; state.session = false }
        throw error
      }
    },
    onChange: s => {
      Object.assign(now, { waiting: s.waiting, offline: s.offline, held: queue?.held.length ?? 0 })
      box.viewer?.change()
      if (!s.waiting && arrived) { notify(`Saved: ${plural(arrived, 'change')} kept in this browser.`, { kind: 'done' }); arrived = 0 }
    },
    onDone: (e, outcome) => {
      if (e.kept) arrived++
      if (!e.path ? !outcome.note : e.path === '/labels' && outcome.batch) box.did(e.path ? { batch: outcome.batch, what: e.what } : { image: e.image })
      told.get(e.key)?.resolve(outcome)
      if (!e.path) box.viewer?.done(e, outcome)
    },
    onRefused: (e, error) => {
      if (!e.path && box.viewer?.refused(e, error)) return
      error.message = `Not saved: ${e.what ?? e.operation}. ${error.message}`
      if (told.has(e.key)) told.get(e.key).reject(error)
      else notify(error.message, { kind: 'error', seconds: 60, action: e.path ? null : { label: 'Show', run: () => go({ user, project: name, panel: 'view', item: e.image }) } })
    }
  })
  const box = {
    queue, now, viewer: null,
    add: e => queue.add({ ...e, number: number++ }),
    /** Queues a request; the promise is kept when the server has answered, however late. */
    ask: e => new Promise((resolve, reject) => { told.set(box.add(e).key, { resolve, reject }) }),
    did(act) { now.acts = [...now.acts, { ...act, at: Date.now() }]; now.undone = []; remember() },
    lastLabels: (list = 'acts') => now[list].findLast(a => a.batch),
    /** Takes a step of labelling back, or brings it back. */
    async step(undo = true, given) {
      const act = given ?? box.lastLabels(undo ? 'acts' : 'undone'), taken = undo && !given && queue.takeBack('labels')
      if (taken) return notify(`Undone: ${taken.what}`)
      if (queue.waiting.length) return notify('The last change is still on its way; this works when the server has it.')
      if (!act) return notify(`There are no labels to ${undo ? 'undo' : 'redo'}.`)
      const [from, to] = undo ? ['acts', 'undone'] : ['undone', 'acts']
      now[from] = now[from].filter(a => a.batch !== act.batch)
      remember()
      try {
        const { batch } = await box.ask({ path: '/labels/undo', body: { batch: act.batch }, what: `${undo ? 'undo' : 'redo'} of ${act.what}` })
        if (batch) now[to] = [...now[to], { ...act, batch, at: Date.now() }]
        remember()
        notify(`${undo ? 'Undone' : 'Done again'}: ${act.what}`)
      } catch (error) { complain(error) }
    }
  }
  Object.assign(now, { waiting: queue.waiting.length, held: queue.held.length })
  boxes.set(place, box)
  return box
}

// What a closed tab left goes to the server from whatever screen is open now; a project that is gone or read-only keeps its own.
watch(() => state.session, session => {
  if (!session) return
  for (const place of new Set(memory.names('edits.').map(name => name.slice(6, name.lastIndexOf('/'))))) {
    const [user, name] = place.split('/')
    get(at({ user, name })).then(p => { if (!p.readOnly) boxOf(p).queue.retry() }, () => {})
  }
}, { immediate: true })
on('online', () => { for (const box of boxes.values()) box.queue.retry() })
