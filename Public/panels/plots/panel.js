// Plots of all objects: histogram, scatter, size spectrum; a brush selects what the gallery and the viewer show as selected.
import { defineComponent, h, ref, reactive, computed, watch, onMounted, onBeforeUnmount } from '../../vendor/vue.runtime.js'
import { state, shell, here, go, replaceQuery, isDark } from '../../state.js'
import { useCommands } from '../../commands.js'
import { objects, choose, column, follow, left, readObjects, titleOf, measureNames } from '../../selection.js'
import { button, checkbox, segmented, section, empty, problemPage } from '../../ui.js'
import { plural, count, value } from '../../lib/format.js'
import { parseWhere, filterRows, range, histogram, spectrum } from '../../lib/table.js'
import { categories, categoryOf, readClasses, swatch } from '../viewer/classes.js'
import { axes, bars, dots, steps } from './chart.js'

const component = defineComponent(() => {
  const q = state.place.query ?? {}
  const view = reactive({ kind: q.kind || 'histogram', x: q.x || 'area', y: q.y || 'intensity_mean', lx: q.lx === '1', ly: q.ly === '1', size: q.size || 'diameter',
    raw: q.raw === '1', bins: Number(q.bins) || 60, gallery: q.all !== '1', brush: null })
  const canvas = ref(null), conditions = parseWhere(left.query?.where)
  let frame = 0, from = null, next = null, chart = null, ends, watcher
  const isSpectrum = () => view.kind === 'spectrum', calibrated = () => objects.measures.some(m => m.name === 'esd_um')
  const names = computed(() => isSpectrum() ? [calibrated() ? 'esd_um' : 'area'] : view.kind === 'scatter' ? [view.x, view.y] : [view.x])
  watch(() => [...names.value, ...conditions.map(c => c.name), objects.columns], () => { if (objects.count) for (const n of [...names.value,
    ...conditions.map(c => c.name)]) if (n !== 'selected') column(n).catch(error => { objects.error = error }) }, { immediate: true })

  const rows = computed(() => objects.count === null ? [] : filterRows(objects.count, objects.columns, view.gallery ? conditions.filter(c => c.name !== 'selected') : []))
  const unit = () => { const u = calibrated() ? 'µm' : 'px'; return view.size === 'volume' ? u + '³' : u }
  /** Equivalent diameter, or the volume of the ball of this diameter. */
  const sizes = computed(() => {
    const source = objects.columns[names.value[0]]
    if (!source) return null
    const diameters = calibrated() ? source : source.map(a => 2 * Math.sqrt(a / Math.PI))
    return view.size === 'volume' ? diameters.map(d => Math.PI / 6 * d ** 3) : diameters
  })
  const unsized = () => isSpectrum() && calibrated() && sizes.value ? rows.value.filter(row => !(sizes.value[row] > 0)).length : 0
  const xs = () => isSpectrum() ? sizes.value : objects.columns[view.x]
  const ys = () => view.kind === 'scatter' ? objects.columns[view.y] : null

  /** Title and text that stand instead of a plot without a single value; null while there are some, or the columns are on their way. */
  const nothing = computed(() => {
    const x = xs(), y = ys(), can = (v, log) => (log ? v > 0 : isFinite(v))
    if (objects.count === null || !x || (view.kind === 'scatter' && !y) || rows.value.some(row => can(x[row], isSpectrum() || view.lx) && (!y || can(y[row], view.ly)))) return null
    if (!rows.value.length) return ['No object to plot', 'None matches what the gallery shows. Take the tick off “Only what the gallery shows”, or change its filters.']
    if (isSpectrum()) return ['No sizes to plot', `All ${plural(rows.value.length, 'object')} lie in images without a pixel size, so their diameters in µm are not known. Set the pixel size under Images, or plot Area in px².`]
    return ['No value to plot', `None of ${plural(rows.value.length, 'object')} has a value that can be shown here. Choose another measure, or switch Logarithmic off.`]
  })

  /** Classes that have objects here, and those without one, as { id, name, color, rows }; null before the first label. */
  const groups = computed(() => {
    const kinds = objects.columns.category, of = new Map(categories().map(k => [k.id, { ...k, rows: [] }])), none = { id: null, name: 'Without a class', rows: [] }
    if (!kinds || !of.size) return null
    for (const row of rows.value) (of.get(kinds[row]) ?? none).rows.push(row)
    return [...of.values(), none].filter(g => g.rows.length)
  })
  /** What bars are made of, lowest first: in each class the selected below the others; without classes the same in two colours. */
  function parts(list, color, counts) {
    const on = row => objects.selected.has(objects.ids[row]), some = objects.selected.size > 0
    return (groups.value ?? [{ rows: list, plain: true }]).flatMap(g => {
      const own = g.color ?? color(g.plain && some ? 'accent' : 'control')
      return [
        { color: own, pale: false, counts: counts(some ? g.rows.filter(on) : g.rows) },
        ...some ? [{ color: g.plain ? color('control') : own, pale: !g.plain, counts: counts(g.rows.filter(row => !on(row))) }] : []
      ]
    })
  }

  function draw() {
    cancelAnimationFrame(frame)
    frame = requestAnimationFrame(() => {
      const x = xs(), y = ys(), list = rows.value
      chart = null
      if (!canvas.value || !x || (view.kind === 'scatter' && !y)) return
      const lx = isSpectrum() || view.lx, reach = range(x, list, lx)
      if (isSpectrum()) {
        const classes = spectrum(x, list), per = view.raw ? 'count' : 'density', tops = classes.map(c => c[per]).filter(v => v > 0)
        if (tops.length) { chart = axes(canvas.value, { x: [classes[0].from, classes[classes.length - 1].to], y: [Math.min(...tops) / 2, Math.max(...tops) * 1.5], lx: true,
          ly: true, xTitle: `${view.size === 'volume' ? 'Volume' : 'Equivalent diameter'}, ${unit()}`, yTitle: view.raw ? 'Objects' : `Objects per ${unit()}` });
          steps(chart, classes, per, parts(list, chart.color, rows => new Map(spectrum(x, rows).map(c => [c.from, c.count])))) }
      } else if (reach && view.kind === 'histogram') {
        const all = histogram(x, list, reach, view.bins, lx)
        chart = axes(canvas.value, { x: reach, y: [view.ly ? 0.5 : 0, Math.max(...all) * 1.05], lx, ly: view.ly, xTitle: titleOf(view.x), yTitle: 'Objects' })
        bars(chart, parts(list, chart.color, rows => histogram(x, rows, reach, view.bins, lx)))
      } else if (reach) {
        const high = range(y, list, view.ly)
        if (high) { chart = axes(canvas.value, { x: reach, y: high, lx, ly: view.ly, xTitle: titleOf(view.x), yTitle: titleOf(view.y), room: 6 });
          dots(chart, x, y, list, row => objects.selected.has(objects.ids[row]), categories().length ? row => categoryOf(objects.columns.category?.[row])?.color : null) }
      }
      if (chart && view.brush) chart.brush(view.brush)
    })
  }
  watch(() => [view.kind, view.x, view.y, view.lx, view.ly, view.size, view.raw, view.bins, view.gallery, view.brush, objects.columns, objects.selected, categories(),
    isDark()], draw)
  watch(() => [view.kind, view.x, view.y, view.size], () => { view.brush = null })
  watch(() => [view.kind, view.x, view.y, view.lx, view.ly, view.size, view.raw, view.bins, view.gallery], () => replaceQuery({
    kind: view.kind, x: view.x, y: view.kind === 'scatter' ? view.y : undefined, lx: view.lx ? 1 : undefined, ly: view.ly ? 1 : undefined, size: isSpectrum() ? view.size
      : undefined, raw: view.raw ? 1 : undefined, bins: view.bins === 60 ? undefined : view.bins, all: view.gallery ? undefined : 1
  }))

  // Brush: x0 … x1, with a scatter also y0 … y1 ------------------------------------------------------------------------
  function select(brush, add = false) {
    view.brush = brush
    const x = xs(), y = ys(), { x0 = -Infinity, x1 = Infinity, y0 = -Infinity, y1 = Infinity } = brush ?? {}
    const ids = brush ? rows.value.filter(row => x[row] >= x0 && x[row] <= x1 && (!y || (y[row] >= y0 && y[row] <= y1))).map(row => objects.ids[row]) : []
    choose(add ? [...objects.selected, ...ids] : ids, ids[0] ?? null)
  }
  const isOn = row => objects.selected.has(objects.ids[row])
  function pickClass(group, add) {
    const ids = group.rows.map(row => objects.ids[row])
    view.brush = null
    choose(add ? [...objects.selected, ...ids] : ids, ids[0])
  }
  const place = e => { const box = canvas.value.getBoundingClientRect(); return [e.clientX - box.left, e.clientY - box.top] }
  function move(e) {
    if (!from || !chart) return
    const [x, y] = place(e)
    if (Math.hypot(x - from.x, y - from.y) < 4) return
    const b = { x0: chart.valueX(Math.min(x, from.x)), x1: chart.valueX(Math.max(x, from.x)), ...ys()
      ? { y0: chart.valueY(Math.max(y, from.y)), y1: chart.valueY(Math.min(y, from.y)) } : {} }
    from.moved = true
    // At most once a picture: the mouse is faster than 100,000 comparisons.
    if (!next) requestAnimationFrame(() => { select(...next); next = null })
    next = [b, e.shiftKey]
  }
  const up = () => { if (from && !from.moved) select(null); from = null }
  const limit = (name, label) => h('label', { class: 'field' }, [h('span', label), h('input', {
    class: 'number', inputmode: 'decimal', value: view.brush && isFinite(view.brush[name]) ? +view.brush[name].toPrecision(5) : '', onChange: e => {
      const text = e.target.value.trim().replace(',', '.'), next = { ...view.brush }
      if (text === '' || !isFinite(text)) delete next[name]
      else next[name] = Number(text)
      select(Object.keys(next).length ? next : null)
    }
  })])

  onMounted(() => { ends = follow(); readClasses(); watcher = new ResizeObserver(draw) })
  watch(canvas, (now, before) => { if (before) watcher.unobserve(before); if (now) watcher.observe(now) })
  onBeforeUnmount(() => { ends(); watcher.disconnect(); cancelAnimationFrame(frame) })
  useCommands([
    { id: 'plots.none', title: 'Select nothing', group: 'Plots', key: 'Escape', run: () => { if (state.sheet) return false; select(null) } },
    { id: 'plots.kind', title: 'Next kind of plot', group: 'Plots', key: 'T', run: () => { view.kind = { histogram: 'scatter', scatter: 'spectrum',
      spectrum: 'histogram' }[view.kind] } }
  ])
  shell.status = () => objects.count === null ? null : [h('span', plural(rows.value.length, 'object')), h('span', `${count(objects.selected.size)} selected`)]

  const list = (label, name) => h('label', { class: 'field' }, [h('span', label), h('select', { value: view[name], onChange: e => { view[name] = e.target.value } },
    measureNames().map(n => h('option', { value: n, key: n }, titleOf(n))))])
  const told = () => `${{ histogram: 'Histogram', scatter: 'Scatter plot', spectrum: 'Size spectrum' }[view.kind]} of ${isSpectrum() ? view.size : titleOf(view.x)}${view.kind === 'scatter' ? ` and ${titleOf(view.y)}` : ''}, ${plural(rows.value.length, 'object')}${groups.value ? ` in the colours of ${plural(groups.value.filter(g => g.id !== null).length, 'class', 'classes')}` : ''}, ${count(objects.selected.size)} selected. Limits can be typed at the left.`
  return () => {
    if (objects.error) return problemPage('Plots', objects.error, readObjects)
    if (objects.count === 0) return h('div', { class: 'page' }, [h('h1', { class: 'unseen' }, 'Plots'),
      empty('plots', 'Nothing to plot yet', 'Run the pipeline over the images: it finds objects and measures them.',
      [h('a', { class: 'button primary', href: here('pipeline') }, 'To the pipeline')])])
    return h('div', { class: 'plots' }, [
      h('aside', { class: 'side filters', 'aria-label': 'What is plotted' }, [
        section('Plot', [
          segmented('Kind of plot', [{ value: 'histogram', label: 'Histogram' }, { value: 'scatter', label: 'Scatter' }, { value: 'spectrum', label: 'Sizes' }], view.kind,
            k => { view.kind = k }),
          ...isSpectrum() ? [
            segmented('Size', [{ value: 'diameter', label: 'Diameter' }, { value: 'volume', label: 'Volume' }], view.size, s => { view.size = s }),
            checkbox('Divide by the width of the class', !view.raw, on => { view.raw = !on }),
            h('p', { class: 'muted small' },
              `Classes double in size. ${view.size === 'volume' ? 'Volume of the ball of the equivalent diameter.' : 'Diameter of the circle of equal area.'}${calibrated() ? '' : ' In pixels, as no pixel size is known.'}${unsized() ? ` ${plural(unsized(), 'object')} of images without a pixel size are left out.` : ''}`)
          ] : [
            list(view.kind === 'scatter' ? 'Across' : 'Measure', 'x'), checkbox('Logarithmic', view.lx, on => { view.lx = on }),
            view.kind === 'scatter' ? list('Up', 'y') : h('label', { class: 'field' }, [h('span', `Bars: ${view.bins}`),
              h('input', { type: 'range', min: 10, max: 200, step: 10, value: view.bins, onInput: e => { view.bins = Number(e.target.value) } })]),
            checkbox(view.kind === 'scatter' ? 'Logarithmic' : 'Logarithmic numbers', view.ly, on => { view.ly = on }, { 'aria-label': 'Logarithmic upwards' })
          ],
          conditions.length ? checkbox('Only what the gallery shows', view.gallery, on => { view.gallery = on }) : null
        ]),
        groups.value ? section('Classes', [
          h('ul', { class: 'legend' }, groups.value.map(g => h('li', { key: g.id }, h('button',
            { type: 'button', class: ['class', { pressed: g.rows.every(isOn) }], title: `Select ${plural(g.rows.length, 'object')}; Shift adds`,
            onClick: e => pickClass(g, e.shiftKey) }, [
            swatch(g), h('span', { class: 'grow' }, g.name), h('span', { class: 'muted number' }, count(g.rows.length))])))),
          objects.selected.size ? h('p', { class: 'muted small row' }, view.kind === 'scatter' ? [h('i', { class: 'swatch', style: { background: 'var(--bad)' } }), 'Selected']
            : 'What is not selected is pale.') : null
        ]) : null,
        section('Selection', [
          h('p', { class: 'muted small' }, 'Drag over the plot, or type limits.'),
          h('div', { class: 'row' }, [limit('x0', 'From'), limit('x1', 'to')]), ys() ? h('div', { class: 'row' }, [limit('y0', 'Up: from'), limit('y1', 'to')]) : null,
          h('div', { class: 'row' }, [button('In the gallery', () => go({ ...state.place, panel: 'gallery',
            query: { ...left.query, where: [left.query?.where, 'selected=1'].filter(Boolean).join(';').replace(/(selected=1;?)+$/, 'selected=1') } }),
            { disabled: !objects.selected.size, iconName: 'grid' }), button('None', () => select(null), { kind: 'quiet', disabled: !objects.selected.size })])
        ], { aside: h('span', { class: 'muted' }, count(objects.selected.size)) })
      ]),
      h('div', { class: 'plot-area' }, [h('h1', { class: 'unseen' }, 'Plots'), objects.count === null ? h('p', { class: 'muted pad', role: 'status' }, 'Reading the objects…')
        : nothing.value ? empty('plots', ...nothing.value, [h('a', { class: 'button', href: here(rows.value.length ? 'images' : 'gallery') }, rows.value.length ? 'To the images' : 'To the gallery')])
        : h('canvas', {
        ref: canvas, role: 'img', 'aria-label': told(), onPointerdown: e => { const [x, y] = place(e); from = { x, y }; e.currentTarget.setPointerCapture(e.pointerId) },
          onPointermove: move, onPointerup: up, onPointercancel: () => { from = null }
      })])
    ])
  }
})

export default { id: 'plots', title: 'Plots', icon: 'plots', tab: true, component }
