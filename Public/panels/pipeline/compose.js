// Composing the graph: a drawn overview, the list of node classes, and the inputs of a node.
import { h } from '../../vendor/vue.runtime.js'
import { button } from '../../ui.js'
import { nodeOf, offers, joined, rows, about } from '../../lib/graph.js'

const width = 480, step = 44, high = 26

/** The graph in rows; a click on a node opens it. The list below it says the same. */
export function overview(graph, errors, titleOf, open, choose) {
  const lines = rows(graph), place = {}
  lines.forEach((names, y) => names.forEach((n, i) => {
    place[n] = [(i + 0.5) * width / names.length, y * step + high / 2 + 1, Math.min(150, width / names.length - 8)]
  }))
  const drawn = [...new Set(graph.edges.map(e => `${nodeOf(e.from)} ${nodeOf(e.to)}`))].map(e => e.split(' '))
    .filter(([a, b]) => place[a] && place[b])
  return h('svg', { class: 'graph', viewBox: `0 0 ${width} ${lines.length * step - step + high + 2}`, role: 'img',
    'aria-label': `Overview: ${graph.nodes.length} steps in ${lines.length} rows` }, [
    ...drawn.map(([a, b], i) => {
      // What passes over rows in between goes around them.
      const [x, y] = place[a], [u, v, w] = place[b], top = y + high / 2, end = v - high / 2,
        around = v - y > 1.5 * step && Math.abs(x - u) < w ? (i % 2 ? -1 : 1) * (120 + 12 * i % 60) : 0
      return h('path', { d: `M${x} ${top}C${x + around} ${top + 14} ${u + around} ${end - 14} ${u} ${end}`, class: { on: a === open || b === open } })
    }),
    ...graph.nodes.map(({ name }) => {
      const [x, y, w] = place[name], text = titleOf(name), most = Math.floor(w / 6.6)
      return h('g', { class: { on: name === open, bad: about(errors, name).length }, onClick: () => choose(name) }, [
      h('title', text), h('rect', { x: x - w / 2, y: y - high / 2, width: w, height: high, rx: 5 }),
      h('text', { x, y: y + 4 }, text.length > most ? text.slice(0, most - 1) + '…' : text)])
    })
  ])
}

/** The classes of nodes whose title, kind or help holds what was typed. */
export function picker(types, view, add) {
  const words = view.search.toLowerCase().split(/\s+/), found = Object.values(types).filter(t => words.every(w => `${t.title} ${t.kind} ${t.help}`.toLowerCase().includes(w)))
  return h('section', { class: 'picker', 'aria-label': 'Add a step' }, [
    h('input', { type: 'search', value: view.search, placeholder: 'Search steps', 'aria-label': 'Search steps', onVnodeMounted: v => v.el.focus(),
      onInput: e => { view.search = e.target.value },
      onKeydown: e => { if (e.key === 'Enter' && found[0]) add(found[0].kind); if (e.key === 'Escape') { e.stopPropagation(); view.adding = false } } }),
    found.length ? h('ul', found.map(t => h('li', { key: t.kind }, h('button', { type: 'button', onClick: () => add(t.kind) }, [
      h('strong', t.title), h('span', { class: 'muted' }, t.kind), h('span', { class: 'muted' }, t.help)])))) : h('p', { class: 'muted' }, 'No step is called so.')
  ])
}

/** What feeds each input: one of the outputs that fit, or several where the input takes them. */
export function inputs(graph, types, node, label, change, readOnly) {
  return h('div', { class: 'form' }, types[node.kind].inputs.map(s => {
    const to = `${node.name}.${s.name}`, now = graph.edges.filter(e => e.to === to).map(e => e.from),
      all = [...new Set([...now, ...offers(graph, types, node.name, s)])], id = `in-${to}`.replace(/\W/g, '_')
    const set = froms => change(joined(graph, to, froms))
    return h('div', { class: 'form-row', key: to }, [
      h(s.many ? 'span' : 'label', { class: 'form-label', for: s.many ? undefined : id }, [h('i', { class: 'in' }), s.name]),
      s.many ? h('div', { class: 'many', role: 'group', 'aria-label': s.name }, all.length ? all.map(end => h('label', { class: 'check' }, [
        h('input', { type: 'checkbox', checked: now.includes(end), disabled: readOnly,
          onChange: e => set(e.target.checked ? [...now, end] : now.filter(x => x !== end)) }), label(end)
      ])) : h('span', { class: 'muted' }, `No step gives ${s.type}.`))
        : h('select', { id, disabled: readOnly, onChange: e => set(e.target.selectedIndex ? [all[e.target.selectedIndex - 1]] : []) }, [h('option', { selected: !now.length },
          s.optional || (s.unless && graph.edges.some(e => e.to === `${node.name}.${s.unless}`)) ? 'Not needed' : all.length ? 'Not joined' : `No step gives ${s.type}`),
          ...all.map(end => h('option', { key: end, selected: now[0] === end }, label(end)))]),
      h('p', { class: 'form-help' }, s.help)
    ])
  }))
}

/** Asks what becomes of edited objects that a run would touch; `answer` gets "keep" or "replace", or nothing. */
export function stakes(problem, answer) {
  const done = what => () => answer(what), total = key => problem.edited.reduce((n, i) => n + i[key], 0)
  return h('dialog', {
    class: 'sheet stakes', 'aria-labelledby': 'stakes', onVnodeMounted: v => v.el.showModal(), onCancel: e => { e.preventDefault(); answer() }
  }, h('div', { class: 'sheet-body' }, [
    h('h2', { id: 'stakes' }, 'What becomes of your edits?'),
    h('p', `This run computes ${problem.edited.length === 1 ? 'an image' : `${problem.edited.length} images`} on which`
      + ` you edited ${total('edited')} and took away ${total('removed')} objects.`),
    h('ul', { class: 'stakes-list' }, problem.edited.slice(0, 200).map(i => h('li', { key: i.image }, [
      h('span', i.name), h('span', { class: 'number muted' }, `${i.edited} edited, ${i.removed} taken away`)]))),
    h('p', { class: 'muted' }, 'Undo brings replaced objects back, image by image.'),
    h('div', { class: 'row' }, [button('Keep them', done('keep'), { kind: 'primary', autofocus: true }), button('Replace them', done('replace')), button('Cancel', done())])
  ]))
}
