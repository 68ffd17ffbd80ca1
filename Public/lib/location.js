// The part of the address after '#': where one is and what one sees, so that an address can be kept and sent. Pure.
//   #/                                  projects          #/about
//   #/<user>/<project>/<panel>          a screen          #/<user>/<project>/view/<image>?at=x,y,zoom&sel=1,2

/** → { panel, user, project, item, query } ; unknown shapes lead to the projects. */
export function parse(hash) {
  const text = (hash || '').replace(/^#/, '')
  const [path, search = ''] = text.split('?')
  const parts = path.split('/').filter(Boolean).map(p => { try { return decodeURIComponent(p) } catch { return p } })
  const query = Object.fromEntries(new URLSearchParams(search))
  if (parts.length <= 1) return { panel: parts[0] || 'projects', query }
  const [user, project, panel = 'images', item] = parts
  return { panel, user, project, item, query }
}

export function format({ panel = 'projects', user, project, item, query }) {
  const parts = user && project ? [user, project, panel, item] : panel === 'projects' ? [] : [panel]
  // Commas and colons stay readable: they are what a person edits in a view's address.
  const search = new URLSearchParams(Object.entries(query ?? {}).filter(([, v]) => v != null && v !== '')).toString()
    .replace(/%2C/g, ',').replace(/%3A/g, ':')
  return '#/' + parts.filter(p => p != null && p !== '').map(p => encodeURIComponent(p)).join('/') + (search ? '?' + search : '')
}

/** One-time token in the address that the program printed: "#token=abc" or "#/…&token=abc" → "abc". */
export const tokenIn = hash => /[#&?]token=([^&]+)/.exec(hash || '')?.[1] ?? null
