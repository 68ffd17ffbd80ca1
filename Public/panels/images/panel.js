// The images of a project: bring them in, see their state, name what is known about them.
import { defineComponent, h, ref, reactive, computed, onMounted, onBeforeUnmount, watch } from '../../vendor/vue.runtime.js'
import { get, post, patch, remove, at, all } from '../../api.js'
import { state, shell, here, on, later, notify, complain, takeJob, reloadProject } from '../../state.js'
import { useCommands } from '../../commands.js'
import { icon } from '../../icons.js'
import { button, iconButton, segmented, empty, loading, problem, badge, section, progress } from '../../ui.js'
import { bytes, plural, count } from '../../lib/format.js'
import { filesOfDrop, filesOfInput } from '../../lib/drop.js'
import { transfers, addTransfers, transfersOf, retryTransfer, cancelTransfer, forgetFinished } from '../../transfers.js'
import { namesSection } from './names.js'
import { table } from './table.js'

const stateWords = { new: 'new', ready: 'ready', processed: 'processed', failed: 'failed' }

const component = defineComponent(() => {
  const project = state.project
  const view = reactive({ images: null, error: null, shape: 'grid', filter: 'all', over: false, indexing: false, path: '', pixelSize: project.settings?.pixelSizeUm ?? '',
    busy: false })
  const picked = reactive(new Set())
  const files = ref(null), folder = ref(null)
  const readOnly = () => !!state.project?.readOnly

  async function load() {
    try {
      view.images = await all(at(project, '/blobs'), 'images')
      view.error = null
    } catch (error) { view.error = error; if (error.offline) setTimeout(load, 1500) }
  }
  watch(() => state.place.query?.table, level => { if (level) view.shape = 'table' }, { immediate: true })
  onMounted(load)
  const ends = [on('images', () => later('images', load)), on('objects', () => later('images', load, 1200)), on('online', load), on('jobEnded', load)]
  onBeforeUnmount(() => ends.forEach(end => end()))
  // The server's event tells of each finished upload; without events the list still follows.
  watch(() => transfersOf(project).filter(t => t.state === 'done' || t.state === 'failed').length, (n, old) => { if (n > old) later('images', load) })

  const add = list => {
    if (!list.length) { notify('There was no file in what you dropped.'); return }
    addTransfers(project, list)
  }
  const drop = async event => {
    event.preventDefault()
    view.over = false
    if (!readOnly()) add(await filesOfDrop(event.dataTransfer))
  }
  const pick = event => { add(filesOfInput(event.target.files)); event.target.value = '' }

  async function index(event) {
    event.preventDefault()
    if (!view.path.trim()) return
    try {
      takeJob(await post(at(project, '/imports'), { path: view.path.trim(), pattern: state.project.settings?.pattern || undefined,
        pixelSizeUm: state.project.settings?.pixelSizeUm ?? undefined }))
      view.indexing = false
      notify(`Reading the frames in ${view.path.trim()}. They stay where they are.`)
    } catch (error) { view.indexError = error }
  }
  async function trash(image) {
    try { await remove(at(project, `/blobs/${image.id}`)); picked.delete(image.id); await load(); reloadProject() } catch (error) { complain(error) }
  }
  async function saveImage(image, body) {
    try { Object.assign(image, await patch(at(project, `/blobs/${image.id}`), body)); shell.saved = { kind: 'saved' } } catch (error) { complain(error); await load() }
  }
  async function savePixelSize(target) {
    const text = String(view.pixelSize).trim().replace(',', '.')
    const value = text === '' ? null : Number(text)
    if (value !== null && !(value > 0)) { view.pixelError = 'The size of a pixel is a number above 0, in µm.'; return }
    view.pixelError = null
    try {
      if (target === 'picked') for (const image of view.images.filter(i => picked.has(i.id))) await saveImage(image, { pixelSizeUm: value })
      else {
        const answer = await patch(at(project), { settings: { pixelSizeUm: value } })
        state.project = { ...state.project, ...answer }
        await load()
      }
      shell.saved = { kind: 'saved' }
    } catch (error) { view.pixelError = error.message }
  }

  useCommands([
    { id: 'images.files', title: 'Add files', group: 'Images', key: 'A', run: () => files.value?.click() },
    { id: 'images.folder', title: 'Add a folder', group: 'Images', key: 'Shift+A', run: () => folder.value?.click() },
    { id: 'images.table', title: 'Pictures or table', group: 'Images', key: 'T', run: () => { view.shape = view.shape === 'grid' ? 'table' : 'grid' } }
  ])
  watch(readOnly, off => { shell.primary = off ? null : { label: 'Add files', icon: 'plus', run: () => files.value?.click(), command: 'images.files' } }, { immediate: true })
  const shown = computed(() => (view.images ?? []).filter(i => view.filter === 'all' || i.state === view.filter || (view.filter === 'new' && i.state === 'ready')))
  const counts = computed(() => { const c = { all: 0, new: 0, processed: 0, failed: 0 }; for (const i of view.images ?? []) { c.all++; c[i.state === 'ready' ? 'new'
    : i.state]++ } return c })
  shell.status = () => !view.images ? null : [h('span', plural(counts.value.all, 'image')), counts.value.failed ? h('span', { class: 'bad' }, `${counts.value.failed} failed`) : null,
    h('span', plural(state.project?.objects ?? 0, 'object')), picked.size ? h('span', `${picked.size} picked`) : null]

  const toggle = (image, event) => { picked.has(image.id) ? picked.delete(image.id) : picked.add(image.id) }
  const card = image => {
    const failed = image.state === 'failed'
    const picture = failed ? h('div', { class: 'picture failed' }, icon('warning', 28)) : h('a',
      { class: 'picture', href: here('view', image.id), 'aria-label': `Open ${image.name}` },
      h('img', { src: at(project, `/blobs/${image.id}/thumbnail`), alt: '', loading: 'lazy', draggable: 'false' }))
    return h('li', { class: ['card image', { picked: picked.has(image.id) }], key: image.id }, [
      picture,
      h('div', { class: 'card-body' }, [
        h('div', { class: 'image-name', title: image.name }, failed ? image.name : h('a', { href: here('view', image.id), tabindex: -1 }, image.name)),
        h('div', { class: 'row small' }, [badge(image.state, stateWords[image.state]), image.objects && !failed ? h('span', { class: 'muted' }, plural(image.objects, 'object'))
          : null]),
        failed ? h('p', { class: 'reason' }, image.error) : h('div', { class: 'muted small' },
          `${image.width} × ${image.height}${image.pixelSizeUm ? ` · ${+image.pixelSizeUm.toPrecision(4)} µm/px` : ''}`)
      ]),
      readOnly() ? null : h('div', { class: 'card-tools' }, [
        h('label', { class: 'pick' }, [h('input', { type: 'checkbox', checked: picked.has(image.id), 'aria-label': `Pick ${image.name}`, onChange: e => toggle(image, e) })]),
        iconButton('trash', `Remove ${image.name}`, () => trash(image), { size: 16 })
      ])
    ])
  }

  const transferList = () => {
    const list = transfersOf(project)
    if (!list.length) return null
    const active = list.filter(t => t.state === 'sending'), waiting = list.filter(t => t.state === 'waiting').length
    const failed = list.filter(t => t.state === 'failed'), done = list.filter(t => t.state === 'done').length
    const total = list.reduce((s, t) => s + t.size, 0), sent = list.reduce((s, t) => s + (t.state === 'done' ? t.size : t.sent), 0)
    const row = t => h('li', { class: ['transfer', t.state], key: t.id }, [
      icon(t.state === 'failed' ? 'error' : 'file', 16), h('span', { class: 'name', title: t.path }, t.path),
      t.state === 'failed' ? h('span', { class: 'reason' }, t.error) : progress(t.sent, t.size || 1, `Upload of ${t.path}`),
      h('span', { class: 'muted number' }, t.state === 'failed' ? '' : `${bytes(t.sent)} of ${bytes(t.size)}`),
      t.state === 'failed' ? iconButton('retry', `Try ${t.path} again`, () => retryTransfer(t), { size: 14 })
        : iconButton('close', `Stop ${t.path}`, () => cancelTransfer(t), { size: 14 })
    ])
    return h('section', { class: 'transfers', 'aria-label': 'Uploads' }, [
      h('header', [h('strong', active.length || waiting ? `Bringing in ${count(done)} of ${plural(list.length, 'file')}` : `${plural(done, 'file')} brought in`), failed.length
        ? h('span', { class: 'bad' }, `${failed.length} refused`) : null,
        h('div', { class: 'spring' }), active.length || waiting ? h('span', { class: 'muted number' }, `${bytes(sent)} of ${bytes(total)}`)
          : iconButton('close', 'Close the list', () => forgetFinished(project), { size: 14 })]),
      active.length || waiting ? progress(sent, total || 1, 'All uploads') : null,
      h('ul', [...active, ...failed].map(row)), waiting ? h('p', { class: 'muted small' }, `${plural(waiting, 'more file')} waiting`) : null
    ])
  }

  const dropZone = big => h('div', { class: ['drop', { over: view.over, big }] }, [
    icon('folder', big ? 36 : 20), h('div', [h('strong', 'Drop frames or whole folders here'), big
      ? h('p', { class: 'muted' }, 'JPEG, PNG or TIFF, 8 or 16 bit, gray or colour. Masks beside them (frame.png with frame_mask.png, GeoJSON, COCO) become objects, an EcoTaxa archive (ZIP) becomes images with their objects. A broken file is listed with its reason and stops nothing.') : null]),
    h('div', { class: 'row' }, [
      button('Files…', () => files.value.click(), { iconName: 'file', command: 'images.files' }),
        button('Folder…', () => folder.value.click(), { iconName: 'folder', command: 'images.folder' }),
      button('Index in place…', () => { view.indexing = !view.indexing }, { kind: 'quiet', 'aria-expanded': String(view.indexing),
        title: 'Use frames where they are, without copying them' })
    ])
  ])

  const calibration = () => section('Pixel size', [
    h('form', { class: 'stack', onSubmit: e => { e.preventDefault(); savePixelSize(picked.size ? 'picked' : 'all') } }, [
      h('label', { class: 'field' }, [h('span', picked.size ? `µm per pixel, for ${plural(picked.size, 'picked image')}` : 'µm per pixel, for images that do not say'),
        h('div', { class: 'with-unit' }, [
        h('input', { value: view.pixelSize, inputmode: 'decimal', placeholder: 'not known', disabled: readOnly(), onInput: e => { view.pixelSize = e.target.value } }),
          h('span', { class: 'unit' }, 'µm/px')])]),
      view.pixelError ? h('p', { class: 'field-error', role: 'alert' }, view.pixelError) : null,
      h('div', { class: 'row' }, [button('Set', null, { type: 'submit', disabled: readOnly() })]),
      h('p', { class: 'muted small' }, 'Without it, lengths stay in pixels and µm columns stay empty.')
    ])
  ])

  return () => h('div', { class: 'with-side' }, [
    h('div', {
      class: ['page', { over: view.over }], tabindex: 0, role: 'region', 'aria-label': 'Images',
      onDragover: e => { if (!readOnly() && [...e.dataTransfer.types].includes('Files')) { e.preventDefault(); view.over = true } },
      onDragleave: e => { if (!e.currentTarget.contains(e.relatedTarget)) view.over = false }, onDrop: drop
    }, [
      h('input', { ref: files, type: 'file', multiple: true, hidden: true, 'aria-label': 'Files to add', onChange: pick, class: 'files-input' }),
      h('input', { ref: folder, type: 'file', multiple: true, webkitdirectory: true, hidden: true, 'aria-label': 'Folder to add', onChange: pick, class: 'folder-input' }),
      h('header', { class: 'page-head' }, [
        h('h1', 'Images'),
        view.images?.length ? segmented('Show', [{ value: 'all', label: `All ${count(counts.value.all)}` }, { value: 'new', label: `New ${count(counts.value.new)}` },
          { value: 'processed', label: `Processed ${count(counts.value.processed)}` }, { value: 'failed', label: `Failed ${count(counts.value.failed)}` }], view.filter,
          v => { view.filter = v }) : null,
        h('div', { class: 'spring' }),
        view.images?.length ? segmented('As', [{ value: 'grid', label: 'Pictures', icon: 'grid' }, { value: 'table', label: 'Table', icon: 'table' }], view.shape,
          v => { view.shape = v }) : null
      ]),
      view.error ? problem(view.error, load) : view.images ? null : loading('Reading the images…'),
      readOnly() || !view.images ? null : dropZone(!view.images.length),
      view.indexing ? h('form', { class: 'inline-form', onSubmit: index }, [
        h('label', { class: 'field grow' }, [h('span', 'Folder on the machine where ship runs, or an EcoTaxa archive (ZIP) there; frames are used where they are and not copied'),
          h('input', { value: view.path, onInput: e => { view.path = e.target.value }, placeholder: '/media/usb/haul_014', spellcheck: 'false',
          onVnodeMounted: v => v.el.focus() })]),
        button('Index', null, { kind: 'primary', type: 'submit', disabled: !view.path.trim() }), button('Cancel', () => { view.indexing = false }),
        view.indexError ? problem(view.indexError) : null
      ]) : null,
      transferList(),
      view.images?.length ? (view.shape === 'table' ? h(table, { project, picked, readOnly: readOnly(), shown: new Set(shown.value.map(i => i.id)) })
        : h('ul', { class: 'cards images' }, shown.value.map(card))) : null,
      readOnly() && view.images?.length === 0 ? empty('images', 'No images', 'Nothing was added to this project before it became read-only.') : null,
      view.images?.length && !shown.value.length ? h('p', { class: 'muted' }, 'No image in this state.') : null
    ]),
    h('aside', { class: 'side', tabindex: 0, 'aria-label': 'About all images' }, [h(namesSection, { images: view.images ?? [], onApplied: load }), calibration()])
  ])
})

export default { id: 'images', title: 'Images', icon: 'images', tab: true, component }
