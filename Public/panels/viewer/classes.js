// The classes of a project: a section that lists them and labels what is selected, and the keys for it. Used by the viewer and the gallery.
import { h, reactive, onMounted, onBeforeUnmount, nextTick } from '../../vendor/vue.runtime.js'
import { get, post, patch, remove, at } from '../../api.js'
import { state, shell, on, later, notify, complain } from '../../state.js'
import { boxOf } from '../../outbox.js'
import { useCommands } from '../../commands.js'
import { button, iconButton, section } from '../../ui.js'
import { plural, count } from '../../lib/format.js'

/** Okabe–Ito, last the blue of objects without a class; after them the same again with a pattern. */
const colors = ['#009E73', '#D55E00', '#CC79A7', '#E69F00', '#56B4E9', '#F0E442', '#0072B2', '#999999']
const c = reactive({ of: '', list: null, unlabelled: 0, revision: 0, open: null, draft: '', find: null, at: 0, refused: null })  // refused: { id: of the class, null for a new one, name: as typed, text }

export const categories = () => c.list ?? []
export const categoryOf = id => categories().find(k => k.id === id)
export const labelRevision = () => c.revision
export const readClasses = () => load()
const P = path => at(state.project, path)

async function load() {
  const { user, name } = state.project
  if (c.of !== `${user}/${name}`) Object.assign(c, { of: `${user}/${name}`, list: null, open: null, find: null, draft: '', refused: null })
  try { const { categories, unlabelled, revision } = await get(P('/categories')); Object.assign(c,
    { list: categories, unlabelled, revision }) } catch (error) { if (!error.offline) complain(error) }
}
const offer = (what, batch) => { const box = boxOf(state.project); notify(what, { action: { label: 'Undo', run: () => box.step(true, { what, batch }) } }) }

/** true, and said, where nothing can be changed. */
const off = () => !!state.project?.readOnly && !!notify('Read-only: labels and classes are off.')

/** `category`: id, null takes the label away, undefined keeps each object's own. */
async function label(expose, category, status = 'validated') {
  if (off()) return
  const objects = expose.selected().filter(o => Number.isInteger(o) || String(o).startsWith('@'))
  if (!objects.length) { notify('Select an object first.'); return }
  try {
    const n = objects.length, what = category === undefined ? `${plural(n, 'label')} ${status}` : category === null ? `${plural(n, 'label')} taken away`
      : `${plural(n, 'object')}: ${categoryOf(category)?.name}`
    const was = Object.fromEntries(objects.map(o => [o, expose.was(o)])), { batch, held, what: stored = what } = await boxOf(state.project).ask(
      { path: '/labels', body: { category, status }, objects, what, was, image: 'labels' })
    if (shell.saved?.kind !== 'working') shell.saved = { kind: 'saved' }
    if (batch) offer(stored, batch)
    else if (category === undefined && !held) notify('No label to change: choose a class first.')
    await load()
    expose.changed?.(objects)
  } catch (error) { complain(error) }
}
async function add(name) {
  if (off()) return
  c.refused = null
  const taken = categories().map(k => k.key), key = [1, 2, 3, 4, 5, 6, 7, 8, 9].find(n => !taken.includes(n))
  try { const made = await post(P('/categories'), key ? { name, key } : { name }); await load(); return made } catch (error) {
    // The name stays in the field, with the reason below.
    c.draft = name
    c.refused = { id: null, text: error.message }
  }
}
async function save(id, body) {
  const before = c.refused
  c.refused = null
  try { await patch(P(`/categories/${id}`), body) } catch (error) {
    if (!body.name) complain(error)
    else Object.assign(c, { open: id, refused: { id, name: body.name, text: error.message } })
    return load()
  }
  if (before && c.open === id) c.open = null
  load()
}
const refused = id => c.refused?.id === id ? h('p', { class: 'bad small', role: 'alert' }, c.refused.text) : null
async function drop(k, expose) {
  try {
    const { batch } = await remove(P(`/categories/${k.id}`))
    c.open = null
    const what = `Deleted the class ${k.name}`
    boxOf(state.project).did({ batch, what })
    offer(what, batch)
    await load()
    expose.changed?.()
  } catch (error) { complain(error) }
}

/**
 * To be called in `setup`: keys 1–9, `/`, Enter. `expose` = { project, selected: () => ids, was: id => its label as text (lib/stale.js), undefined when not known,
 * changed: ids => …, busy?: () => a shape is being drawn }.
 * Where `typed(event)` says so, a letter that means no command opens the search and is its first.
 */
