// What the pipeline would find in the visible part of one image, before anything is stored.
import { defineComponent, h, ref, reactive, watch, onMounted, onBeforeUnmount, nextTick } from '../../vendor/vue.runtime.js'
import { get, post, at, all } from '../../api.js'
import { icon } from '../../icons.js'
import { button, problem, segmented } from '../../ui.js'
import { plural, count } from '../../lib/format.js'
import { createMap, ImageTiles, boundsOf } from '../viewer/image-map.js'
import { ScaleBar } from '../viewer/scale-bar.js'
const { L } = window

export const preview = defineComponent({
  props: ['project', 'graph', 'valid'],
  setup(props) {
    const element = ref(null)
    const view = reactive({ images: null, id: null, result: null, error: null, busy: false, show: 'after' })
    let map, image, tiles, overlay, timer, number = 0, gone = false, control = null
    const P = path => at(props.project, path)

    async function open(id) {
      view.id = id
      view.result = null
      image = await get(P(`/blobs/${id}`)).catch(error => { view.error = error; return null })
      if (!image || gone) return
      if (image.pyramid === false) { setTimeout(() => { if (view.id === id && !gone) open(id) }, 1000); return }
      map?.remove()
      await nextTick()
      if (!element.value) return
      map = createMap(element.value, image)
      map.createPane('overlays').style.zIndex = 350
      tiles = new ImageTiles(image, (z, x, y) => P(`/blobs/${image.id}/tiles/${z}/${x}/${y}?v=${image.uid}`), { className: 'tiles image' }).addTo(map)
      new ScaleBar(() => image).addTo(map)
      overlay = null
      map.on('moveend', ask)
      ask()
    }
    const ask = () => { clearTimeout(timer); timer = setTimeout(run, 120) }
    async function run() {
      if (!map || !props.valid || gone) return
      const b = map.getBounds()
      const x0 = Math.max(0, Math.floor(b.getWest() + 0.5)), y0 = Math.max(0, Math.floor(Math.min(b.getNorth(), b.getSouth()) + 0.5))
      const x1 = Math.min(image.width, Math.ceil(b.getEast() + 0.5)), y1 = Math.min(image.height, Math.ceil(Math.max(b.getNorth(), b.getSouth()) + 0.5))
      if (x1 <= x0 || y1 <= y0) return
      const box = { x: x0, y: y0, width: x1 - x0, height: y1 - y0 }, mine = ++number
      control?.abort()
      control = new AbortController()
      view.busy = true
      try {
        const result = await post(P('/preview'), { image: image.id, box, graph: props.graph }, { signal: control.signal })
        if (mine !== number || gone) return
        view.result = result
        view.error = null
        const shown = result.box ?? box
        const next = L.imageOverlay(result.png, boundsOf(shown), { pane: 'overlays', className: 'preview-mask', alt: '', opacity: view.show === 'after' ? 0.55 : 0 }).addTo(map)
        overlay?.remove()
        overlay = next
      } catch (error) { if (mine === number && error.name !== 'AbortError') { view.error = error; view.result = null } } finally { if (mine === number) view.busy = false }
    }
    watch(() => JSON.stringify(props.graph), ask)
    watch(() => view.show, s => overlay?.setOpacity(s === 'after' ? 0.55 : 0))
    onMounted(async () => {
      try {
        view.images = (await all(P('/blobs'), 'images', 500)).filter(i => i.state !== 'failed')
        if (view.images.length) open(view.images[0].id)
      } catch (error) { view.error = error }
    })
    onBeforeUnmount(() => { gone = true; control?.abort(); map?.remove(); map = null })
    return () => h('section', { class: 'preview', 'aria-label': 'Preview' }, [
      h('header', [
        h('h2', 'Preview'),
        view.images?.length ? h('select', { 'aria-label': 'Image to try on', value: view.id, onChange: e => open(view.images[e.target.selectedIndex].id) }, view.images.map(i => h('option', { value: i.id, selected: i.id === view.id }, i.name))) : null,
        h('div', { class: 'spring' }),
        view.images?.length ? segmented('Preview shows', [{ value: 'before', label: 'Before' }, { value: 'after', label: 'After' }], view.show, v => { view.show = v }) : null
      ]),
      view.images && !view.images.length ? h('p', { class: 'muted pad' }, 'Add an image to see here what the pipeline finds in it.') : h('div', { ref: element, class: 'map small-map', tabindex: 0, role: 'application', 'aria-label': 'Preview on the image' }),
      view.error ? problem(view.error, run) : h('div', { class: 'found', role: 'status' }, view.result ? [
        h('strong', plural(view.result.objects, 'object')), h('span', { class: 'muted' }, ' in view'),
        ...Object.entries(view.result.rejects ?? {}).filter(([, n]) => n).map(([rule, n]) => h('span', { class: 'reject-count' }, `${count(n)} ${ruleText(rule)}`)),
        view.result.level != null ? h('span', { class: 'muted' }, `level ${view.result.level}`) : null, view.busy ? h('span', { class: 'muted' }, '…') : null
      ] : view.busy ? h('span', { class: 'muted' }, 'Looking…') : '')
    ])
  }
})

const rules = { tooSmall: 'too small', tooLarge: 'too large', touchesBorder: 'at the border', nestedInside: 'inside another', notInner: 'not inside another' }
export const ruleText = rule => rules[rule] ?? rule.replace(/([A-Z])/g, ' $1').toLowerCase()
