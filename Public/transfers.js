// Uploads in progress. They belong to the page, not to a screen, so they go on while one looks elsewhere.
import { reactive } from './vendor/vue.runtime.js'
import { send, post, at } from './api.js'
import { upload } from './lib/tus.js'

export const transfers = reactive({ list: [] })
const parallel = 2
let running = 0

/** Queues files [{ file, path }] for a project. Masks and outlines of images that come along, or are there, are told apart by the server. */
export async function addTransfers(project, files) {
  let masks = new Set()
  try { masks = new Set((await post(at(project, '/imports/masks'), { names: files.map(f => f.path) })).masks) } catch { /* each upload then tells by its own name */ }
  for (const { file, path } of files) {
    transfers.list.push({ id: `${Date.now()}-${transfers.list.length}`, project: { user: project.user, name: project.name }, path, role: masks.has(path) ? 'mask' : null,
      file: Object.freeze({ blob: file }),
      size: file.size, sent: 0, state: 'waiting', error: null, abort: null })
  }
  pump()
}

function pump() {
  while (running < parallel) {
    const next = transfers.list.find(t => t.state === 'waiting')
    if (!next) return
    running++
    work(next).finally(() => { running--; pump() })
  }
}

async function work(t) {
  t.state = 'sending'
  const control = new AbortController()
  t.abort = () => control.abort()
  try {
    await upload(t.file.blob, {
      url: at(t.project, '/uploads'), request: send, signal: control.signal,
      metadata: { filename: t.path.split('/').pop(), relativePath: t.path.includes('/') ? t.path : null, role: t.role },
      onProgress: sent => { t.sent = sent }
    })
    t.state = 'done'
    t.file = null
  } catch (error) {
    t.state = error.aborted ? 'cancelled' : 'failed'
    t.error = error.message
  }
}

export const retryTransfer = t => { Object.assign(t, { state: 'waiting', sent: 0, error: null }); pump() }
export const cancelTransfer = t => { if (t.state === 'waiting') t.state = 'cancelled'; else t.abort?.() }
export const forgetFinished = project => { transfers.list = transfers.list.filter(t => !(same(t.project, project) && ['done', 'cancelled', 'failed'].includes(t.state))) }
const same = (a, b) => a.user === b.user && a.name === b.name
export const transfersOf = project => transfers.list.filter(t => same(t.project, project))

addEventListener('beforeunload', event => { if (transfers.list.some(t => t.state === 'waiting' || t.state === 'sending')) event.preventDefault() })