export function useClassCommands(expose, typed) {
  const any = () => !state.project?.readOnly && expose.selected().length > 0 && !expose.busy?.(), group = 'Classes'
  useCommands([
    ...[1, 2, 3, 4, 5, 6, 7, 8, 9].map(n => ({ id: 'class.' + n, title: `Class with key ${n}`, group, key: String(n),
      run: () => { const k = categories().find(k => k.key === n); k ? label(expose, k.id) : notify(`No class has the key ${n} yet: open a class and give it one.`) } })),
    { id: 'class.find', title: 'Search a class', group, key: '/', run: () => { find('') } },
    ...typed ? [{ id: 'class.typed', title: 'Search a class that begins so', group, key: 'Letter', fixed: true }] : [],
    { id: 'class.validate', title: 'Validate the label', group, key: 'Enter', when: any, run: () => { label(expose) } },
    { id: 'class.doubt', title: 'Mark the label dubious', group, key: 'Alt+D', when: any, run: () => { label(expose, undefined, 'dubious') } },
    { id: 'class.none', title: 'Take the label away', group, key: 'Alt+0', when: any, run: () => { label(expose, null) } },
    { id: 'class.undo', title: 'Undo the last labels', group, key: 'Alt+Z', run: () => { off() || boxOf(state.project).step() } }
  ])
  const find = text => { expose.show?.(); Object.assign(c, { find: text, at: 0 }) }
  const type = e => { if (!e.defaultPrevented && !e.ctrlKey && !e.metaKey && !e.altKey && /^\p{L}$/u.test(e.key) && typed(e)) { e.preventDefault(); find(e.key) } }
  // After the listener of all commands, which stands in the same place.
  if (typed) { onMounted(() => addEventListener('keydown', type)); onBeforeUnmount(() => removeEventListener('keydown', type)) }
  const renew = () => later('classes', load), ends = ['labels', 'objects', 'online'].map(type => on(type, renew))
  onMounted(load)
  // An open form would take the focus, and with it the keys, on the next screen.
  onBeforeUnmount(() => { ends.forEach(end => end()); c.find = c.open = null })
}

/** Below their parents, in the order in which they were made. */
function tree(parent = null, depth = 0) { return categories().filter(k => k.parent === parent).flatMap(k => [{ ...k, depth }, ...tree(k.id, depth + 1)]) }
export const swatch = k => h('i', { class: ['swatch', { again: categories().findIndex(o => o.id === k.id) >= colors.length }], style: { background: k.color ?? 'var(--control)' },
  'aria-hidden': 'true' })

function search(expose) {
  const text = c.find.trim().toLowerCase(), found = tree().filter(k => k.name.toLowerCase().includes(text)), exact = found.some(k => k.name.toLowerCase() === text)
  const options = [...found, ...text && !exact ? [{ id: null, name: c.find.trim() }] : []], chosen = Math.min(c.at, options.length - 1)
  const take = async k => { c.find = null; const id = k.id ?? (await add(k.name))?.id; if (id && expose.selected().length) label(expose, id) }
  return h('div', { class: 'class-search' }, [
    h('input', {
      value: c.find, role: 'combobox', 'aria-label': 'Search a class', 'aria-expanded': 'true', 'aria-controls': 'class-found', 'aria-activedescendant': options.length
        ? 'class-' + chosen : undefined, placeholder: 'Class…', spellcheck: 'false',
      onVnodeMounted: v => v.el.focus(), onInput: e => { c.find = e.target.value; c.at = 0 }, onBlur: () => { c.find = null },
      onKeydown: e => {
        const by = { ArrowDown: 1, ArrowUp: -1 }[e.key]
        if (by) c.at = (chosen + by + options.length) % options.length
        else if (e.key === 'Enter' && options[chosen]) take(options[chosen])
        else if (e.key === 'Escape') c.find = null
        else return
        e.preventDefault()
        e.stopPropagation()
      }
    }),
    h('ul', { id: 'class-found', role: 'listbox', 'aria-label': 'Classes found' }, options.map((k, i) => h('li',
      { id: 'class-' + i, key: i, role: 'option', 'aria-selected': String(i === chosen), class: { chosen: i === chosen }, onPointerdown: e => { e.preventDefault(); take(k) } },
      k.id ? [swatch(k), k.name] : `New class “${k.name}”`)))
  ])
}

