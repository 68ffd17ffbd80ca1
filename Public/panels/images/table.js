// What is known about images, samples, acquisitions, processes and objects, as a table that is filled like a spreadsheet; and who changed what.
import { defineComponent, h, reactive, shallowReactive, ref, computed, watch, onMounted, onBeforeUnmount, nextTick } from '../../vendor/vue.runtime.js'
import { get, at } from '../../api.js'
import { state, on, later, complain, here, shell } from '../../state.js'
import { boxOf, several } from '../../outbox.js'
import { useCommands } from '../../commands.js'
import { button, segmented, empty, problem } from '../../ui.js'
import { plural, count, ago } from '../../lib/format.js'
import { span, inside, move, parse, format, paste, fillDown, visible } from '../../lib/grid.js'

const levels = { image: 'Images', sample: 'Samples', acquisition: 'Acquisitions', process: 'Processes', object: 'Objects' }
const prefixes = { sample: 'sample_', acquisition: 'acq_', process: 'process_', object: 'object_' }
const size = 28, start = { r: 0, c: 0, ar: 0, ac: 0 }

/** `shown`: the images to show; `picked`: a set of ids that the screen shares. */
export const table = defineComponent(props => {
  const { project } = props, box = boxOf(project), P = path => at(project, path)
  const view = reactive({ level: 'image', at: start, edit: null, name: null, trail: null, older: null, top: 0, height: 600, busy: false, error: null })
  const data = shallowReactive({ rows: null, columns: [] }), grid = ref(null)
  const added = {}, done = [], undone = []
  let generation = 0

  const rows = computed(() => view.level === 'image' && data.rows ? data.rows.filter(r => props.shown.has(+r.id)) : data.rows ?? [])
  const columns = computed(() => [...new Set([...data.columns, ...added[view.level] ?? []])])
  const place = (row, key) => `${row.id}\n${key}`
  /** Values that were refused, as typed: place → { text, sentence }. */
  const wrong = computed(() => new Map(box.now.list.filter(e => e.faults && e.body.level === view.level).flatMap(e => e.body.changes.map(c => [place(c, c.key),
    { text: c.value, sentence: e.faults[place(c, c.key)] }]))))
  const text = (row, key) => wrong.value.get(place(row, key))?.text ?? row.values[key] ?? ''
  const textAt = (r, c) => text(rows.value[r], columns.value[c])

  async function load() {
    const mine = ++generation, level = view.level
    try {
      let cursor = '', list = []
      do {
        const page = await get(P(`/metadata?level=${level}&limit=10000&cursor=${encodeURIComponent(cursor)}`))
        if (mine !== generation) return
        list = list.concat(page.rows)
        cursor = page.next
        Object.assign(data, { rows: list, columns: page.columns })
        view.error = null
      } while (cursor)
    } catch (error) { view.error = error; if (error.offline) setTimeout(load, 1500) }
  }
  async function trail(cursor = '') {
    try {
      const page = await get(P(`/audit?limit=100&cursor=${cursor}`))
      view.trail = [...cursor ? view.trail : [], ...page.entries]
      view.older = page.next
    } catch (error) { complain(error) }
  }
  const toggleTrail = () => { view.trail ? view.trail = null : trail() }
  const renew = () => later('metadata', () => { load(); if (view.trail) trail() }, 200)

  /** Stores cells; those that are refused stay as typed, with the reason, and the others are stored without them. */
  async function set(cells) {
    const changes = cells.map(x => ({ row: rows.value[x.r], key: columns.value[x.c], value: x.text.trim() })).filter(({ row, key, value }) => value !== text(row,
      key) || row.mixed.includes(key))
    if (!changes.length || props.readOnly) return
    const was = Object.fromEntries(changes.map(({ row, key }) => [place(row, key), row.mixed.includes(key) ? several : row.values[key] ?? '']))
    for (const { row, key, value } of changes) row.values = { ...row.values, [key]: value }
    data.rows = [...data.rows]
    const { level } = view, [one, ...others] = changes
    if (wrong.value.size) box.mend(level, Object.keys(was))
    shell.saved = { kind: 'working' }
    view.busy = true
    try {
      const { step } = await box.ask({ path: '/metadata', method: 'PATCH', what: `${one.key} “${one.value}” of ${one.row.name}`
        + (others.length ? ` and ${plural(others.length, 'value')} more` : ''), was, body: { level, changes: changes.map(({ row, key, value }) => ({ id: row.id, key, value })) } })
      if (step) { done.push(step); undone.length = 0 }
      shell.saved = { kind: 'saved' }
    } catch (error) { complain(error); shell.saved = null }
    view.busy = false
    renew()
  }
  async function back(from, to) {
    if (!from.length) return
    try { to.push((await box.ask({ path: '/metadata/undo', body: { step: from.pop() }, what: 'undo of metadata' })).step); shell.saved = { kind: 'saved' } } catch (error) { complain(error) }
    renew()
  }

  // One line of the record is taken back alone where it is one value of this table; else the whole step, and the button says so.
  const byId = computed(() => new Map((data.rows ?? []).map(r => [+r.id, r])))
  const stepSizes = computed(() => { const n = new Map(); for (const e of view.trail ?? []) n.set(e.step, (n.get(e.step) ?? 0) + e.count); return n })
  const alone = e => e.count === 1 && ['image', 'object'].includes(view.level) && data.columns.includes(e.field) && byId.value.get(e.object)
  const takeBack = e => async () => {
    const row = alone(e)
    if (!row || stepSizes.value.get(e.step) === 1) return back([e.step], done)
    if ((row.values[e.field] ?? null) !== e.after) return complain(`${e.field} of ${row.name} was changed since, so it was left as it is.`)
    try {
      const { step } = await box.ask({ path: '/metadata', method: 'PATCH', what: `${e.field} of ${row.name} taken back`,
        body: { level: view.level, changes: [{ id: row.id, key: e.field, value: e.before }] } })
      if (step) { done.push(step); undone.length = 0 }
      shell.saved = wrong.size ? null : { kind: 'saved' }
    } catch (error) { complain(error) }
    renew()
  }
  const takeBackText = e => alone(e) || stepSizes.value.get(e.step) === 1 ? 'Take back' : `Take back all ${count(stepSizes.value.get(e.step))}`

  // Cells -------------------------------------------------------------------------------------------------------------
  function go(next) {
    if (!next) return
    view.at = next
    nextTick(() => {
      const frame = grid.value, top = next.r * size
      if (!frame) return
      if (top < frame.scrollTop) frame.scrollTop = top
      else if (top + 2 * size > frame.scrollTop + frame.clientHeight) frame.scrollTop = top + 2 * size - frame.clientHeight
      nextTick(() => frame.querySelector('.active')?.scrollIntoView({ block: 'nearest', inline: 'nearest' }))
    })
  }
  const step = (key, options) => go(move(view.at, key, options, rows.value.length, columns.value.length))
  const edit = value => { if (!props.readOnly && rows.value.length) view.edit = value }
  function commit(key) {
    const { r, c } = view.at, value = view.edit
    if (value === null) return
    view.edit = null
    set([{ r, c, text: value }])
    if (key) { grid.value.focus(); step(key) }
  }
  const chosen = () => { const s = span(view.at), list = []; for (let r = s.top; r <= s.bottom; r++) for (let c = s.left; c <= s.right; c++) list.push({ r, c,
    text: '' }); return list }
  const active = () => view.edit === null && document.activeElement === grid.value && rows.value.length > 0

  function press(event) {
    if (event.target !== grid.value) return
    const { key, shiftKey, ctrlKey, metaKey, altKey } = event, ctrl = ctrlKey || metaKey
    if (altKey) return
    const next = move(view.at, key, { shift: shiftKey, ctrl }, rows.value.length, columns.value.length)
    if (next) go(next)
    else if (ctrl && key.toLowerCase() === 'a') view.at = { r: 0, c: 0, ar: rows.value.length - 1, ac: columns.value.length - 1 }
    else if (ctrl) return
    else if (key === 'Enter' || key === 'F2') edit(textAt(view.at.r, view.at.c))
    else if (key === 'Delete' || key === 'Backspace') set(chosen())
    else if (key.length === 1 && key !== '?') edit(key)
    else return
    event.preventDefault()
  }
  const copy = event => {
    if (!active()) return
    const s = span(view.at)
    event.clipboardData.setData('text/plain', format(rows.value.slice(s.top, s.bottom + 1).map(row => columns.value.slice(s.left, s.right + 1).map(key => text(row, key)))))
    event.preventDefault()
    if (event.type === 'cut') set(chosen())
  }
  const drop = event => {
    if (!active()) return
    event.preventDefault()
    const cells = paste(view.at, parse(event.clipboardData.getData('text/plain')), rows.value.length, columns.value.length)
    const last = cells[cells.length - 1]
    set(cells)
    if (last) view.at = { ...span(view.at), r: cells[0].r, c: cells[0].c, ar: last.r, ac: last.c }
  }
  const pointed = event => { const cell = event.target.closest?.('[data-c]'); return cell && { r: +cell.dataset.r, c: +cell.dataset.c } }
  let dragging = false
  const down = event => {
    const p = pointed(event)
    if (!p || event.button || event.target.tagName === 'INPUT') return
    commit()
    view.at = event.shiftKey ? { ...view.at, ...p } : { ...p, ar: p.r, ac: p.c }
    dragging = true
    grid.value.focus()
    event.preventDefault()
  }
  const over = event => { const p = dragging && event.buttons && pointed(event); if (p) view.at = { ...view.at, ...p } }

  const ends = [on('metadata', renew), on('images', renew), on('objects', () => { if (view.level === 'object') renew() }), on('online', load)]
  const listen = way => { for (const [type, run] of Object.entries({ copy, cut: copy, paste: drop })) document[way](type, run) }
  onMounted(() => { load(); listen('addEventListener') })
  onBeforeUnmount(() => { box.now.table = null; ends.forEach(end => end()); listen('removeEventListener') })
  watch(() => view.level, () => { Object.assign(data, { rows: null, columns: [] }); Object.assign(view, { at: start, edit: null, top: 0 }); load() })
  watch(() => view.level, level => { box.now.table = level }, { immediate: true })
  watch(() => state.place.query?.table, level => { if (levels[level]) view.level = level }, { immediate: true })
  watch(rows, list => { if (view.at.r >= list.length) view.at = start })
  const command = (id, title, key, run) => ({ id: 'table.' + id, title, group: 'Table', key, when: active, run })
  useCommands([
    command('fill', 'Fill down', 'Ctrl+D', () => { set(fillDown(view.at, textAt)) }), command('undo', 'Undo', 'Ctrl+Z', () => { back(done, undone) }),
      command('redo', 'Redo', 'Ctrl+Shift+Z', () => { back(undone, done) }),
    { id: 'table.changes', title: 'Changes of metadata', group: 'Table', key: 'H', run: toggleTrail }
  ])

  function addColumn(event) {
    event.preventDefault()
    let name = view.name.trim().toLowerCase().replace(/[^a-z0-9_]+/g, '_')
    view.name = null
    if (!name) return
    const prefix = prefixes[view.level] ?? ''
    if (!name.startsWith(prefix)) name = prefix + name
    added[view.level] = [...added[view.level] ?? [], name]
    data.columns = [...data.columns]
    const c = columns.value.indexOf(name)
    nextTick(() => { grid.value?.focus(); go({ r: view.at.r, c, ar: view.at.r, ac: c }) })
  }

  const cell = (row, r, key, c) => {
    const fault = wrong.value.get(place(row, key)), now = view.at.r === r && view.at.c === c, value = text(row, key), mixed = !fault && row.mixed.includes(key)
    return h('div', {
      key, role: 'gridcell', id: now ? 'cell-at' : undefined, 'data-r': r, 'data-c': c, 'aria-selected': String(inside(view.at, r, c)), 'aria-invalid': fault ? 'true' : undefined,
      class: ['td', { active: now, chosen: inside(view.at, r, c), wrong: fault, muted: mixed || (!value && row.inherited[key]) }],
      title: fault?.sentence ?? (mixed ? 'Its images differ' : row.sources[key] && row.values[key] ? `from ${row.sources[key]}` : undefined)
    }, [
      now && view.edit !== null ? h('input', {
        value: view.edit, 'aria-label': `${key} of ${row.name}`, spellcheck: 'false', onVnodeMounted: v => { v.el.focus(); v.el.setSelectionRange(1e6, 1e6) },
          onInput: e => { view.edit = e.target.value }, onBlur: () => commit(),
        onKeydown: e => {
          const next = { Enter: e.shiftKey ? 'ArrowUp' : 'ArrowDown', Tab: e.shiftKey ? 'ArrowLeft' : 'ArrowRight' }[e.key]
          if (next) commit(next)
          else if (e.key === 'Escape') { view.edit = null; grid.value.focus() } else return
          e.preventDefault()
          e.stopPropagation()
        }
      }) : mixed ? several : value || row.inherited[key],
      fault && now ? h('p', { class: 'fault', role: 'alert' }, fault.sentence) : null
    ])
  }
  const row = (row, r) => h('div', { key: row.id, role: 'row', 'aria-rowindex': r + 2, class: ['tr', { picked: props.picked.has(+row.id) }],
    style: { top: (r + 1) * size + 'px' } }, [
    h('div', { role: 'rowheader', class: 'th', title: row.name }, [
      view.level === 'image' ? h('input', { type: 'checkbox', tabindex: -1, 'aria-label': `Pick ${row.name}`, checked: props.picked.has(+row.id),
        onChange: e => { e.target.checked ? props.picked.add(+row.id) : props.picked.delete(+row.id) } }) : null,
      ['image', 'object'].includes(view.level) ? h('a', { href: here('view', row.image, view.level === 'object' ? { sel: row.id } : undefined), tabindex: -1 }, row.name)
        : row.name,
      ['image', 'object'].includes(view.level) ? null : h('span', { class: 'muted' }, ` ${count(row.images)}`)
    ]),
    columns.value.map((key, c) => cell(row, r, key, c))
  ])
  /** Of texts of many lines, as of a pipeline, those that differ. */
  const differing = (text, other) => {
    const lines = text?.split('\n') ?? [], without = new Set(other?.split('\n')), list = lines.length > 1 || without.size > 1 ? lines.filter(l => !without.has(l)) : lines
    return list.length > 12 ? [...list.slice(0, 12), `and ${plural(list.length - 12, 'line')} more`].join('\n') : list.join('\n') || '–'
  }
  const change = e => h('li', { key: e.id }, [
    h('span', { class: 'muted', title: String(e.at) }, `${ago(e.at)} · ${e.by}`), h('span', { class: 'mono' }, e.field),
      h('span', { class: 'change', title: /\n/.test(e.after) ? e.after : undefined }, [h('del', differing(e.before, e.after)), ' → ', h('ins', differing(e.after, e.before))]),
    h('span', { class: 'muted' }, e.count > 1 ? `${e.name} and ${count(e.count - 1)} more` : e.name), e.step && !props.readOnly
      ? button(takeBackText(e), takeBack(e), { kind: 'quiet', title: alone(e) ? 'This value only' : 'All that was changed in this step' }) : h('span')
  ])

  return () => {
    const list = rows.value, { from, to } = visible(view.top, view.height, size, list.length)
    return h('div', { class: 'metadata' }, [
      h('div', { class: 'table-tools' }, [
        segmented('Table of', Object.entries(levels).map(([value, label]) => ({ value, label })), view.level, l => { view.level = l }),
        h('span', { class: 'muted small', role: 'status' }, wrong.value.size ? plural(wrong.value.size, 'value') + ' not stored' : data.rows
          ? `${count(list.length)} ${levels[view.level].toLowerCase()}` : 'Reading the table…'), h('div', { class: 'spring' }),
        button('Fill down', () => { set(fillDown(view.at, textAt)); grid.value.focus() }, { command: 'table.fill', disabled: props.readOnly || !list.length }),
        button('Changes', toggleTrail, { command: 'table.changes', 'aria-expanded': String(!!view.trail) }),
        props.readOnly ? null : view.name !== null ? h('form', { class: 'row', onSubmit: addColumn },
          [h('input', { value: view.name, 'aria-label': 'Name of the new column', placeholder: (prefixes[view.level] ?? 'sample_') + 'ship',
          onInput: e => { view.name = e.target.value }, onKeydown: e => { if (e.key === 'Escape') view.name = null }, onVnodeMounted: v => v.el.focus() }),
          button('Add', null, { type: 'submit' })])
          : button('Add column', () => { view.name = '' }, { kind: 'quiet', iconName: 'plus' })
      ]),
      view.error ? problem(view.error, load) : null,
      data.rows && !list.length ? empty('table', 'Nothing in this table yet', view.level === 'object' ? 'Objects appear here when the pipeline has run.' : 'Add images first.')
        : h('div', {
        ref: grid, class: 'grid', role: 'grid', tabindex: 0, 'aria-label': `Metadata of ${levels[view.level].toLowerCase()}`, 'aria-rowcount': list.length + 1,
          'aria-multiselectable': 'true',
        'aria-readonly': String(!!props.readOnly), 'aria-activedescendant': list.length ? 'cell-at' : undefined, 'aria-busy': String(!data.rows),
        onVnodeMounted: v => { view.height = v.el.clientHeight || 600 }, onScroll: e => { view.top = e.target.scrollTop; view.height = e.target.clientHeight }, onKeydown: press,
          onPointerdown: down, onPointerover: over, onPointerup: () => { dragging = false },
        onDblclick: e => { if (pointed(e)) edit(textAt(view.at.r, view.at.c)) }
      }, h('div', { class: 'grid-inner', role: 'presentation', style: { height: (list.length + 1) * size + 'px', width: 240 + columns.value.length * 140 + 'px' } }, [
        h('div', { role: 'row', 'aria-rowindex': 1, class: 'tr head' }, [h('div', { role: 'columnheader', class: 'th' }, 'Name'),
          columns.value.map(key => h('div', { key, role: 'columnheader', class: 'td mono', title: key }, key))]),
        list.slice(from, to).map((one, i) => row(one, from + i)),
        // The cell at hand stays in the page for readers, wherever one scrolls.
        list.length && (view.at.r < from || view.at.r >= to) ? row(list[view.at.r], view.at.r) : null
      ])),
      h('p', { class: 'muted small' }, 'Enter edits, Esc gives up; Ctrl C, X, V, D and Z as in a spreadsheet.'),
      view.trail ? h('section', { class: 'trail', 'aria-label': 'Changes', onVnodeMounted: v => v.el.scrollIntoView({ block: 'nearest' }) }, [
        h('h2', 'Changes'), view.trail.length ? h('ol', view.trail.map(change)) : h('p', { class: 'muted' }, 'Nothing has been changed yet.'), view.older
          ? button('Older', () => trail(view.older)) : null
      ]) : null
    ])
  }
}, { props: ['project', 'shown', 'picked', 'readOnly'] })
