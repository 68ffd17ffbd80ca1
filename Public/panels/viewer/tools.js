// Tools that draw. One rule for all: a click or a stroke adds, Backspace takes the last back, Enter finishes, Esc gives up.
import { latLng, casedOutline } from './image-map.js'
import { polygon, feature, penLine, smooth, simplify } from '../../lib/geometry.js'
import { L } from '../../vendor/leaflet.runtime.js'

const areas = ['polygon', 'replace'], lines = ['skeleton', 'outline', 'cut'], pens = ['brush', 'eraser']
export const marks = ['point', 'skeleton', 'outline']

// A hundredth of a pixel is finer than any hand and keeps requests readable.
const round = p => p.map(v => Math.round(v * 100) / 100)
const path = (points, style) => L.polyline(points.map(p => latLng(...p)), { interactive: false, noClip: true, smoothFactor: 0, pane: 'marks', ...style })

/** A drawn feature as it will be stored: a pen line at its true width. `scale`: CSS px a pixel. */
export function drawn({ geometry, properties: { role, width } }, { color, scale, pane = 'marks', dashed = false, number }) {
  const { type, coordinates } = geometry
  if (type.endsWith('Polygon')) return casedOutline(geometry, { color, casing: '#fff', fill: 0.12, dashed, pane })
  const at = type === 'Point' ? [coordinates] : coordinates
  if (width && !role) return path([...at, at[at.length - 1]], { color, weight: Math.max(1, width * scale), opacity: 0.4, pane })
  if (type === 'Point') return L.marker(latLng(...coordinates), { interactive: false, keyboard: false, pane: 'numbers',
    icon: L.divIcon({ className: 'point-number', html: number ?? '', iconSize: [18, 18] }) })
  return L.layerGroup([path(at, { color: '#fff', weight: 5, opacity: 0.9, pane }), path(at, { color, weight: 2, dashArray: role === 'outline' ? '2 5' : null, pane })])
}

/**
 * `host`: { map, scale() CSS px a pixel, size() of the pen in px, color(kind, mods), changed(), hover(x, y), nudge(±1),
 * finish(kind, features, mods) → false when it cannot, select(ring, mods) }; mods = { shift, alt } as held while drawing.
 */
