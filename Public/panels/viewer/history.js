// The list of edits in the panel at the right.
import { h } from '../../vendor/vue.runtime.js'
import { icon } from '../../icons.js'
import { section } from '../../ui.js'
import { ago } from '../../lib/format.js'

export const operationTitles = {
  draw: 'Drew', delete: 'Deleted', merge: 'Merged', split: 'Split', cut: 'Cut', erase: 'Erased', add: 'Added to', fill: 'Filled', smooth: 'Smoothed', replace: 'Replaced', separate: 'Separated'
}

export const history = v => section('History', v.view.edits.length || v.view.waiting.length ? h('ol', { class: 'history' }, [
  ...v.view.waiting.slice().reverse().map(e => h('li', { class: 'pending', key: e.key }, [icon('clock', 14), h('span', { class: 'grow' }, `${operationTitles[e.operation] ?? e.operation} · waiting`)])),
  ...v.view.edits.map((e, i) => h('li', { key: e.id, class: { undone: e.undone, now: !e.undone && (i === 0 || v.view.edits[i - 1].undone) } }, h('button', { type: 'button', disabled: v.readOnly(), title: e.undone ? 'Redo up to here' : 'Go back to here', onClick: () => v.goTo(e) }, [
    h('span', { class: 'grow' }, e.summary || operationTitles[e.operation] || e.operation), h('span', { class: 'muted small' }, e.undone ? 'undone' : ago(e.at))
  ])))
]) : h('p', { class: 'muted' }, 'Nothing edited yet. Every change is on disk at once and can be undone, also tomorrow.'), { key: 'history', aside: icon('history', 14) })
