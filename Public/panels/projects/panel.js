// All projects as cards, the way to a new one, and the trash.
import { defineComponent, h, ref, reactive, onMounted, nextTick } from '../../vendor/vue.runtime.js'
import { get, post, patch, remove, at } from '../../api.js'
import { state, shell, link, go, notify, complain } from '../../state.js'
import { useCommands } from '../../commands.js'
import { icon } from '../../icons.js'
import { button, iconButton, empty, loading, problem } from '../../ui.js'
import { bytes, plural, ago } from '../../lib/format.js'

const component = defineComponent(() => {
  const view = reactive({ projects: null, trash: [], error: null, naming: false, title: '', presets: [], preset: 0, renaming: null, showTrash: false, busy: false })
  const field = ref(null)

  async function load() {
    try {
      view.projects = (await get('/api/projects')).projects
      view.error = null
      view.trash = (await get('/api/trash')).projects ?? []
    } catch (error) {
      if (error.status === 401) state.session = false
      view.error = error
      if (error.offline) setTimeout(load, 2000)
    }
  }
  onMounted(load)

  const startNew = () => {
    view.naming = true; view.title = ''; view.preset = 0
    nextTick(() => field.value?.focus())
    get('/api/presets').then(p => { view.presets = p.presets }, () => { /* without presets it begins as usual */ })
  }
  async function create(event) {
    event.preventDefault()
    if (!view.title.trim() || view.busy) return
    view.busy = true
    try {
      const project = await post('/api/projects', { title: view.title.trim(), preset: view.presets[view.preset]?.name })
      go({ user: project.user, project: project.name, panel: 'images' })
    } catch (error) { view.error = error } finally { view.busy = false }
  }
  async function rename(project, title) {
    view.renaming = null
    if (!title.trim() || title.trim() === project.title) return
    try { Object.assign(project, await patch(at(project), { title: title.trim() })) } catch (error) { complain(error) }
  }
  async function trash(project) {
    try {
      await remove(at(project))
      await load()
      const entry = view.trash.find(t => t.name === project.name && t.user === project.user) ?? view.trash.at(-1)
      notify(`“${project.title}” is in the trash.`, entry ? { action: { label: 'Undo', run: () => restore(entry) } } : {})
    } catch (error) { complain(error) }
  }
  async function restore(entry) {
    try { await post(`/api/trash/${encodeURIComponent(entry.id)}/restore`, {}); await load() } catch (error) { complain(error) }
  }
  // For ever is the one step without an undo, so it takes two.
  async function erase(entry) {
    if (view.armed !== entry.id) { view.armed = entry.id; setTimeout(() => { if (view.armed === entry.id) view.armed = null }, 5000); return }
    try { await remove(`/api/trash/${encodeURIComponent(entry.id)}`); await load() } catch (error) { complain(error) }
  }

  useCommands([{ id: 'project.new', title: 'New project', group: 'Projects', key: 'N', run: startNew }])
  shell.primary = { label: 'New project', icon: 'plus', run: startNew, command: 'project.new' }

  const card = p => h('li', { class: 'card project', key: p.user + '/' + p.name }, [
    h('a', { class: 'picture', href: link({ user: p.user, project: p.name, panel: 'images' }), tabindex: -1, 'aria-hidden': 'true' },
      p.thumbnail ? h('img', { src: p.thumbnail, alt: '', loading: 'lazy' }) : icon('images', 40)),
    h('div', { class: 'card-body' }, [
      view.renaming === p.name
        ? h('input', {
          class: 'title-input', value: p.title, 'aria-label': 'New title', onVnodeMounted: v => v.el.select(),
          onKeydown: e => { if (e.key === 'Enter') rename(p, e.target.value); if (e.key === 'Escape') { e.stopPropagation(); view.renaming = null } },
            onBlur: e => view.renaming && rename(p, e.target.value)
        })
        : h('h2', h('a', { href: link({ user: p.user, project: p.name, panel: 'images' }) }, p.title)),
      ...p.problem ? [h('p', { class: 'muted' }, 'Cannot be opened here now'), h('p', { class: 'muted small' }, p.problem)] : [
        h('p', { class: 'muted' }, [plural(p.images, 'image'), ' · ', plural(p.objects, 'object'), p.bytes != null ? ` · ${bytes(p.bytes)}` : '']),
        h('p', { class: 'muted small' }, [p.readOnly ? 'Read-only · ' : '', `${p.user} · changed ${ago(p.changedAt)}`])
      ]
    ]),
    p.readOnly || p.problem ? null : h('div', { class: 'card-tools' }, [
      iconButton('edit', `Rename ${p.title}`, () => { view.renaming = p.name }, { size: 16 }),
      iconButton('trash', `Move ${p.title} to the trash`, () => trash(p), { size: 16 })
    ])
  ])

  return () => h('div', { class: 'page' }, [
    h('header', { class: 'page-head' }, [h('h1', 'Projects'), view.trash.length ? button(`Trash (${view.trash.length})`, () => { view.showTrash = !view.showTrash },
      { kind: 'quiet', iconName: 'trash', 'aria-expanded': String(view.showTrash) }) : null]),
    view.error ? problem(view.error, load) : null,
    view.naming ? h('form', { class: 'inline-form', onSubmit: create }, [
      h('label', { class: 'field grow' }, [h('span', 'Title of the new project'), h('input',
        { ref: field, value: view.title, onInput: e => { view.title = e.target.value }, maxlength: 200, placeholder: 'Haul 14, Fram Strait',
        onKeydown: e => { if (e.key === 'Escape') { e.stopPropagation(); view.naming = false } } })]),
      view.presets.length ? h('label', { class: 'field' }, [h('span', 'Begin with'), h('select',
        { title: view.presets[view.preset]?.help, onChange: e => { view.preset = e.target.selectedIndex } }, view.presets.map(p => h('option', { key: p.name }, p.title)))]) : null,
      button('Create', null, { kind: 'primary', type: 'submit', disabled: !view.title.trim() || view.busy }), button('Cancel', () => { view.naming = false })
    ]) : null,
    view.showTrash && view.trash.length ? h('section', { class: 'trash-list', 'aria-label': 'Trash' }, view.trash.map(t => h('div', { class: 'list-row', key: t.id }, [
      icon('trash', 16), h('span', { class: 'grow' }, t.title), h('span', { class: 'muted' }, bytes(t.bytes)), button('Restore', () => restore(t)),
        button(view.armed === t.id ? 'Press again to delete' : 'Delete for ever', () => erase(t), { kind: 'danger' })
    ]))) : null,
    view.projects || view.error ? null : loading('Looking for projects…'),
    view.projects?.length ? h('ul', { class: 'cards' }, view.projects.map(card)) : null,
    view.projects && !view.projects.length && !view.naming ? empty('folder', 'No project yet',
      'A project holds frames, the pipeline that segments them, and all you edit. It is one folder that you can copy anywhere.',
      [button('New project', startNew, { kind: 'primary', iconName: 'plus' })]) : null
  ])
})

export default { id: 'projects', title: 'Projects', icon: 'folder', component }