export function createTools(host) {
  const { map } = host, element = map.getContainer(), layer = L.layerGroup().addTo(map)
  const ring = element.appendChild(document.createElement('div'))
  ring.className = 'ring'
  ring.hidden = true
  let kind = 'pan', open = [], done = [], past = [], future = [], mods = {}, cursor = null, cross = null, stroke = null, hand = false, frame = 0

  const isPen = () => pens.includes(kind)
  const drawing = () => kind !== 'pan' && kind !== 'ruler'
  const css = p => map.latLngToContainerPoint(latLng(...p))
  const near = (a, b, px = 9) => css(a).distanceTo(css(b)) < px
  const place = e => { const r = element.getBoundingClientRect(), p = map.containerPointToLatLng(L.point(e.clientX - r.left, e.clientY - r.top)); return [p.lng, p.lat] }
  const tidy = points => simplify(smooth(points), 0.25 / Math.max(0.5, host.scale())).map(round)
  const pen = points => penLine(points, { width: host.size() })
  const marked = (k, points) => feature(k === 'point' ? { type: 'Point', coordinates: points[0] } : { type: 'LineString', coordinates: points },
    { role: k === 'point' || k === 'cut' ? undefined : k })

  function draw() {
    frame = 0
    layer.clearLayers()
    const scale = host.scale(), color = host.color(kind, stroke?.mods ?? mods), add = l => l.addTo(layer)
    done.forEach((f, i) => add(drawn(f, { color: f.properties.role === 'outline' ? '#000000' : '#0072B2', scale, number: String(i + 1) })))
    const points = stroke?.moved ? [...(isPen() ? [] : open), ...stroke.points] : open.length && cursor ? [...open, cursor] : open
    if (kind === 'pan' || kind === 'box') {
      const [a, b] = [points[0], points[points.length - 1]]
      if (a && (stroke?.moved || open.length)) add(drawn(feature(kind === 'pan' && stroke.mods.alt ? polygon(points) : box(a, b)), { color, scale, dashed: kind === 'pan' }))
    } else if (isPen()) {
      if (points.length) add(drawn(pen(smooth(points)), { color, scale }))
    } else if (points.length && kind !== 'wand') {
      add(path(points, { color: '#fff', weight: 5, opacity: 0.9 }))
      add(path(points, { color, weight: 2, dashArray: kind === 'outline' ? '2 5' : null }))
      if (areas.includes(kind) && points.length > 2) add(L.polygon(points.map(p => latLng(...p)),
        { interactive: false, pane: 'marks', color, weight: 1, dashArray: '3 4', fillOpacity: 0.12 }))
      if (open.length < 200) open.forEach((p, i) => add(L.circleMarker(latLng(...p), { interactive: false, pane: 'marks', radius: i ? 3.5 : 5, color, weight: 2, fillColor: '#fff',
        fillOpacity: 1 })))
    } else if (points.length) add(L.circleMarker(latLng(...points[0]), { interactive: false, pane: 'marks', radius: 4, color: '#fff', weight: 2, fillColor: color,
      fillOpacity: 1 }))
    showRing()
  }
  const soon = () => { frame ||= requestAnimationFrame(draw) }
  function showRing(at = cross ?? cursor) {
    ring.hidden = !at || !drawing() || (!isPen() && !cross)
    if (ring.hidden) return
    const { x, y } = css(at), d = isPen() ? Math.max(3, host.size() * host.scale()) : 0
    ring.className = `ring ${kind}${cross ? ' cross' : ''}`
    Object.assign(ring.style, { width: d + 'px', height: d + 'px', transform: `translate(${x - d / 2}px, ${y - d / 2}px)` })
  }
  const box = (a, b) => polygon([a, [b[0], a[1]], b, [a[0], b[1]]])
  const changed = () => { soon(); host.changed() }
  function put(next, held) {
    past.push({ open, done })
    future = []
    ;({ open = open, done = done } = next)
    if (held) mods = { shift: mods.shift || held.shift, alt: mods.alt || held.alt }
    changed()
    return true
  }
  function clear() { open = []; done = []; past = []; future = []; mods = {}; stroke = null; changed() }
  /** Hands over what is finished; it comes back when it cannot be used. */
  function give(features, held = mods) {
    const was = { open, done }
    clear()
    host.finish(kind, features, held).then(ok => { if (ok === false && !open.length && !done.length) ({ open, done } = was); changed() })
    return true
  }
  function closeLine() {
    if (open.length < 2) return false
    return kind === 'cut' ? give([marked('cut', open)]) : put({ done: [...done, marked(kind, open)], open: [] })
  }
  /** What is drawn to split or join by counts as finished; a line of one place is none. */
  function conclude() {
    if (!marks.includes(kind)) clear()
    else if (!closeLine()) open = []
  }

  function click(p, held = {}) {
    p = round(p)
    if (kind === 'point') return put({ done: [...done, marked('point', [p])] })
    if (kind === 'wand') { mods = held; return put({ open: [p] }) }
    if (isPen()) return give([pen([p])], held)
    if (kind === 'box' && open.length) return near(p, open[0], 3) || give([feature(box(open[0], p))], { shift: mods.shift || held.shift, alt: mods.alt || held.alt })
    if (areas.includes(kind) && open.length > 2 && near(p, open[0])) return finish()
    return put({ open: [...open, p] }, held)
  }
  /** A press that moved. */
  function drag(points, held) {
    if (kind === 'pan') return host.select(held.alt ? polygon(tidy(points)) : box(round(points[0]), round(points[points.length - 1])), held)
    if (isPen()) return give([pen(tidy(points))], held)
    if (kind === 'box') return give([feature(box(round(points[0]), round(points[points.length - 1])))], held)
    if (lines.includes(kind)) {
      const line = [...open, ...tidy(points)]
      // A stroke alone is a whole line; after clicks it goes on with them.
      return open.length ? put({ open: line }) : kind === 'cut' ? give([marked(kind, line)], held) : put({ done: [...done, marked(kind, line)] })
    }
    if (!areas.includes(kind)) return click(points[points.length - 1], held)
    put({ open: [...open, ...tidy(points)] }, held)
    if (open.length > 2 && near(open[0], open[open.length - 1], 14)) finish()
  }
  /** false when there is nothing that could be finished yet. */
  function finish() {
    if (isPen() && open.length) return give([pen(open)])
    if (areas.includes(kind)) return open.length > 2 && give([feature(polygon(open))])
    if (lines.includes(kind) && open.length) return closeLine()
    if (kind === 'wand') return open.length > 0 && give([feature({ type: 'Point', coordinates: open[0] }, { role: 'wand' })])
    return done.length > 0 && give(done)
  }

  // Pointers: mouse, pen and one finger draw; two fingers and the middle button are the map's.
  const fingers = new Set()
  let penDown = false, dragging = false, dragged = false
  const drop = () => { if (stroke) { stroke = null; soon() } }
  const hold = on => { if (drawing()) map.dragging[on ? 'enable' : 'disable'](); dragging = on }
  element.addEventListener('pointerdown', e => {
    dragged = false
    if (e.target.closest?.('.leaflet-control')) return
    if (e.pointerType === 'touch') {
      fingers.add(e.pointerId)
      if (fingers.size > 1) return drop()
      if (penDown) return
    }
    cross = null
    if (drawing() && (hand || e.button === 1)) return hold(true)
    const rubber = e.button === 5 || (e.buttons & 32) > 0
    if ((e.button !== 0 && !rubber) || (!drawing() && (!e.shiftKey || kind === 'ruler'))) return
    penDown = e.pointerType === 'pen'
    const held = { shift: e.shiftKey, alt: e.altKey || rubber }
    stroke = { id: e.pointerId, x: e.clientX, y: e.clientY, reach: e.pointerType === 'touch' ? 8 : 4, moved: false, points: [place(e)], mods: held }
    try { element.setPointerCapture(e.pointerId) } catch { /* a pointer that is gone already */ }
    if (drawing()) element.focus({ preventScroll: true })
    soon()
  })
  element.addEventListener('pointermove', e => {
    if (e.pointerType === 'touch' && fingers.size > 1) return
    cursor = place(e)
    if (!stroke) { if (drawing()) { if (open.length && kind !== 'wand') soon(); showRing() } return }
    if (e.pointerId !== stroke.id) return
    // All places since the last frame, or a quick stroke would have corners.
    for (const c of (e.getCoalescedEvents?.() ?? []).concat(e)) {
      const p = place(c), last = stroke.points[stroke.points.length - 1]
      if (p[0] !== last[0] || p[1] !== last[1]) stroke.points.push(p)
    }
    stroke.moved ||= Math.hypot(e.clientX - stroke.x, e.clientY - stroke.y) > stroke.reach
    if (stroke.moved) { host.hover(...cursor); soon() }
  })
  const up = e => {
    fingers.delete(e.pointerId)
    if (e.pointerType === 'pen') penDown = false
    if (dragging && !hand) hold(false)
    if (stroke?.id !== e.pointerId) return
    const { moved, points, mods: held } = stroke
    stroke = null
    dragged = moved
    if (e.type === 'pointercancel') return soon()
    if (moved) drag(points, held)
    else if (drawing()) click(points[0], held)
    soon()
  }
  for (const type of ['pointerup', 'pointercancel']) element.addEventListener(type, up)
  element.addEventListener('pointerleave', () => { cursor = null; soon() })
  element.addEventListener('wheel', e => {
    if (kind === 'wand' && open.length) { e.preventDefault(); e.stopPropagation(); host.nudge(e.deltaY < 0 ? 1 : -1) }
  }, { capture: true, passive: false })
  // Without a mouse: arrows move a cross (Shift: one screen pixel), Space sets a place there.
  element.addEventListener('keydown', e => {
    const d = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[e.key]
    if (!drawing() || !d || e.ctrlKey || e.altKey) return
    e.preventDefault()
    e.stopPropagation()
    const c = map.getCenter(), step = (e.shiftKey ? 1 : 10) / host.scale()
    cross = cross ? [cross[0] + d[0] * step, cross[1] + d[1] * step] : cursor ?? [c.lng, c.lat]
    cursor = cross
    map.panInside(latLng(...cross), { padding: [40, 40], animate: false })
    host.hover(...cross)
    soon()
  })
  map.on('zoomend', soon)
  map.on('move', () => showRing())

  return {
    get kind() { return kind },
    get done() { return done },
    get open() { return open },
    get mods() { return stroke?.mods ?? mods },
    /** The press just ended was a stroke, so its click means nothing. */
    get dragged() { return dragged },
    get busy() { return open.length + done.length > 0 },
    use(next) {
      if (marks.includes(next)) conclude()
      else clear()
      kind = next
      cross = null
      hold(false)
      if (!drawing()) map.dragging.enable()
      changed()
    },
    /** Space: moves the image while held; with the cross out it sets a place instead. */
    hand(on) {
      if (on && cross) { isPen() ? put({ open: [...open, round(cross)] }) : click(cross); return }
      hand = on
      element.classList.toggle('hand', on && drawing())
    },
    /** A double click ends a line or a shape; its second click has added the same place twice. */
    doubleClick() {
      const n = open.length
      if (kind === 'wand') return finish()
      if (!areas.includes(kind) && !lines.includes(kind)) return
      if (n > 1 && near(open[n - 1], open[n - 2])) open = open.slice(0, -1)
      if (!finish() && open.length === 1) clear()
    },
    takeBack() { if (!past.length) return false; future.push({ open, done }); ({ open, done } = past.pop()); changed(); return true },
    putBack() { if (!future.length) return false; past.push({ open, done }); ({ open, done } = future.pop()); changed(); return true },
    finish, clear, conclude, redraw: soon
  }
}