const form = (k, expose) => h('div', { class: 'class-form' }, [
  h('input', { 'aria-label': 'Name of the class', 'aria-invalid': c.refused?.id === k.id ? 'true' : undefined, onVnodeMounted: ({ el }) => { el.value = c.refused?.id === k.id ? c.refused.name : k.name; el.focus() },
    onChange: e => { if (e.target.value !== k.name) save(k.id, { name: e.target.value }) },
    onKeydown: e => {
      if (e.key !== 'Enter' && e.key !== 'Escape') return
      e.stopPropagation()
      if (e.key === 'Escape') e.target.value = k.name
      // A refused name that is sent once more unchanged is no change to the field.
      else if (c.refused && e.target.value !== k.name) return save(k.id, { name: e.target.value })
      c.open = c.refused = null
    } }), refused(k.id),
  h('div', { class: 'row colors', role: 'radiogroup', 'aria-label': 'Colour' }, colors.map(color => h('button',
    { type: 'button', key: color, role: 'radio', 'aria-checked': String(k.color === color), 'aria-label': color, class: ['swatch', { pressed: k.color === color }],
    style: { background: color }, onClick: () => save(k.id, { color }) }))),
  h('div', { class: 'row' }, [
    h('select', { 'aria-label': 'Key', value: k.key ?? '', onChange: e => save(k.id, { key: Number(e.target.value) || null }) },
      [h('option', { value: '' }, 'No key'), [1, 2, 3, 4, 5, 6, 7, 8, 9].map(n => h('option', { value: n }, `Key ${n}`))]),
    h('select', { 'aria-label': 'Part of', value: k.parent ?? '', onChange: e => save(k.id, { parent: Number(e.target.value) || null }) },
      [h('option', { value: '' }, 'Top'), categories().filter(o => o.id !== k.id).map(o => h('option', { value: o.id }, o.name))]),
    h('input', { class: 'taxon', value: k.taxon ?? '', inputmode: 'numeric', placeholder: 'EcoTaxa no.', 'aria-label': 'Number in EcoTaxa',
      title: 'With its number EcoTaxa imports labels without asking', onChange: e => save(k.id, { taxon: Number(e.target.value) || null }) }),
    iconButton('trash', `Delete ${k.name}`, () => drop(k, expose), { size: 16 }), iconButton('check', 'Done', () => { c.open = null }, { size: 16 })
  ])
])

/** Section of a side panel. `expose.labelOf(id)` tells an object's label, where the screen knows it. */
export function classes(expose) {
  const off = !!state.project?.readOnly, ids = expose.selected(), own = expose.labelOf ? ids.map(expose.labelOf) : [], one = own.length === 1 ? own[0] : null
  const tally = ['validated', 'predicted', 'dubious'].map(s => [own.filter(l => l?.status === s).length, s]).filter(([n]) => n)
  return section('Classes', [
    c.find !== null ? search(expose) : null,
    c.list && !c.list.length ? h('p', { class: 'muted' }, 'No classes yet. Add the first below; the keys 1–9 then label what is selected.') : null,
    h('ul', { class: 'classes' }, tree().map(k => h('li', { key: k.id, class: 'depth' + Math.min(k.depth, 3) }, c.open === k.id && !off ? form(k, expose) : [
      h('button', { type: 'button', class: ['class', { pressed: own.some(l => l?.category === k.id) }], disabled: off || !ids.length, title: ids.length
        ? `Label ${plural(ids.length, 'object')} ${k.name}` : 'Select objects to label them', onClick: () => label(expose, k.id) },
        [swatch(k), h('span', { class: 'grow' }, k.name), k.key ? h('kbd', k.key) : null, h('span', { class: 'muted number' }, count(k.count))]),
      off ? null : iconButton('chevron', `Change ${k.name}`, () => { c.open = k.id }, { size: 14 })
    ]))),
    c.unlabelled && c.list?.length ? h('p', { class: 'muted small' }, `${plural(c.unlabelled, 'object')} without a class`) : null,
    one ? h('p', { class: ['small label-state', one.status] }, [`${one.status}${one.score == null ? '' : ' ' + one.score.toFixed(2)}`,
      h('span', { class: 'muted' }, ` by ${one.by}`)]) : tally.length ? h('p', { class: 'small' }, tally.map(([n, s]) => `${n} ${s}`).join(', ')) : null,
    own.some(Boolean) && !off ? h('div', { class: 'row acts' }, [button('Validate', () => label(expose), { command: 'class.validate' }),
      button('Dubious', () => label(expose, undefined, 'dubious'), { command: 'class.doubt' }),
      iconButton('close', 'Take the label away', () => label(expose, null), { command: 'class.none', size: 14 })]) : null,
    off ? null : h('form', { class: 'row', onSubmit: async e => { e.preventDefault(); const name = c.draft.trim(); c.draft = '';
      if (name) { await add(name); nextTick(() => e.target.querySelector('input')?.focus()) } } }, [
      h('input', { class: 'grow', value: c.draft, 'aria-label': 'New class', placeholder: 'New class', 'aria-invalid': c.refused?.id === null ? 'true' : undefined,
        onInput: e => { c.draft = e.target.value; c.refused = null } }),
        button('Add', null, { type: 'submit', disabled: !c.draft.trim() })]), off ? null : refused(null)
  ], { key: 'classes', aside: button('Search', () => { c.find = ''; c.at = 0 }, { kind: 'tag', command: 'class.find' }) })
}
