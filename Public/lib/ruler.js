// What lies between two places of an image. Pure.
import { lengthText } from './units.js'

/** → { px, um, degrees }: um null without pixel size; degrees −180…180 from the right, counterclockwise as one reads angles. */
export function measure([x0, y0], [x1, y1], pixelSizeUm) {
  const dx = x1 - x0, dy = y1 - y0, px = Math.hypot(dx, dy)
  return { px, um: pixelSizeUm > 0 ? px * pixelSizeUm : null, degrees: px ? Math.atan2(-dy, dx) * 180 / Math.PI + 0 : 0 }
}

/** "1.25 mm · 480.0 px · 32.1°"; without a pixel size it says nothing about millimetres. */
export function measureText(a, b, pixelSizeUm) {
  const { px, um, degrees } = measure(a, b, pixelSizeUm)
  return [um === null ? null : lengthText(um), `${px.toFixed(1)} px`, `${degrees.toFixed(1).replace('-0.0', '0.0').replace('-', '\u2212')}°`].filter(Boolean).join(' · ')
}
