// Resumable upload, tus 1.0: create, send from the offset the server has, and after a break ask for the offset and go on.

const base64 = text => btoa(String.fromCharCode(...new TextEncoder().encode(text)))

/** { filename: "a b.jpg" } → "filename YSBiLmpwZw==" */
export const metadataHeader = values => Object.entries(values).filter(([, v]) => v != null)
  .map(([k, v]) => v === '' ? k : `${k} ${base64(String(v))}`).join(',')

/**
 * Uploads one file. `request(method, url, { headers, body, onProgress, signal })` → { status, header(name), problem } and
 * rejects with `offline` when the server cannot be reached.
 * → answer of the last request; rejects with the server's problem when it refuses the file.
 */
export async function upload(file, { url, metadata, request, onProgress = () => {}, signal, chunkSize = 16 << 20, attempts = 8,
  wait = ms => new Promise(r => setTimeout(r, ms)) }) {
  const tus = { 'Tus-Resumable': '1.0.0' }
  let location = null, offset = 0, failures = 0
  for (;;) {
    if (signal?.aborted) throw Object.assign(new Error('The upload was stopped.'), { aborted: true })
    try {
      if (!location) {
        const answer = await request('POST', url, { headers: { ...tus, 'Upload-Length': String(file.size), 'Upload-Metadata': metadataHeader(metadata) }, signal })
        if (answer.status !== 201) throw answer.problem
        location = answer.header('Location')
        // A file without bytes is complete as soon as it exists.
        if (file.size === 0 && answer.header('Ship-Image')) return answer
      } else if (failures) {
        const answer = await request('HEAD', location, { headers: tus, signal })
        if (answer.status === 404 || answer.status === 410) { location = null; offset = 0; continue }
        if (answer.status >= 400) throw answer.problem
        offset = Number(answer.header('Upload-Offset'))
      }
      const end = Math.min(file.size, offset + chunkSize)
      const answer = await request('PATCH', location, {
        headers: { ...tus, 'Content-Type': 'application/offset+octet-stream', 'Upload-Offset': String(offset) },
        body: file.slice(offset, end), signal, onProgress: sent => onProgress(Math.min(file.size, offset + sent))
      })
      if (answer.status === 409) { failures++; if (failures > attempts) throw answer.problem; continue }
      if (answer.status >= 300) throw answer.problem
      offset = Number(answer.header('Upload-Offset') ?? end)
      failures = 0
      onProgress(offset)
      if (offset >= file.size) return answer
    } catch (error) {
      if (!error?.offline || ++failures > attempts) throw error
      await wait(Math.min(8000, 250 * 2 ** failures))
    }
  }
}
