// Two states of an image's objects, such as two runs, compared by numbers; the viewer shows them beside each other.
import { defineComponent, h, reactive, computed, watch, onMounted, onBeforeUnmount } from '../../vendor/vue.runtime.js'
import { get, at } from '../../api.js'
import { on, here, later } from '../../state.js'
import { ago, count, plural } from '../../lib/format.js'

export const runs = defineComponent({
  props: ['project', 'image'],
  setup(props) {
    const view = reactive({ states: [], from: null, to: null, counts: null })
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
      view.from !== view.to ? h('a', { class: 'button', href: here('view', props.image, { vs: `s${view.from},s${view.to},50` }) }, 'Show both') : null
    ])
  }
})
