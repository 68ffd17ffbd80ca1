// Changes on their way to the server, from every screen: one queue a project, kept in this browser until the server has them. And what the person did last, for undo.
import { reactive, shallowReactive, watch } from './vendor/vue.runtime.js'
import { call, get, post, at } from './api.js'
import { state, on, emit, memory, notify, complain, go, takeJob } from './state.js'
import { createEditQueue } from './lib/edit-queue.js'
import { canonical, changed, differences, labelText, only, placesOf, wanted } from './lib/stale.js'
import { plural } from './lib/format.js'

/** Each change has an entry of its own, so that two tabs of a project do not write over each other's. */
function storage(prefix, uid, unkept) {
  let kept = new Map()
  return {
    // What was made in another project that had this name stays for that one.
    load() {
      const list = memory.names(prefix).map(name => memory.load(name)).filter(e => e && (!e.project || !uid || e.project === uid)).sort((a, b) => a.number - b.number)
        .map(e => ({ ...e, sent: true, kept: true }))
      kept = new Map(list.map(e => [e.key, e]))
      return list
    },
    save(list) {
      const now = new Map()
      for (const e of list) now.set(e.key, kept.get(e.key) === e || memory.save(prefix + e.key, e) ? e : null)
      for (const key of kept.keys()) if (!now.has(key)) memory.drop(prefix + key)
      kept = now
      unkept([...now.values()].includes(null))
    }
  }
}
/** Whether what a request met may pass: a server that starts, a full disk, a project that is open elsewhere, on a stick that was pulled, or only to be read. */
const passes = ({ status, code }) => status === 401 || status === 429 || status > 500
  || /^(disk\.|project\.(readOnly|inUse|unknown|closed|corrupt|newerVersion))/.test(code)
/** A fault of the server is tried again so often. */
const faultTries = 5

const newKey = () => crypto.randomUUID?.() ?? Array.from(crypto.getRandomValues(new Uint8Array(16)), b => b.toString(16)).join('')

/** What is now at the places of a change: { now: place → text, undefined where not known, theirs: place → words }. */
const looks = {
  async '/labels'(project) {
    const [{ ids, columns }, { categories }] = await Promise.all(['/objects/columns?names=category,status', '/categories'].map(path => get(at(project, path))))
    const row = new Map(ids.map((id, i) => [id, i])), value = (name, id) => columns[name][row.get(id)]
    return { now: id => row.has(id) ? labelText(value('category', id), value('status', id)) : 'gone',
      theirs: id => `object ${id}: ${row.has(id) ? categories.find(k => k.id === value('category', id))?.name ?? 'no class' : 'gone'}` }
  },
  async '/metadata'(project, { body: { level } }) {
    const rows = new Map()
    for (let cursor = ''; cursor != null;) {
      const page = await get(at(project, `/metadata?level=${level}&limit=10000&cursor=${encodeURIComponent(cursor)}`))
      for (const row of page.rows) rows.set(row.id, row)
      cursor = page.next || null
    }
    const of = place => { const [id, key] = place.split('\n'); return [rows.get(id), key] }
    const now = place => { const [row, key] = of(place); return row && (row.mixed.includes(key) ? several : row.values[key] ?? '') }
    return { now, theirs: place => { const [row, key] = of(place); return `${key} of ${row?.name}: ${now(place) || 'nothing'}` } }
  }
}
/** The same of one thing that is set as a whole: the pipeline, or the area of an image. */
async function whole(project, { path, of, body }) {
  if (!of) { const graph = await get(at(project, path)); return { now: () => canonical(bare(graph)), theirs: () => differences(body, graph) } }
  const { area, from } = await get(at(project, `/blobs/${of}/area`)), drawn = from === 'image'
  return { now: () => path === '/area' ? drawn ? undefined : canonical(area) : canonical(drawn ? area : null), theirs: () => '' }
}
const bare = ({ nodes, edges }) => ({ nodes, edges })
/** Stands for the values of a row whose images differ. */
export const several = '(several)'

