// What the viewer shows, as opposed to what it changes: picture, overlays, display, compare view, ruler, inspector, minimap, scale.
import { reactive, computed, watch, nextTick } from '../../vendor/vue.runtime.js'
import { memory } from '../../state.js'
import { iconButton } from '../../ui.js'
import { labelRevision } from './classes.js'
import { OverlayTiles } from './image-map.js'
import { overlayParts, layerDefaults } from './layers.js'
import { createPicture, filters } from './picture.js'
import { createDisplay, settingsFor, keepSettings } from './display.js'
import { createCompare } from './compare.js'
import { createRuler } from './ruler.js'
import { createInspector } from './inspector.js'
import { ScaleBar } from './scale-bar.js'
import { MiniMap } from './minimap.js'
import { neutralOf, isNeutral, encode, query } from '../../lib/display.js'

/** `v`: what the rooms of the viewer share (panel.js). */
export function createLooks(v) {
  const { view, P } = v
  const kept = memory.load('viewer.layers', {})
  const layers = reactive(Object.fromEntries(Object.entries(layerDefaults).map(([name, d]) => [name, { ...d, ...kept[name] }])))
  layers.image.corrected = false  // each visit begins with the image as stored
  const screen = reactive({ pixelated: true, canvas: 'calm', open: false, ...memory.load('viewer.screen', {}) })
  const display = reactive(neutralOf(255))
  let map, picture, rightPicture, overlays, rightOverlays, scaleBar, minimap, ruler

  let fresh = ''  // grows with each event that tells of better tiles
  const address = right => (z, x, y,
    d) => P(`/blobs/${view.image.id}/tiles/${z}/${x}/${y}?v=${view.image.uid}${fresh}${corrected(right) ? '&layer=corrected' : ''}${query(d, corrected(right))}`)
  const overlayAddress = (z, x, y, query) => P(`/blobs/${view.image.id}/overlay/${z}/${x}/${y}.png?${query}&revision=${v.revision}&v=${view.image.uid}`)
  const corrected = right => (compare.state.on ? compare.correctedOf(right, layers.image.corrected) : layers.image.corrected)
  const visible = () => {
    if (!map) return null
    const b = map.getBounds(), { width, height } = view.image, cut = (v, top) => Math.round(Math.min(top, Math.max(0, v + 0.5)))
    const x = cut(b.getWest(), width), y = cut(Math.min(b.getNorth(), b.getSouth()), height), x1 = cut(b.getEast(), width), y1 = cut(Math.max(b.getNorth(), b.getSouth()), height)
    return x1 > x && y1 > y ? { x, y, width: x1 - x, height: y1 - y } : null
  }

  /** Whether there is a corrected image; says why not, unless asked quietly. */
  async function hasCorrected(quiet) {
    const answer = await fetch(P(`/blobs/${view.image.id}/tiles/0/0/0?layer=corrected`)).catch(() => null)
    if (!answer?.ok && !quiet) view.refused = (await answer?.json().catch(() => null))?.detail ?? 'The corrected image cannot be shown now.'
    return !!answer?.ok
  }
  let shownCorrected = [0, 0]
  function apply() {
    if (!map) return
    const both = compare.state.on
    if (both && !rightPicture) {
      rightPicture = createPicture(map, view.image, address(1), { pane: 'rightTiles' })
      rightOverlays = new OverlayTiles(view.image, overlayAddress, { pane: 'rightOverlays', className: 'tiles overlay' }).addTo(map)
    }
    if (!both && rightPicture) { rightPicture.remove(); rightOverlays.remove(); rightPicture = rightOverlays = null }
    const now = [corrected(0), corrected(1)]
    picture.set(display, { now: now[0] !== shownCorrected[0] })
    rightPicture?.set(display, { now: now[1] !== shownCorrected[1] })
    shownCorrected = now
    for (const p of [picture, rightPicture]) p?.opacity(layers.image.on ? layers.image.opacity / 100 : 0)
    const want = state => overlayParts({ layers, style: view.style, image: view.image, state })
    overlays.set(want(both ? compare.objectsOf(0) : undefined))
    rightOverlays?.set(want(compare.objectsOf(1)))
    for (const name of ['overlays', 'rightOverlays', 'marks', 'pending']) map.getPane(name).style.visibility = view.peek ? 'hidden' : ''
    v.element.value.dataset.canvas = screen.canvas
    sharpness()
  }
  const sharpness = () => v.element.value.classList.toggle('pixelated', screen.pixelated && map.getZoom() > view.image.levels - 1)
  const saveLayers = () => memory.save('viewer.layers', layers)
  const compare = createCompare({ map: () => map, P, view, corrected: hasCorrected, apply, changed: v.savePlace })
  const inspector = createInspector({ view, P, display })
  const section = createDisplay({
    view, P, display, screen, visible,
    change(settings) { Object.assign(display, settings); keepSettings(view.image, encode(display)); apply(); v.savePlace() },
    saveScreen() { memory.save('viewer.screen', screen); apply() }
  })

  watch(() => view.sideOpen, section.look)
  watch(labelRevision, apply)

  return {
    layers, display, saveLayers, apply, inspector, compare, hasCorrected,
    displaySection: section.section, auto: section.auto, neutral: computed(() => isNeutral(display)),
    /** Key D: to the settings, wherever one is. */
    showDisplay() {
      view.sideOpen = true
      section.toggle(true)
      nextTick(() => document.querySelector('.points input')?.focus())
    },
    resetDisplay() { Object.assign(display, neutralOf(display.top, display.low, display.high)); keepSettings(view.image); apply(); v.savePlace() },
    async showCorrected(on) { if (!on || await hasCorrected()) { layers.image.corrected = on; apply() } },
    /** The picture and everything raster on it, once the map is there. */
    start(theMap, place) {
      map = theMap
      for (const [name, z] of [['overlays', 350], ['rightTiles', 355], ['rightOverlays', 356], ['pending', 410], ['marks', 420],
        ['numbers', 640]]) { map.createPane(name).style.zIndex = z; map.getPane(name).style.pointerEvents = 'none' }
      Object.assign(display, settingsFor(view.image, place.d))
      picture = createPicture(map, view.image, address(0))
      overlays = new OverlayTiles(view.image, overlayAddress, { pane: 'overlays', className: 'tiles overlay' }).addTo(map)
      scaleBar = new ScaleBar(() => view.image).addTo(map)
      const plain = () => P(`/blobs/${view.image.id}/tiles/0/0/0?v=${view.image.uid}${fresh}`)
      minimap = new MiniMap(view.image, plain).addTo(map)
      ruler = createRuler(map, () => view.image.pixelSizeUm)
      map.on('move zoom resize', compare.clip)
      map.on('zoomend', sharpness)
      map.on('moveend resize', section.look)
      apply()
      compare.restore(place.vs)
      if (view.image.bits > 8) section.range().then(auto => { if (auto && map) { Object.assign(display, settingsFor(view.image, place.d, auto)); apply() } })
      section.look()
    },
    /** Takes what will be gone out of the overlays: geometries. */
    hide(list) { overlays?.hide(list); rightOverlays?.hide(list) },
    /** After a change of objects: overlay tiles that touch the boxes, all when null. */
    refresh: boxes => Promise.all([overlays?.refresh(boxes), rightOverlays?.refresh(boxes)]),
    /** The image has changed: better tiles are there, or it got a pixel size. */
    imageChanged(before) {
      if (!map) return
      if (!before.pyramid || !view.image.pyramid || display.top > 255) {
        fresh = `&p=${Date.now()}`
        for (const p of [picture, rightPicture]) p?.set(display, { now: true })
        minimap.reload()
      } else picture.retry()
      scaleBar.draw()
      ruler.redraw()
      apply()
    },
    query: () => ({ d: encode(display), vs: compare.query() }),
    // Each is true when it took what happened, so that the viewer's tools leave it alone.
    click(x, y) { if (view.tool !== 'ruler') return false; ruler.click(x, y); return true },
    move(x, y) { ruler.move(x, y); inspector.move(x, y); return view.tool === 'ruler' },
    escape: () => !!ruler?.clear() || (compare.state.on && view.tool === 'pan' && !view.selected.length && (compare.toggle(), true)),
    takeBack: () => view.tool === 'ruler' && ruler.takeBack(),
    filters, stage: () => [...compare.stage(), ...inspector.stage()],
    rail: useTool => [
      iconButton('ruler', 'Ruler', () => useTool(view.tool === 'ruler' ? 'pan' : 'ruler'), { command: 'viewer.ruler', corner: true, pressed: view.tool === 'ruler' }),
      iconButton('inspect', 'Pixel inspector', inspector.toggle, { command: 'viewer.inspect', corner: true, pressed: inspector.state.on }),
      iconButton('compare', 'Compare', compare.toggle, { command: 'viewer.compare', corner: true, pressed: compare.state.on })
    ]
  }
}
