// What every screen shares: who, where, the open project, its jobs, the server's health.
import { reactive, watch } from './vendor/vue.runtime.js'
import { get, post, at } from './api.js'
import { parse, format, tokenIn } from './lib/location.js'

export const state = reactive({
  session: null,          // { user, version, readOnly }; null = not known yet, false = no session
  place: parse(location.hash),
  project: null,          // the open project
  projectError: null,
  jobs: [],               // newest first
  jobsKnown: false,
  jobsError: null,
  online: true,
  theme: document.documentElement.dataset.theme || 'system',
  notices: [],            // short messages with an optional action: { id, text, kind, action }
  noticesHeld: false,     // pointed at or focused: they stay
  sheet: false            // the sheet of keys
})

/** What the screen at hand puts into the frame around it; each screen sets it and leaves it empty. */
export const shell = reactive({ primary: null, undo: null, redo: null, status: null, saved: null, crumb: null })
export const clearShell = () => Object.assign(shell, { primary: null, undo: null, redo: null, status: null, saved: null, crumb: null })

// Places --------------------------------------------------------------------------------------------------------------

export const link = place => format(place)
export const here = (panel, item, query) => format({ ...state.place, panel, item, query })
export function go(place) { location.hash = format(place) }
/** Changes the address of the view without a new entry in the browser's history. */
export function replaceQuery(query) {
  const hash = format({ ...state.place, query })
  if (hash !== location.hash) { history.replaceState(null, '', hash); state.place.query = query }
}
addEventListener('hashchange', () => {
  if (tokenIn(location.hash)) begin()
  else state.place = parse(location.hash)
})

// Session -------------------------------------------------------------------------------------------------------------

/** The one-time token of the printed address becomes a cookie and leaves the address. */
export async function signIn(token) {
  await post('/api/session', { token })
  state.session = await get('/api/session')
  memory.save('signed', Date.now())  // tells other tabs
}

/** Edits that this browser keeps until a server takes them, over all projects. */
export function editsWaiting() {
  return memory.names('edits.').length
}

