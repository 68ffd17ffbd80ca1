// Two states of one image beside each other, parted by a line that one drags.
import { h, reactive } from '../../vendor/vue.runtime.js'
import { get } from '../../api.js'
import { complain } from '../../state.js'
import { iconButton } from '../../ui.js'
import { plural, ago } from '../../lib/format.js'

/**
 * A side is "original" or "corrected" (the image, with the objects of now), "now" or "s<edit>" (the objects of a state, negative: of a former run, over the image as the layers show it).
 * `host`: { map(), P, view, corrected() → promise of whether there is one, apply() → draws both sides, changed() }
 */
export function createCompare(host) {
  const c = reactive({ on: false, sides: ['original', 'corrected'], at: 50, states: [], counts: null })
  const panes = [['tilePane', 'overlays'], ['rightTiles', 'rightOverlays']]

  /** Clips the panes of both sides at the line; they move under it. */
  function clip() {
    const map = host.map()
    if (!map) return
    const { x: w, y: height } = map.getSize(), o = map.containerPointToLayerPoint([0, 0]), x = w * c.at / 100
    panes.forEach((names, side) => {
      const from = o.x + (side ? x : 0), to = o.x + (side ? w : x)
      const text = c.on ? `polygon(${from}px ${o.y}px,${to}px ${o.y}px,${to}px ${o.y + height}px,${from}px ${o.y + height}px)` : ''
      for (const name of names) { const pane = map.getPane(name); if (pane) pane.style.clipPath = text }
    })
  }
  const state = side => (/^s-?\d+$/.test(side) ? Number(side.slice(1)) : undefined)
  async function count() {
    c.counts = null
    const [from, to] = c.sides.map(side => state(side) ?? (side === 'now' ? c.states.find(s => !s.undone)?.edit : undefined))
    if (from !== undefined && to !== undefined && from !== to) try { c.counts = await get(host.P(`/blobs/${host.view.image.id}/compare?from=${from}&to=${to}`)) } catch { /* the picture does without */ }
  }
  async function set(sides) {
    if (sides.includes('corrected') && !await host.corrected()) return
    c.sides = sides
    count()
    host.apply()
    host.changed()
  }
  async function open(sides, at = 50) {
    try { c.states = (await get(host.P(`/blobs/${host.view.image.id}/states`))).states } catch { c.states = [] }
    // What was before the first edit; without one, the run before the present one.
    const before = c.states[0]?.edit === 0 ? c.states[1] ?? c.states[0] : c.states.find(s => s.edit === 0)
    if (!sides) sides = before && !await host.corrected(true) ? [`s${before.edit}`, 'now'] : ['original', 'corrected']
    if (sides.includes('corrected') && !await host.corrected()) return
    Object.assign(c, { on: true, at, sides })
    clip()
    count()
    host.apply()
    host.changed()
  }
  function close() {
    c.on = false
    host.apply()
    clip()
    host.changed()
  }
  const move = at => { c.at = Math.min(100, Math.max(0, at)); clip() }
  const choices = () => [
    ['The image', [['original', 'Original image'], ['corrected', 'Corrected image']]],
    ['The objects', [['now', 'Objects now'], ...c.states.map(s => [`s${s.edit}`, s.edit === 0 ? 'Objects before any change'
      : `${s.summary || s.operation}${s.at ? `, ${ago(s.at)}` : ''}${s.edit < 0 ? `, ${plural(s.objects, 'object')}` : ''}`])]]
  ]
  const chooser = i => h('select', { 'aria-label': i ? 'Right side' : 'Left side', value: c.sides[i], onChange: e => set(c.sides.map((s, k) => (k === i ? e.target.value : s))) },
    choices().map(([label, list]) => h('optgroup', { label }, list.map(([value, text]) => h('option', { value, selected: value === c.sides[i] }, text)))))
  return {
    state: c, clip, open, close, objectsOf: i => state(c.sides[i]),
    correctedOf: (i, usual) => (c.sides[i] === 'corrected' || (c.sides[i] !== 'original' && usual)),
    toggle: () => (c.on ? close() : open().catch(complain)),
    query: () => (c.on ? `${c.sides.join(',')},${Math.round(c.at)}` : undefined),
    restore(text) { const m = /^([\w-]+),([\w-]+),(\d+)$/.exec(text ?? ''); if (m) open([m[1], m[2]], +m[3]) },
    stage: () => (c.on ? [
      h('div', {
        class: 'divider', role: 'slider', tabindex: 0, 'aria-label': 'Line between left and right', 'aria-orientation': 'horizontal', 'aria-valuemin': 0, 'aria-valuemax': 100,
          'aria-valuenow': Math.round(c.at), 'aria-valuetext': `${Math.round(c.at)} % left`, style: { left: `${c.at}%` },
        onKeydown: e => {
          const to = { ArrowLeft: c.at - 2, ArrowDown: c.at - 2, ArrowRight: c.at + 2, ArrowUp: c.at + 2, PageDown: c.at - 10, PageUp: c.at + 10, Home: 0, End: 100 }[e.key]
          if (to !== undefined) { move(to); host.changed(); e.preventDefault(); e.stopPropagation() }
        },
        onPointerdown: e => { e.currentTarget.setPointerCapture(e.pointerId); e.currentTarget.focus(); e.preventDefault() },
        onPointermove: e => { if (e.currentTarget.hasPointerCapture(e.pointerId)) { const r = e.currentTarget.parentElement.getBoundingClientRect();
          move((e.clientX - r.left) / r.width * 100) } },
        onPointerup: () => host.changed()
      }, h('i')),
      h('div', { class: 'compare-bar' }, [chooser(0), c.counts ? h('span', { class: 'small', role: 'status' },
        `${plural(c.counts.counts.unchanged, 'object')} unchanged, ${c.counts.added.length} added, ${c.counts.lost.length} lost, ${c.counts.changed.length} changed`) : null,
        h('span', { class: 'row' }, [chooser(1), iconButton('close', 'End comparing', close, { size: 14, command: 'viewer.compare' })])])
    ] : [])
  }
}
