// Two states of an image's objects, such as two runs, compared by numbers; the viewer shows them beside each other.
import { defineComponent, h, reactive, computed, watch, onMounted, onBeforeUnmount } from '../../vendor/vue.runtime.js'
import { get, at } from '../../api.js'
import { on, here, later } from '../../state.js'
import { ago, count, plural } from '../../lib/format.js'
import { button, loading, problem } from '../../ui.js'

const kinds = ['unchanged', 'added', 'lost', 'changed']

/** What the last run changed in every image, the most changed first. */
function everywhere({ images, total, done, error }, close) {
  const sum = key => images.reduce((n, i) => n + i[key], 0), differing = i => i.added + i.lost + i.changed
  const list = images.filter(differing).sort((a, b) => differing(b) - differing(a))
  return h('dialog', { class: 'sheet run-table', 'aria-labelledby': 'run-table', onVnodeMounted: v => v.el.showModal(), onCancel: e => { e.preventDefault(); close() } },
    h('div', { class: 'sheet-body' }, [
      h('h2', { id: 'run-table' }, 'The last run against the one before'),
      error ? problem(error) : done ? h('p', { role: 'status' }, images.length ? [`${plural(images.length, 'image')}: ${count(sum('before'))} objects before, ${count(sum('now'))} now; `,
        kinds.map(k => `${count(sum(k))} ${k}`).join(', '), '. On other images it changed nothing.'] : 'The last run changed nothing, or was the first.') : loading(`Comparing ${count(images.length)} of ${total == null ? '…' : plural(total, 'image')}`),
      list.length ? h('div', { class: 'table-scroll', tabindex: 0, role: 'region', 'aria-label': 'Images that differ' }, h('table', [
        h('thead', h('tr', [...['Image', 'Before', 'Now', 'Added', 'Lost', 'Changed'].map(t => h('th', { scope: 'col' }, t)), h('td')])),
        h('tbody', list.slice(0, 500).map(i => h('tr', { key: i.image }, [h('th', { scope: 'row' }, i.name),
          ...['before', 'now', 'added', 'lost', 'changed'].map(k => h('td', { class: 'number' }, count(i[k]))),
          h('td', h('a', { class: 'button', href: here('view', i.image, { vs: `s${i.from},s${i.to},50` }), 'aria-label': `Show both of ${i.name}` }, 'Show both'))])))])) : null,
      h('div', { class: 'row' }, button('Close', close, { kind: 'primary', autofocus: true }))
    ]))
}

export const runs = defineComponent({
  props: ['project', 'image'],
  setup(props) {
    const view = reactive({ states: [], from: null, to: null, counts: null, all: null })
    const P = path => at(props.project, `/blobs/${props.image}${path}`)
    async function load() {
      try {
        view.states = (await get(P('/states'))).states.filter(s => !s.undone)
        // The last run against what was there before it.
        const last = Math.max(0, view.states.findIndex(s => s.operation === 'run'))
        if (!view.states.some(s => s.edit === view.to)) view.to = view.states[last]?.edit
        if (!view.states.some(s => s.edit === view.from)) view.from = view.states[last + 1]?.edit
      } catch { view.states = [] }
    }
    async function total() {
      const all = view.all = reactive({ images: [], total: null, error: null })
      try {
        for (let after = 0; after != null && view.all === all;) {
          const page = await get(at(props.project, `/runs/compare?after=${after}`))
          all.images.push(...page.images)
          all.total = page.total
          after = page.next
        }
        all.done = true
      } catch (e) { all.error = e }
    }
    watch(() => [view.from, view.to, view.states], async ([from, to]) => {
      view.counts = null
      if (from == null || to == null || from === to) return
      try { const c = await get(P(`/compare?from=${from}&to=${to}`)); if (from === view.from && to === view.to) view.counts = c } catch { /* the viewer still shows them */ }
    })
    onMounted(load)
    const ends = [on('objects', () => later('runs', load, 500)), on('jobEnded', load)]
    onBeforeUnmount(() => ends.forEach(end => end()))
    const name = s => s.edit === 0 ? `${s === view.states[0] ? 'Now' : 'The beginning'} (${count(s.objects)})`
      : `${s.summary || s.operation}${s.at ? `, ${ago(s.at)}` : ''} (${count(s.objects)})`
    const chooser = (side, label) => h('select', { 'aria-label': label, value: view[side], onChange: e => { view[side] = Number(e.target.value) } },
      view.states.map(s => h('option', { value: s.edit, selected: s.edit === view[side] }, name(s))))
    return () => view.states.length < 2 ? null : h('div', { class: 'runs', role: 'group', 'aria-label': 'Compare runs' }, [
      chooser('from', 'Compare this'), h('span', { class: 'muted' }, 'against'), chooser('to', 'Against this'),
      view.counts ? h('span', [h('b', count(view.counts.counts.unchanged)), ' unchanged, ', h('b', count(view.counts.added.length)), ' added, ',
        h('b', count(view.counts.lost.length)), ' lost, ', h('b', count(view.counts.changed.length)), ' changed']) : null,
      button('All images…', total),
      view.all ? everywhere(view.all, () => { view.all = null }) : null,
      view.from !== view.to ? h('a', { class: 'button', href: here('view', props.image, { vs: `s${view.from},s${view.to},50` }) }, 'Show both') : null
    ])
  }
})
