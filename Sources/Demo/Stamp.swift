import Raster

/// A sketch in pixels at its place in the frame: what it takes from the light and which pixels are its body.
struct Stamp {
    /// Part of the frame it covers.
    let box: Rect
    /// Opacity in blue, green and red.
    private var opacity: [SIMD4<Float>]
    /// Share of the pixel inside the body.
    private var coverage: [Float]

    init(_ sketch: Sketch, x: Double, y: Double, frame: Rect) {
        let margin = 2.0
        let left = Int((x + sketch.minX - margin).rounded(.down)), top = Int((y + sketch.minY - margin).rounded(.down))
        let right = Int((x + sketch.maxX + margin).rounded(.up)) + 1, bottom = Int((y + sketch.maxY + margin).rounded(.up)) + 1
        box = Rect(minX: left, minY: top, maxX: max(left, right), maxY: max(top, bottom)).intersection(frame)
        opacity = Array(repeating: .zero, count: box.area)
        coverage = Array(repeating: 0, count: box.area)
        guard !box.isEmpty else { return }
        for part in sketch.parts { draw(part, x: x, y: y, texture: sketch.texture) }
    }

    private mutating func draw(_ part: Sketch.Part, x: Double, y: Double, texture: ValueNoise) {
        switch part.shape {
        case .cone(let ax, let ay, let ra, let bx, let by, let rb):
            let reach = max(ra, rb)
            let (dx, dy) = (bx - ax, by - ay)
            let length2 = dx * dx + dy * dy
            let scale = length2 > 0 ? 1 / length2 : 0
            fill(x + min(ax, bx) - reach, y + min(ay, by) - reach, x + max(ax, bx) + reach, y + max(ay, by) + reach, part.brush, texture, x, y) { px, py in
                let (ux, uy) = (px - ax, py - ay)
                let t = min(1, max(0, (ux * dx + uy * dy) * scale))
                let (ex, ey) = (ux - t * dx, uy - t * dy)
                return (ex * ex + ey * ey).squareRoot() - (ra + (rb - ra) * t)
            }
        case .spindle(let discs):
            let reach = discs.reduce(0) { max($0, $1.radius) }
            let (left, right) = (discs.map(\.x).min() ?? 0, discs.map(\.x).max() ?? 0)
            let (top, bottom) = (discs.map(\.y).min() ?? 0, discs.map(\.y).max() ?? 0)
            fill(x + left - reach, y + top - reach, x + right + reach, y + bottom + reach, part.brush, texture, x, y) { px, py in
                var nearest = Double.infinity
                for index in 1..<discs.count {
                    let (a, b) = (discs[index - 1], discs[index])
                    let (dx, dy) = (b.x - a.x, b.y - a.y)
                    let (ux, uy) = (px - a.x, py - a.y)
                    let t = min(1, max(0, (ux * dx + uy * dy) / max(1e-9, dx * dx + dy * dy)))
                    let (ex, ey) = (ux - t * dx, uy - t * dy)
                    nearest = min(nearest, (ex * ex + ey * ey).squareRoot() - (a.radius + (b.radius - a.radius) * t))
                }
                return nearest
            }
        case .ellipse(let cx, let cy, let a, let b, let dx, let dy):
            let reach = max(a, b)
            fill(x + cx - reach, y + cy - reach, x + cx + reach, y + cy + reach, part.brush, texture, x, y) { px, py in
                let (ux, uy) = (px - cx, py - cy)
                let (u, v) = ((ux * dx + uy * dy) / a, (uy * dx - ux * dy) / b)
                let k2 = u * u + v * v
                guard k2 > 1e-9 else { return -min(a, b) }
                // Distance by Taylor's first term: exact on the edge, good near it.
                let slope = ((u / a) * (u / a) + (v / b) * (v / b)).squareRoot()
                let k = k2.squareRoot()
                return max((k - 1) * k / slope, -min(a, b))
            }
        }
    }

    /// Paints where `distance` (of a point in the sketch's own coordinates, negative inside) is small.
    @inline(__always) private mutating func fill(
        _ left: Double, _ top: Double, _ right: Double, _ bottom: Double, _ brush: Brush, _ texture: ValueNoise, _ x: Double, _ y: Double,
        distance: (Double, Double) -> Double
    ) {
        let x0 = max(box.x, Int(left.rounded(.down)) - 1), x1 = min(box.maxX, Int(right.rounded(.up)) + 2)
        let y0 = max(box.y, Int(top.rounded(.down)) - 1), y1 = min(box.maxY, Int(bottom.rounded(.up)) + 2)
        guard x0 < x1, y0 < y1 else { return }
        let (boxX, boxY, width) = (box.x, box.y, box.width)
        opacity.withUnsafeMutableBufferPointer { opacity in
            coverage.withUnsafeMutableBufferPointer { coverage in
                for py in y0..<y1 {
                    for px in x0..<x1 {
                        let (lx, ly) = (Double(px) - x, Double(py) - y)
                        let d = Float(distance(lx, ly))
                        guard d < 0.9 else { continue }
                        let index = (py - boxY) * width + (px - boxX)
                        coverage[index] = max(coverage[index], min(1, 0.5 - d))
                        // The lens blurs an edge over about two pixels.
                        let edge = min(1, max(0, (0.9 - d) / 1.8))
                        let thickness = 0.7 + 0.3 * min(1, max(0, -d / brush.depth))
                        var strength = brush.opacity * thickness
                        if brush.rim > 0 { strength += brush.rim * max(0, 1 - abs(d + 1.6) / 1.8) }
                        if brush.texture > 0 { strength *= 1 + brush.texture * Float(texture.at(lx, ly) - 0.5) }
                        let value = brush.tint * min(0.97, strength * edge)
                        opacity[index] = pointwiseMax(opacity[index], value)
                    }
                }
            }
        }
    }

    /// Pixels of which at least half lies in the body.
    var mask: Mask {
        var runs: [Run] = []
        for y in 0..<box.height {
            var x = 0
            while x < box.width {
                guard coverage[y * box.width + x] >= 0.5 else {
                    x += 1
                    continue
                }
                let first = x
                while x < box.width, coverage[y * box.width + x] >= 0.5 { x += 1 }
                runs.append(Run(y: box.y + y, first: box.x + first, last: box.x + x - 1))
            }
        }
        return Mask(tightSortedRuns: runs)
    }

    /// Takes the body's share from the light that comes through the frame (65,535 = all).
    func darken(_ light: UnsafeMutableBufferPointer<SIMD4<UInt16>>, frameWidth: Int) {
        for y in 0..<box.height {
            for x in 0..<box.width {
                let taken = opacity[y * box.width + x]
                guard taken.x > 0 else { continue }
                let index = (box.y + y) * frameWidth + box.x + x
                let through = SIMD4<Float>(repeating: 1) - taken
                let old = SIMD4<Float>(Float(light[index].x), Float(light[index].y), Float(light[index].z), 0)
                let new = old * through
                light[index] = SIMD4<UInt16>(UInt16(new.x), UInt16(new.y), UInt16(new.z), 0)
            }
        }
    }
}
