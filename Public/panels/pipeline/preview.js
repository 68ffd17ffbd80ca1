// What the pipeline would find in the visible part of one image, before anything is stored.
import { defineComponent, h, ref, reactive, watch, onMounted, onBeforeUnmount, nextTick } from '../../vendor/vue.runtime.js'
import { get, post, at, all } from '../../api.js'
import { on, later, here } from '../../state.js'
import { useCommands } from '../../commands.js'
import { problem, segmented, checkbox } from '../../ui.js'
import { plural, count } from '../../lib/format.js'
import { createMap, ImageTiles, boundsOf } from '../viewer/image-map.js'
import { ScaleBar } from '../viewer/scale-bar.js'
import { runs } from './runs.js'
import { L } from '../../vendor/leaflet.runtime.js'

// Text and colour of each rule; the server draws in the same colours.
const rules = { tooSmall: ['too small', '#e69f00'], tooLarge: ['too large', '#cc79a7'], touchesBorder: ['at the border', '#d55e00'], nestedInside: ['inside another', '#009e73'],
  notInner: ['not inside another', '#999999'] }
export const ruleText = rule => rules[rule]?.[0] ?? rule.replace(/([A-Z])/g, ' $1').toLowerCase()

export const preview = defineComponent({
  props: ['project', 'graph', 'valid'],
  emits: ['image'],
  setup(props, { emit }) {
    const element = ref(null)
    const view = reactive({ images: null, id: null, result: null, error: null, busy: false, show: 'after', at: 50, rules: {}, took: null })
    let map, image, frame, asking = false, wanted = null, gone = false, picture = null
    const P = path => at(props.project, path)
    const layers = {}  // what lies in the pane "after": name → image overlay

    async function open(id) {
      view.id = id
      view.result = null
      image = await get(P(`/blobs/${id}`)).catch(error => { view.error = error; return null })
      if (!image || gone) return
      emit('image', image)
      map?.remove()
      for (const name of Object.keys(layers)) delete layers[name]
      picture = frame = null
      await nextTick()
      if (!element.value) return
      map = createMap(element.value, image)
      map.createPane('after').style.zIndex = 350
      new ImageTiles(image, (z, x, y) => P(`/blobs/${image.id}/tiles/${z}/${x}/${y}?v=${image.uid}&p=${image.pyramid ? 1 : 0}`), { className: 'tiles image' }).addTo(map)
      new ScaleBar(() => image).addTo(map)
      map.on('move zoom viewreset resize', clip)
      map.on('moveend', ask)
      ask()
    }
    /** One question at a time, the newest wins: a slider is followed as fast as the server answers. */
    const ask = () => {
      wanted = performance.now()
      if (!asking) run()
    }
    async function run() {
      if (!map || !props.valid || gone) return
      const b = map.getBounds(), x0 = Math.max(0, Math.floor(b.getWest() + 0.5)), y0 = Math.max(0, Math.floor(Math.min(b.getNorth(), b.getSouth()) + 0.5))
      const x1 = Math.min(image.width, Math.ceil(b.getEast() + 0.5)), y1 = Math.min(image.height, Math.ceil(Math.max(b.getNorth(), b.getSouth()) + 0.5))
      if (x1 <= x0 || y1 <= y0) return
      const box = { x: x0, y: y0, width: x1 - x0, height: y1 - y0 }, asked = wanted, about = image
      wanted = null
      asking = view.busy = true
      try {
        const scale = 2 ** (map.getZoom() - image.levels + 1) * devicePixelRatio
        const result = await post(P('/preview'), { image: about.id, box, graph: props.graph, width: Math.ceil(box.width * Math.min(1, scale)),
          rejects: Object.values(view.rules).includes(true), picture: picture ?? '' })
        if (gone || about !== image) return
        await show(result)
        view.result = result
        view.took = Math.round(performance.now() - asked)
        view.error = null
      } catch (error) { view.error = error; view.result = null } finally {
        asking = view.busy = false
        if (wanted !== null) run()
      }
    }
    /** Puts the pictures of an answer up, each in place of the one before it when it is decoded, so that nothing flickers. */
    function show(result) {
      const next = { mask: [result.png, 0.5, 'preview-mask'], area: [result.areaPng, 0.4, 'preview-mask'] }
      for (const [rule, png] of Object.entries(result.rejectPngs ?? {})) if (view.rules[rule]) next['reject ' + rule] = [png, 0.75, 'preview-mask']
      if (result.pictureKey) { picture = result.pictureKey; if (result.picture) next.picture = [result.picture, 1, 'preview-picture'] } else if (layers.picture) next.picture = []
      for (const name of Object.keys(layers)) if (!next[name] && name !== 'picture') next[name] = []
      frame?.remove()
      frame = result.wholeImage ? null : L.rectangle(boundsOf(result.box), { interactive: false, fill: false, color: '#0b6e8f', weight: 1.5, dashArray: '4 4' }).addTo(map)
      return Promise.all(Object.entries(next).map(([name, [png, opacity, className]]) => new Promise(done => {
        const old = layers[name]
        if (!png) { old?.remove(); delete layers[name]; return done() }
        const layer = layers[name] = L.imageOverlay(png, boundsOf(result.box), { pane: 'after', className, alt: '', opacity, zIndex: name === 'picture' ? 1 : 2 })
        layer.once('load error', () => { old?.remove(); done() }).addTo(map)
      }))).then(clip)
    }
    /** What lies right of the line is after, left of it before. */
    function clip() {
      if (!map) return
      const { x: w, y: height } = map.getSize(), o = map.containerPointToLayerPoint([0, 0]), from = o.x + w * { before: 100, after: 0, swipe: view.at }[view.show] / 100
      map.getPane('after').style.clipPath = `polygon(${from}px ${o.y}px,${o.x + w}px ${o.y}px,${o.x + w}px ${o.y + height}px,${from}px ${o.y + height}px)`
    }
    watch(() => JSON.stringify(props.graph), ask)
    watch(() => ({ ...view.rules }), ask)
    watch(() => [view.show, view.at], clip)
    const modes = ['before', 'swipe', 'after']
    useCommands([{ id: 'pipeline.before', title: 'Preview: before, swipe, after', group: 'Pipeline', key: 'Y',
      run: () => { view.show = modes[(modes.indexOf(view.show) + 1) % 3] } }])
    async function list() {
      try {
        view.images = (await all(P('/blobs'), 'images', 500)).filter(i => i.state !== 'failed')
        if (view.images.length && !view.images.some(i => i.id === view.id)) open(view.images[0].id)
      } catch (error) { view.error = error }
    }
    onMounted(list)
    const ends = [on('images', () => later('preview', list, 500)), on('online', () => { view.error = null; view.images ? ask() : list() })]
    onBeforeUnmount(() => { gone = true; ends.forEach(end => end()); map?.remove(); map = null })
    const move = e => {
      const to = { ArrowLeft: view.at - 2, ArrowRight: view.at + 2, Home: 0, End: 100 }[e.key]
      if (to !== undefined) { view.at = Math.min(100, Math.max(0, to)); e.preventDefault(); e.stopPropagation() }
    }
    const drag = e => { const box = element.value.getBoundingClientRect(); if (e.buttons) view.at = Math.min(100, Math.max(0, 100 * (e.clientX - box.left) / box.width)) }
    return () => {
      const r = view.result
      return h('section', { class: 'preview', 'aria-label': 'Preview' }, [
        h('header', [
          h('h2', 'Preview'),
          view.images?.length ? h('select', { 'aria-label': 'Image to try on', value: view.id, onChange: e => open(view.images[e.target.selectedIndex].id) },
            view.images.map(i => h('option', { value: i.id, selected: i.id === view.id }, i.name))) : null,
          h('div', { class: 'spring' }),
          view.images?.length ? segmented('Preview shows', [{ value: 'before', label: 'Before' }, { value: 'swipe', label: 'Swipe' }, { value: 'after', label: 'After' }],
            view.show, v => { view.show = v }) : null
        ]),
        view.images && !view.images.length ? h('p', { class: 'muted pad' }, ['Add an image to see here what the pipeline finds in it. ',
          h('a', { href: here('images') }, 'To the images')]) : h('div', { class: 'preview-stage' }, [
          h('div', { ref: element, class: 'map small-map', tabindex: 0, role: 'application', 'aria-label': 'Preview on the image', 'data-took': view.took }),
          view.show === 'swipe' ? h('div', { class: 'divider', role: 'slider', tabindex: 0, 'aria-label': 'Line between before and after', 'aria-valuemin': 0, 'aria-valuemax': 100,
            'aria-valuenow': Math.round(view.at), style: { left: view.at + '%' }, onKeydown: move, onPointerdown: e => e.currentTarget.setPointerCapture(e.pointerId),
            onPointermove: drag }, h('i')) : null
        ]),
        h('footer', { 'data-foot': '' }, [
          view.error ? problem(view.error, ask) : h('div', { class: 'found', role: 'status' }, r ? [
            h('span', [h('strong', plural(r.objects, 'object')), h('span', { class: 'muted' }, r.wholeImage ? ' in view' : ' in the dashed frame')]),
            ...Object.entries({ ...Object.fromEntries(Object.keys(view.rules).map(k => [k, 0])), ...r.rejects }).map(([rule, n]) => h('span', { class: 'reject-count', key: rule },
              checkbox([h('i', { class: 'dot', style: { background: rules[rule]?.[1] ?? '#999999' } }), ` ${count(n)} ${ruleText(rule)}`], !!view.rules[rule],
              v => { view.rules = { ...view.rules, [rule]: v } })))
          ] : view.busy ? h('span', { class: 'muted' }, 'Looking…') : ''),
          r && !r.wholeImage ? h('p', { class: 'muted small pad' },
            'A large image: only the dashed part is looked at, at full resolution, and levels come from it alone. A run takes the whole image. Zoom in to see another part.') : null,
          view.id ? h(runs, { project: props.project, image: view.id, key: view.id }) : null
        ])
      ])
    }
  }
})
