/// How a part of a body takes light away.
struct Brush {
    /// 0 (clear) … 1 (black).
    var opacity: Float
    /// Share of the opacity in blue, green and red.
    var tint: SIMD4<Float>
    /// Extra opacity along the edge, as cell walls and shells have.
    var rim: Float = 0
    /// Strength of the mottling.
    var texture: Float = 0
    /// Depth in pixels at which the full opacity is reached; bodies are thinner at their edge.
    var depth: Float = 6

    static let clear = SIMD4<Float>(1, 0.92, 0.83, 0)
    static let brown = SIMD4<Float>(1, 0.88, 0.74, 0)
    static let green = SIMD4<Float>(1, 0.80, 0.84, 0)
    static let gray = SIMD4<Float>(0.99, 0.97, 0.95, 0)
    static let orange = SIMD4<Float>(1, 0.74, 0.50, 0)
    static let red = SIMD4<Float>(1, 0.98, 0.72, 0)
    static let dark = SIMD4<Float>(1, 0.98, 0.95, 0)
}

/// A body as simple shapes around its own origin, before it is placed in the frame.
struct Sketch {
    enum Shape {
        /// Two discs and all between them.
        case cone(Double, Double, Double, Double, Double, Double)
        /// Discs along a line and all between each two neighbours, one body without inner edges.
        case spindle([(x: Double, y: Double, radius: Double)])
        /// Centre, half axes, direction of the first.
        case ellipse(Double, Double, Double, Double, Double, Double)
    }
    struct Part {
        var shape: Shape
        var brush: Brush
    }

    private(set) var parts: [Part] = []
    /// Box around the body; it always holds the origin.
    private(set) var (minX, minY, maxX, maxY) = (0.0, 0.0, 0.0, 0.0)
    private let direction: Turn
    private let size: Double
    let texture: ValueNoise

    /// Everything added is turned by `turns`, about the origin, and scaled by `size`.
    init(turns: Double, size: Double = 1, texture: UInt64) {
        direction = Turn(turns)
        self.size = size
        self.texture = ValueNoise(seed: texture, cell: 5)
    }

    private func placed(_ x: Double, _ y: Double) -> (Double, Double) {
        ((x * direction.cos - y * direction.sin) * size, (x * direction.sin + y * direction.cos) * size)
    }

    private mutating func grow(_ x: Double, _ y: Double, _ r: Double) {
        (minX, minY) = (min(minX, x - r), min(minY, y - r))
        (maxX, maxY) = (max(maxX, x + r), max(maxY, y + r))
    }

    /// Radii are in final pixels when `fixed`: hairs are as thin on a large body as on a small one.
    mutating func cone(_ x0: Double, _ y0: Double, _ r0: Double, _ x1: Double, _ y1: Double, _ r1: Double, _ brush: Brush, fixed: Bool = false) {
        let (a, b) = (placed(x0, y0), placed(x1, y1))
        let (ra, rb) = fixed ? (r0, r1) : (r0 * size, r1 * size)
        grow(a.0, a.1, ra)
        grow(b.0, b.1, rb)
        parts.append(Part(shape: .cone(a.0, a.1, ra, b.0, b.1, rb), brush: brush))
    }

    mutating func spindle(_ points: [(Double, Double, Double)], _ brush: Brush) {
        let discs = points.map { x, y, r in
            let at = placed(x, y)
            grow(at.0, at.1, r * size)
            return (x: at.0, y: at.1, radius: r * size)
        }
        parts.append(Part(shape: .spindle(discs), brush: brush))
    }

    mutating func ellipse(_ x: Double, _ y: Double, _ a: Double, _ b: Double, turns: Double = 0, _ brush: Brush) {
        let c = placed(x, y)
        let own = Turn(turns)
        let (dx, dy) = (own.cos * direction.cos - own.sin * direction.sin, own.cos * direction.sin + own.sin * direction.cos)
        grow(c.0, c.1, max(a, b) * size)
        parts.append(Part(shape: .ellipse(c.0, c.1, a * size, b * size, dx, dy), brush: brush))
    }

    /// Curved hair through the points, from radius to radius (final pixels).
    mutating func hair(_ points: [(Double, Double)], _ first: Double, _ last: Double, _ brush: Brush) {
        for index in 1..<points.count {
            let (t0, t1) = (Double(index - 1) / Double(points.count - 1), Double(index) / Double(points.count - 1))
            cone(
                points[index - 1].0, points[index - 1].1, first + (last - first) * t0, points[index].0, points[index].1, first + (last - first) * t1, brush,
                fixed: true)
        }
    }

    /// Radius of a circle around the origin that holds the body.
    var radius: Double {
        let (x, y) = (max(-minX, maxX), max(-minY, maxY))
        return (x * x + y * y).squareRoot()
    }
}
