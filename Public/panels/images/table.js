// Metadata of all images as a table. A changed cell of a picked row changes all picked rows.
import { h, reactive } from '../../vendor/vue.runtime.js'
import { at } from '../../api.js'
import { complain, here } from '../../state.js'
import { badge, button } from '../../ui.js'
import { icon } from '../../icons.js'

const added = reactive([])
const draft = reactive({ open: false, name: '' })

export function table({ images, picked, project, readOnly, save }) {
  const keys = [...new Set([...images.flatMap(i => Object.keys(i.metadata ?? {})), ...added])].sort()
  const targets = image => picked.has(image.id) ? images.filter(i => picked.has(i.id)) : [image]
  const change = (image, key, text) => {
    if ((image.metadata?.[key]?.value ?? '') === text) return
    for (const target of targets(image)) save(target, { metadata: { [key]: text === '' ? null : text } })
  }
  const changeSize = (image, text) => {
    const value = text.trim() === '' ? null : Number(text.replace(',', '.'))
    if (value !== null && !(value > 0)) return false
    if (value === (image.pixelSizeUm ?? null)) return
    for (const target of targets(image)) save(target, { pixelSizeUm: value })
  }
  const cell = (value, label, onCommit, source) => h('input', {
    class: 'cell', value, 'aria-label': label, title: source ? `from ${source}` : undefined, disabled: readOnly, onChange: e => { if (onCommit(e.target.value) === false) { complain(`“${e.target.value}” is no pixel size; give a number of µm above 0, or nothing`); e.target.value = value } },
    onKeydown: e => {
      const step = { ArrowDown: 1, Enter: 1, ArrowUp: -1 }[e.key]
      if (e.key === 'Escape') { e.target.value = value; e.target.blur() }
      if (!step) return
      e.preventDefault()
      const row = e.target.closest('tr'), column = [...row.querySelectorAll('.cell')].indexOf(e.target)
      const next = step > 0 ? row.nextElementSibling : row.previousElementSibling
      next ? next.querySelectorAll('.cell')[column]?.focus() : e.target.blur()
    }
  })
  const addColumn = event => {
    event.preventDefault()
    const name = draft.name.trim().toLowerCase().replace(/[^a-z0-9_]+/g, '_')
    if (name && !keys.includes(name)) added.push(name)
    draft.open = false
    draft.name = ''
  }
  return h('div', { class: 'table-wrap' }, [
    h('div', { class: 'table-tools' }, [
      h('span', { class: 'muted small' }, picked.size ? 'A change in a picked row changes all picked rows.' : 'Pick rows to change several at once.'),
      readOnly ? null : draft.open ? h('form', { class: 'row', onSubmit: addColumn }, [h('input', { value: draft.name, 'aria-label': 'Name of the new column', placeholder: 'sample_id', onInput: e => { draft.name = e.target.value }, onVnodeMounted: v => v.el.focus() }), button('Add', null, { type: 'submit' })])
        : button('Add column', () => { draft.open = true }, { kind: 'quiet', iconName: 'plus' })
    ]),
    h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Metadata' }, h('table', [
      h('thead', h('tr', [
        h('th', { scope: 'col' }, h('input', { type: 'checkbox', 'aria-label': 'Pick all', checked: images.length > 0 && images.every(i => picked.has(i.id)), onChange: e => { for (const i of images) e.target.checked ? picked.add(i.id) : picked.delete(i.id) } })),
        h('th', { scope: 'col' }, 'Name'), h('th', { scope: 'col' }, 'State'), h('th', { scope: 'col', class: 'number' }, 'Size, px'), h('th', { scope: 'col', class: 'number' }, 'Pixel, µm'), keys.map(k => h('th', { scope: 'col', class: 'mono' }, k))
      ])),
      h('tbody', images.map(i => h('tr', { key: i.id, class: { picked: picked.has(i.id) } }, [
        h('td', h('input', { type: 'checkbox', 'aria-label': `Pick ${i.name}`, checked: picked.has(i.id), onChange: e => { e.target.checked ? picked.add(i.id) : picked.delete(i.id) } })),
        h('th', { scope: 'row', title: i.state === 'failed' ? i.error : i.name }, i.state === 'failed' ? i.name : h('a', { href: here('view', i.id) }, i.name)),
        h('td', { title: i.error }, badge(i.state)), h('td', { class: 'number muted' }, i.width ? `${i.width} × ${i.height}` : ''),
        h('td', cell(i.pixelSizeUm ?? '', `Pixel size of ${i.name} in µm`, text => changeSize(i, text), i.pixelSizeSource)),
        keys.map(k => h('td', cell(i.metadata?.[k]?.value ?? '', `${k} of ${i.name}`, text => change(i, k, text), i.metadata?.[k]?.source)))
      ])))
    ]))
  ])
}
