// The list of edits in the panel at the right: newest above, a click goes to the state just after that one.
import { h } from '../../vendor/vue.runtime.js'
import { icon } from '../../icons.js'
import { button, section } from '../../ui.js'
import { ago, plural } from '../../lib/format.js'

export const operationTitles = {
  draw: 'Draw', delete: 'Delete', merge: 'Merge', split: 'Split', cut: 'Cut', erase: 'Erase', add: 'Add', fill: 'Fill holes', smooth: 'Smooth', replace: 'Redraw',
    separate: 'Separate', import: 'Bring in'
}

const named = ([id, ...more]) => more.length ? plural(more.length + 1, 'object') : Number(id) ? `object ${id}` : 'the new object'

export function history(v) {
  const { view } = v, now = view.edits.find(e => !e.undone)
  const row = (id, key, { picture, what, when, undone, at }) => h('li', { key, class: { undone, now: at } },
    h('button', { type: 'button', disabled: v.readOnly() || at, 'aria-current': at ? 'step' : undefined, title: at ? 'This is what you see' : 'Go to the state after this',
    onClick: () => v.goTo(id) }, [
    picture, h('span', { class: 'grow what' }, what), h('span', { class: 'muted small' }, when)
  ]))
  return section('History', view.edits.length || view.waiting.length ? [h('ol', { class: 'history' }, [
    ...view.waiting.slice().reverse().map(e => h('li', { class: 'pending', key: e.key }, [icon('clock', 14),
      h('span', { class: 'grow' }, `${operationTitles[e.operation]}${e.operation === 'delete' ? ' ' + named(e.objects) : ''} · waiting`)])),
    ...view.edits.map(e => row(e.id, e.id, {
      picture: h('img', { src: v.P(`/edits/${e.id}/picture?side=after&size=96&v=${view.image?.uid}`), alt: '', loading: 'lazy' }),
      what: (/^run/.test(e.operation) && e.summary ? e.summary.replace(/ by .*/, ' found') : e.summary) || operationTitles[e.operation], when: e.undone ? 'undone' : ago(e.at), undone: e.undone, at: e === now
    })),
    view.moreEdits || !view.edits.length ? null : row(0, 0, { picture: icon('images', 20), what: 'As it was at first', at: !now })
  ]), view.moreEdits ? button('Older', () => v.loadEdits(true), { kind: 'quiet' }) : null]
    : h('p', { class: 'muted' }, 'Nothing edited yet. Every change is on disk at once and can be undone, also tomorrow.'), { key: 'history', aside: icon('history', 14) })
}