export const boxes = shallowReactive(new Map())
/**
 * The queue of a project { user, name }. Its entries are edits of masks (edits.js), or any request { path, method, body, objects?, what, was? } that may be sent twice.
 * One with `was` (lib/stale.js) that has waited is compared before it is sent: parts that somebody else changed meanwhile are held until `decide`.
 * `now.list`: what is held of these, with `current`, and
 * `faults` { place: sentence } of refused values or `error`; `now.table`: the level of the table that shows them. `now.acts`: what was done here, newest last: { image } of an edit, { batch, what } of labels; `now.undone`: what redo brings back.
 */
export function boxOf({ user, name, uid }) {
  const place = `${user}/${name}`
  if (boxes.has(place)) return boxes.get(place)
  const project = { user, name }, prefix = `edits.${place}/`, told = new Map()
  const now = reactive({ waiting: 0, held: 0, list: [], table: null, offline: false, why: '', unkept: false, acts: memory.load('acts.' + place, []), undone: [] })
  const remember = () => memory.save('acts.' + place, now.acts = now.acts.slice(-50))
  let number = Date.now(), arrived = 0
  const tried = new Set(), own = new Map(), faults = new Map()
  /** Rejects with what is kept back of a change, and why. */
  function split(error, e, places, more) {
    const all = placesOf(e), part = keep => {
      const part = only(e, keep), n = part && placesOf(part).length
      return part && { ...part, what: e.what.replace(/^[\d\s.,]+(object|label)s?/, (_, word) => plural(n, word)) }
    }
    const held = { ...part(p => places.includes(p)), key: newKey(), current: {}, total: all.length, kept: false, ...more }, rest = part(p => !places.includes(p))
    tried.delete(e.key)
    return Object.assign(error, { split: { rest: rest && { ...rest, kept: false, at: Date.now() }, held: [held] } })
  }
  async function compare(e) {
    if (!e.was || looks[e.path] && !e.kept && !tried.has(e.key) && Date.now() - e.at < 1500) return
    const { now, theirs } = await (looks[e.path] ?? whole)(project, e), places = changed(e, now, own)
    if (places.length) throw split(new Error(), e, places, { current: Object.fromEntries(places.map(p => [p, now(p)])), theirs: places.slice(0, 3).map(theirs).join(', ') })
  }
  const queue = createEditQueue({
    newKey,
    storage: storage(prefix, uid, is => { now.unkept = is }),
    send: async e => {
      const { path, method, body, key, kept, operation, image, objects, annotations, parameters, expected } = e
      try {
        if (!path) return await call('POST', at(project, '/edits'), { operation, image, objects, annotations, parameters, expected, key }, { headers: { 'Idempotency-Key': key } })
        // Another tab had it too, and sent it.
        if (kept && !memory.load(prefix + key)) return {}
        await compare(e)
        return await call(method ?? 'POST', at(project, path), objects ? { ...body, objects } : body, { headers: { 'Idempotency-Key': key } })
      } catch (error) {
        // Started again, ship knows this browser no more: the change waits for the new key.
        if (error.status === 401) state.session = false
        if (error.status === 500) faults.set(key, (faults.get(key) ?? 0) + 1)
        if (passes(error) || error.status === 500 && faults.get(key) < faultTries) error.offline = true
        now.why = error.offline && error.status && error.status !== 401 ? error.message : ''
        tried.add(key)
        // What is refused is kept to be mended; of a table only the wrong values.
        if (error.faults && body?.changes) {
          const faults = Object.fromEntries(error.faults.map(f => [placesOf(e)[f.index], f.sentence]))
          split(error, e, Object.keys(faults), { faults })
        } else if (e.was && !error.offline && !error.split && !told.has(key)) split(error, e, placesOf(e), { error: error.message })
        throw error
      }
    },
    onChange: s => {
      Object.assign(now, { waiting: s.waiting, offline: s.offline, held: queue?.held.length ?? 0, list: queue?.held.filter(e => e.path) ?? [] })
      box.viewer?.change()
      if (!s.waiting && arrived) { notify(`Saved: ${plural(arrived, 'change')} kept in this browser.`, { kind: 'done' }); arrived = 0 }
    },
    onDone: (e, outcome) => {
      if (e.kept) arrived++
      if (e.was) for (const p of placesOf(e)) own.set(p, outcome.nodes ? canonical(bare(outcome)) : outcome.from === 'image' ? canonical(outcome.area) : wanted(e, p))
      if (!e.path ? !outcome.note : e.path === '/labels' && outcome.batch) box.did(e.path ? { batch: outcome.batch, what: e.what } : { image: e.image })
      told.has(e.key) ? told.get(e.key).resolve({ ...outcome, what: e.what }) : emit('settled', e)
      if (!e.path) box.viewer?.done(e, outcome)
    },
    onRefused: (e, error) => {
      if (error.split) {
        if (!error.split.rest) told.get(e.key)?.resolve({ held: true })
        return emit('settled', e)
      }
      if (!e.path && box.viewer?.refused(e, error)) return
      error.message = `Not saved: ${e.what ?? e.operation}. ${error.message}`
      if (told.has(e.key)) told.get(e.key).reject(error)
      else notify(error.message, { kind: 'error', seconds: 60, action: e.path ? null : { label: 'Show', run: () => go({ user, project: name, panel: 'view', item: e.image }) } })
    }
  })
  const box = {
    queue, now, viewer: null, project: { user, project: name },
    add: e => queue.add({ ...e, project: uid, number: number++, at: Date.now() }),
    /** Nobody listens any more to what becomes of these. */
    leave(path) { for (const e of queue.waiting) if (e.path === path) told.delete(e.key) },
    /** Queues a pipeline that was made of another one. */
    saveGraph: (from, graph) => box.ask({ path: '/graph', method: 'PUT', body: bare(graph), was: { '/graph': canonical(bare(from)) },
      what: `Pipeline: ${differences(from, graph)}` }),
    /** Starts a job when the server has all changes of this browser; not when `stored` turns out false. */
    async start(job, stored = true) {
      queue.retry()
      for (let n = now.offline ? 40 : 400; queue.waiting.length && n; n--) await new Promise(r => setTimeout(r, 50))
      if (queue.waiting.length) throw new Error(`${plural(queue.waiting.length, 'change')} must reach the server first; start it again then.`)
      if (await stored) takeJob(await post(at(project, '/jobs'), job))
    },
    /** These places of a table get new values, or none. */
    mend(level, places) { queue.release(e => e.faults && e.body.level === level ? only(e, p => !places.includes(p)) : e) },
    /** What is held: `mine` goes to the server unless it changed once more, else it is dropped. */
    decide(e, mine) {
      queue.release(x => x.key === e.key ? null : x, mine && { ...e, current: undefined, error: undefined, was: { ...e.was, ...e.current }, kept: true, sent: false })
      emit('settled', e)
    },
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
  Object.assign(now, { waiting: queue.waiting.length, held: queue.held.length, list: queue.held.filter(e => e.path) })
  boxes.set(place, box)
  return box
}

addEventListener('beforeunload', event => { if ([...boxes.values()].some(b => b.now.unkept)) event.preventDefault() })
// What a closed tab left goes to the server from whatever screen is open now; a project that is gone or read-only keeps its own.
watch(() => state.session, session => {
  if (!session) return
  for (const place of new Set(memory.names('edits.').map(name => name.slice(6, name.lastIndexOf('/'))))) {
    const [user, name] = place.split('/')
    get(at({ user, name })).then(p => { if (!p.readOnly) boxOf(p).queue.retry() }, () => {})
  }
}, { immediate: true })
on('online', () => { for (const box of boxes.values()) box.queue.retry() })