export async function begin() {
  const token = tokenIn(location.hash)
  if (token) {
    history.replaceState(null, '', location.pathname + location.hash.replace(/[#&?]token=[^&]+/, '').replace(/^([^#])/, '#$1'))
    state.place = parse(location.hash)
  }
  try {
    if (token) await signIn(decodeURIComponent(token))
    else state.session = await get('/api/session')
  } catch (error) {
    if (error.offline) { state.online = false; setTimeout(begin, 2000); return }
    state.session = false
  }
}

// Notices: at the foot of the page, gone by themselves but for the time that somebody points at them or has the focus there ----

let noticeNumber = 0
export function notify(text, { kind = 'info', action = null, seconds = kind === 'error' ? 12 : action ? 8 : 6 } = {}) {
  const id = ++noticeNumber
  state.notices.push({ id, text, kind, action })
  if (state.notices.length > 3) state.notices.shift()
  const end = () => { state.noticesHeld ? setTimeout(end, 2000) : dismiss(id) }
  setTimeout(end, seconds * 1000)
  return id
}
export const dismiss = id => {
  state.notices = id === undefined ? [] : state.notices.filter(n => n.id !== id)
  if (!state.notices.length) state.noticesHeld = false
}
export const complain = error => notify(error instanceof Error ? error.message : String(error), { kind: 'error' })

// The open project and its events -------------------------------------------------------------------------------------

const listeners = new Map()
/** Calls back on a server event of the open project ("job", "objects", "images", "edit") or "online"; returns the function that ends it. */
export function on(type, listener) {
  if (!listeners.has(type)) listeners.set(type, new Set())
  listeners.get(type).add(listener)
  return () => listeners.get(type).delete(listener)
}
export const emit = (type, data) => { for (const listener of [...listeners.get(type) ?? []]) listener(data) }

let source = null, sourceKey = '', reconnect = null
const projectKey = () => state.place.project ? `${state.place.user}/${state.place.project}` : ''

export async function reloadProject() {
  const { user, project } = state.place
  if (!project) { state.project = null; return }
  try {
    const now = await get(at({ user, name: project })), before = state.project
    // Another project has the name now, as after another start on another folder.
    if (before?.uid && before.uid !== now.uid && before.user === user && before.name === project) return location.reload()
    state.project = now
    state.projectError = null
  } catch (error) {
    if (error.status === 401) state.session = false
    // What is open stays open while nobody answers.
    if (!error.offline || !state.project) state.projectError = error
    if (error.offline) setTimeout(reloadProject, 1500)
  }
}

export async function reloadJobs() {
  if (!state.project) return
  try { state.jobs = sorted((await get(at(state.project, '/jobs'))).jobs); Object.assign(state, { jobsKnown: true, jobsError: null }) } catch (error) { state.jobsError = error }
}
const sorted = jobs => [...jobs].sort((a, b) => b.id - a.id)

export function takeJob(job) {
  const old = state.jobs.find(j => j.id === job.id)
  const ended = s => ['done', 'failed', 'cancelled'].includes(s)
  // The answer to the request that began it may come after the event that it has ended.
  if (old && ended(old.state) && !ended(job.state) && (job.attempt ?? 0) <= (old.attempt ?? 0)) return
  if (old) {
    if (old.state !== job.state && ended(job.state)) emit('jobEnded', job)
    Object.assign(old, job)
  } else state.jobs = sorted([job, ...state.jobs])
}

function listen() {
  source?.close()
  clearTimeout(reconnect)
  source = null
  if (!state.project) return
  // One that was opened in the background listens when it is looked at.
  if (document.hidden) { slept = true; return }
  source = new EventSource(at(state.project, '/events'))
  source.onopen = () => {
    const back = !state.online || slept
    state.online = true
    slept = false
    if (back) { reloadJobs(); emit('online') }
  }
  source.onerror = () => {
    state.online = false
    // The browser itself reconnects unless the answer was an error; then we do.
    if (source?.readyState === EventSource.CLOSED) reconnect = setTimeout(async () => {
      try { await get('/api/session') } catch (error) { if (error.status === 401) { state.session = false; sourceKey = ''; return } }
      listen()
    }, 1000)
  }
  for (const type of ['job', 'objects', 'images', 'edit', 'labels', 'metadata']) {
    source.addEventListener(type, event => {
      const data = JSON.parse(event.data)
      if (type === 'job') takeJob(data)
      emit(type, data)
    })
  }
}

watch([projectKey, () => state.session], async () => {
  if (!state.session || sourceKey === projectKey()) return
  sourceKey = projectKey()
  state.project = null
  state.jobs = []
  state.jobsKnown = false
  source?.close()
  await reloadProject()
  listen()
  reloadJobs()
})
addEventListener('pagehide', () => source?.close())
// A browser keeps six connections to a server; a tab that nobody sees gives its own back, and catches up when it is seen.
let rest = null, slept = false
document.addEventListener('visibilitychange', () => {
  clearTimeout(rest)
  if (document.hidden) rest = setTimeout(() => { slept = true; clearTimeout(reconnect); source?.close(); source = null }, 2000)
  else if (slept) listen()
})
addEventListener('pageshow', event => { if (event.persisted) listen() })

on('images', () => later('project', reloadProject))
on('objects', () => later('project', reloadProject))
const timers = {}
/** Calls at most every 400 ms, and once after the last request. */
export function later(key, work, ms = 400) {
  if (timers[key]) return
  timers[key] = setTimeout(() => { timers[key] = null; work() }, ms)
}

/** The job that the top bar shows: what runs, else what waits. */
export const currentJob = () => state.jobs.find(j => j.state === 'running') ?? state.jobs.find(j => j.state === 'queued')
  ?? state.jobs.find(j => j.state === 'paused') ?? null
/** Work of minutes that ends while one looks elsewhere: a quiet word then. */
const noticeSeconds = 60
on('jobEnded', job => {
  const took = (new Date(job.finishedAt) - new Date(job.startedAt)) / 1000
  if (!(took >= noticeSeconds) || job.state === 'cancelled' || state.place.panel === 'jobs') return
  const failed = job.state === 'failed'
  notify(failed ? `${jobTitle(job)} failed: ${job.error ?? 'see Jobs'}` : `${jobTitle(job)} is done: ${job.result?.summary ?? ''}`, {
    kind: failed ? 'error' : 'done', seconds: 20, action: { label: 'Open Jobs', run: () => go({ ...state.place, panel: 'jobs', item: null, query: null }) }
  })
})
export const jobTitles = { run: 'Pipeline', export: 'Export', import: 'Import', outlines: 'Masks', pyramid: 'Preparing pictures' }
export const jobTitle = job => job.title || jobTitles[job.type] || job.type

// Theme ---------------------------------------------------------------------------------------------------------------

const systemDark = matchMedia('(prefers-color-scheme: dark)')
export const isDark = () => state.theme === 'dark' || (state.theme === 'system' && systemDark.matches)
export function switchTheme() {
  const next = isDark() ? 'light' : 'dark'
  state.theme = next
  document.documentElement.dataset.theme = next
  try { localStorage.setItem('ship.theme', next) } catch { /* lasts until the page is closed */ }
}
systemDark.addEventListener('change', () => { if (state.theme === 'system') { state.theme = ''; state.theme = 'system' } })

/** Small things kept in this browser (layer opacities, key bindings) and edits that no server has taken yet. */
export const memory = {
  load(key, fallback) { try { return JSON.parse(localStorage.getItem('ship.' + key)) ?? fallback } catch { return fallback } },
  /** Whether it is kept: else it lasts until the page is closed. */
  save(key, value) { try { localStorage.setItem('ship.' + key, JSON.stringify(value)); return true } catch { return false } },
  drop(key) { try { localStorage.removeItem('ship.' + key) } catch { /* nothing was kept */ } },
  names(prefix) { try { return Object.keys(localStorage).filter(key => key.startsWith('ship.' + prefix)).map(key => key.slice(5)) } catch { return [] } }
}
