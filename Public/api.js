// Everything the page asks of the server. Relative addresses only: the page talks to the machine it came from.

/** An answer ≥ 400, as problem+json says it, or no answer at all (`offline`). */
export class Problem extends Error {
  constructor({ status = 0, code = '', title = '', detail = '', field = null, errors = null, offline = false, ...more }) {
    super(detail || title || (offline ? 'The server does not answer.' : `The server answered ${status}.`))
    Object.assign(this, { ...more, status, code, title, field, errors, offline })
  }
}

const gone = () => new Problem({ offline: true, detail: 'The server does not answer. Is `ship serve` still running? This page connects again by itself.' })

async function problemOf(response) {
  let body = {}
  try { body = await response.json() } catch { /* not JSON: the status has to do */ }
  return new Problem({ ...body, status: response.status })
}

/** One request with a JSON body and a JSON answer. Rejects with a Problem. */
export async function call(method, url, body, { signal, headers = {} } = {}) {
  let response
  try {
    response = await fetch(url, {
      method, signal, credentials: 'same-origin', cache: method === 'GET' ? 'no-cache' : 'default',
      headers: body === undefined ? { Accept: 'application/json', ...headers } : { Accept: 'application/json', 'Content-Type': 'application/json', ...headers },
      body: body === undefined ? undefined : JSON.stringify(body)
    })
  } catch (error) {
    if (error.name === 'AbortError') throw error
    throw gone()
  }
  if (!response.ok) {
    const problem = await problemOf(response)
    // 502–504 come from something in front of a server that is gone; 503 from one that is starting or stopping.
    if (response.status >= 502) throw Object.assign(problem, { offline: true })
    throw problem
  }
  if (response.status === 204 || response.headers.get('Content-Length') === '0') return null
  // An answer that broke off is none: whoever asked asks again.
  try { return await response.json() } catch (error) { throw error.name === 'AbortError' ? error : gone() }
}

export const get = (url, options) => call('GET', url, undefined, options)
export const post = (url, body, options) => call('POST', url, body, options)
export const put = (url, body) => call('PUT', url, body)
export const patch = (url, body) => call('PATCH', url, body)
export const remove = url => call('DELETE', url)

/** Address below a project. */
export const at = (project, path = '') => `/api/projects/${encodeURIComponent(project.user)}/${encodeURIComponent(project.name)}${path}`

/** All pages of a list: `next` is the cursor of the following one. */
export async function all(url, key, limit = Infinity) {
  const items = []
  let cursor = null
  do {
    const page = await get(url + (url.includes('?') ? '&' : '?') + 'limit=500' + (cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''))
    items.push(...page[key])
    cursor = page.next
  } while (cursor != null && cursor !== '' && items.length < limit)
  return items
}

/** A request that reports how much it has sent, which fetch cannot. */
export function send(method, url, { headers = {}, body, signal, onProgress } = {}) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open(method, url)
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value)
    if (onProgress) request.upload.onprogress = event => onProgress(event.loaded)
    request.onload = () => {
      let body = {}
      if (request.status >= 400) try { body = JSON.parse(request.responseText) } catch { /* the status has to do */ }
      resolve({ status: request.status, header: name => request.getResponseHeader(name), problem: new Problem({ ...body, status: request.status }) })
    }
    request.onerror = () => reject(gone())
    request.onabort = () => reject(Object.assign(new Error('The upload was stopped.'), { aborted: true }))
    signal?.addEventListener('abort', () => request.abort(), { once: true })
    request.send(body ?? null)
  })
}
