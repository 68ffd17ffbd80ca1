// Files out of a drop or a file input, folders opened, with their path below the dropped folder.

/** DataTransfer → [{ file, path }]. Entries must be taken before the first wait: the list is emptied when the event ends. */
export async function filesOfDrop(transfer) {
  const entries = [...transfer.items].filter(i => i.kind === 'file').map(i => i.webkitGetAsEntry?.() ?? null)
  if (!entries.length || entries.some(e => !e)) return filesOfInput(transfer.files)
  const result = []
  for (const entry of entries) await walk(entry, '', result)
  return result.sort(byPath)
}

/** FileList of an input, with or without `webkitdirectory` → [{ file, path }] */
export const filesOfInput = list => [...list].map(file => ({ file, path: file.webkitRelativePath || file.name })).filter(f => !hidden(f.path)).sort(byPath)

const byPath = (a, b) => a.path < b.path ? -1 : a.path > b.path ? 1 : 0
// ".DS_Store" and friends, and what camera software leaves beside the frames.
export const hidden = path => path.split('/').some(p => p.startsWith('.')) || /(^|\/)(Thumbs\.db|desktop\.ini)$/i.test(path)

async function walk(entry, folder, result) {
  const path = folder ? `${folder}/${entry.name}` : entry.name
  if (entry.isFile) {
    const file = await new Promise((ok, no) => entry.file(ok, no))
    if (!hidden(path)) result.push({ file, path })
    return
  }
  const reader = entry.createReader()
  for (;;) {
    // A reader gives at most 100 entries a call.
    const batch = await new Promise((ok, no) => reader.readEntries(ok, no))
    if (!batch.length) break
    for (const child of batch) await walk(child, path, result)
  }
}
