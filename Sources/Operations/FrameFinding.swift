import Foundation
import Raster

/// The part of an image inside a dark or bright rim: the inside of a scanner's tray, the round field of a microscope, a slide in its holder.
public struct FoundFrame: Sendable, Hashable {
    public enum Shape: String, Sendable, Codable, CaseIterable {
        case rectangle, circle
        /// Neither fits: the convex outline of what lies inside the rim.
        case outline
    }

    public let shape: Shape
    /// Outline in pixels, centres at whole numbers; may reach past the image where the rim does not.
    public let ring: [Point]
    /// Whether the rim is darker than what it encloses.
    public let isRimDark: Bool

    /// Pixels inside, at least `margin` pixels from the limit; the edges of the image are no limit.
    public func mask(in bounds: Rect, margin: Int = 0) -> Mask {
        let inside = Mask.polygon([ring], bounds: bounds)
        guard margin > 0, !inside.isEmpty else { return inside }
        let outside = inside.inverted
        guard !outside.isEmpty else { return inside }
        return inside.subtracting(outside.dilated(.disk(radius: margin)).clipped(to: bounds))
    }
}

extension Image where Pixel == UInt8 {
    /// Finds a rim around the picture that parts sharply from what it encloses; nil where there is none.
    ///
    /// A rim is connected to the edge of the image, makes up an eighth of the outermost pixels, and differs from the most frequent level of the
    /// middle by 24 levels or more. A lamp's falloff is no rim, because nowhere does it step; neither is an object at the edge, because the
    /// rest of its outline would have to be a rim too. Objects that touch the rim do not dent the shape found.
    /// - Complexity: one pass for a picture of at most 512 pixels a side, where all is found; then some pixels along the limit, which is
    ///   found to a pixel for rectangles and circles.
    /// - Source: ours; a plain version by exhaustive search, drawn scenes and real pictures are in the tests.
    public func foundFrame() -> FoundFrame? {
        let factor = (Swift.max(width, height) + 511) / 512
        guard factor > 0, width >= 32 * factor, height >= 32 * factor else { return nil }
        guard let small = try? factor == 1 ? self : resized(width: (width + factor - 1) / factor, height: (height + factor - 1) / factor, .area) else { return nil }
        guard let rim = Rim(small) else { return nil }
        let scale = (x: Double(width) / Double(small.width), y: Double(height) / Double(small.height))
        let found: FoundFrame
        if let box = rim.rectangle() {
            found = refined(box, rim: rim, scale: scale)
        } else if let circle = rim.circle() {
            found = refined(circle, rim: rim, scale: scale)
        } else {
            // Any shape fits itself, so more of it must be seen.
            guard rim.isSharp(along: rim.hull, seen: 0.4) else { return nil }
            let ring = rim.hull.map { Point(x: ($0.x + 0.5) * scale.x - 0.5, y: ($0.y + 0.5) * scale.y - 0.5) }
            found = FoundFrame(shape: .outline, ring: ring, isRimDark: rim.isDark)
        }
        return found
    }

    /// Moves each side to where the mean level along it crosses the middle between rim and field.
    private func refined(_ box: Box, rim: Rim, scale: (x: Double, y: Double)) -> FoundFrame {
        let reach = Int(3 * Swift.max(scale.x, scale.y)) + 2
        func limit(_ place: Double, isImageEdge: Bool, outward: Int, length: Int, level: (Int) -> Double) -> Double {
            guard !isImageEdge else { return place }
            // From inside outward, the first line that is rim; the limit lies before it.
            let start = Int(place.rounded()) - outward * reach
            for step in 0...(2 * reach) {
                let line = start + outward * step
                guard line >= 0, line < length else { break }
                if rim.isRim(level(line)) { return Double(line) - 0.5 * Double(outward) }
            }
            return place
        }
        let (left, right) = (box.left * scale.x - 0.5, box.right * scale.x - 0.5)
        let (top, bottom) = (box.top * scale.y - 0.5, box.bottom * scale.y - 0.5)
        func span(_ from: Double, _ to: Double, _ length: Int) -> Range<Int> {
            let inset = (to - from) / 5
            let first = Swift.max(0, Swift.min(length - 1, Int(from + inset)))
            return first..<Swift.max(first + 1, Swift.min(length, Int(to - inset)))
        }
        let (columns, rows) = (span(left, right, width), span(top, bottom, height))
        return withBuffer { pixels in
            func row(_ y: Int) -> Double { Double(columns.reduce(0) { $0 + Int(pixels[y * width + $1]) }) / Double(columns.count) }
            func column(_ x: Int) -> Double { Double(rows.reduce(0) { $0 + Int(pixels[$1 * width + x]) }) / Double(rows.count) }
            let x0 = limit(left, isImageEdge: box.left <= 0, outward: -1, length: width, level: column)
            let x1 = limit(right, isImageEdge: box.right >= Double(rim.field.bounds.width), outward: 1, length: width, level: column)
            let y0 = limit(top, isImageEdge: box.top <= 0, outward: -1, length: height, level: row)
            let y1 = limit(bottom, isImageEdge: box.bottom >= Double(rim.field.bounds.height), outward: 1, length: height, level: row)
            return FoundFrame(
                shape: .rectangle, ring: [Point(x: x0, y: y0), Point(x: x1, y: y0), Point(x: x1, y: y1), Point(x: x0, y: y1)], isRimDark: rim.isDark)
        }
    }

    /// Looks along rays for where the rim begins, and fits the circle again to these places.
    private func refined(_ circle: Circle, rim: Rim, scale: (x: Double, y: Double)) -> FoundFrame {
        let factor = (scale.x + scale.y) / 2
        var fine = Circle(x: (circle.x + 0.5) * scale.x - 0.5, y: (circle.y + 0.5) * scale.y - 0.5, radius: circle.radius * factor)
        let reach = 3 * factor + 2
        var places: [Point] = []
        for ray in 0..<360 {
            let (dx, dy) = (cos(Double(ray) * .pi / 180), sin(Double(ray) * .pi / 180))
            var radius = fine.radius - reach
            while radius <= fine.radius + reach {
                let (x, y) = (Int((fine.x + radius * dx).rounded()), Int((fine.y + radius * dy).rounded()))
                guard bounds.contains(x: x, y: y) else { break }
                if rim.isRim(Double(self[x, y])) {
                    places.append(Point(x: fine.x + (radius - 0.25) * dx, y: fine.y + (radius - 0.25) * dy))
                    break
                }
                radius += 0.5
            }
        }
        if let better = Circle(places), abs(better.radius - fine.radius) <= reach { fine = better }
        let ring = (0..<256).map { step in
            let angle = Double(step) * .pi / 128
            return Point(x: fine.x + fine.radius * cos(angle), y: fine.y + fine.radius * sin(angle))
        }
        return FoundFrame(shape: .circle, ring: ring, isRimDark: rim.isDark)
    }
}

/// Rim of a small picture, and the field inside.
private struct Rim {
    let isDark: Bool
    /// Level in the middle between rim and field.
    let level: Double
    private let contrast: Double
    private let image: Image<UInt8>
    /// What the rim encloses, smoothed and without holes.
    let field: Mask
    /// Convex outline of the field.
    let hull: [Point]
    private let hullMask: Mask

    init?(_ image: Image<UInt8>) {
        let (width, height) = (image.width, image.height)
        let middle = Mask.full(Rect(x: width / 5, y: height / 5, width: width - 2 * (width / 5), height: height - 2 * (height / 5)))
        let ground = Rim.mode(image.histogram(under: middle).counts)
        let edge = Mask.full(image.bounds).subtracting(.full(image.bounds.expanded(by: -2)))
        let edgeCounts = image.histogram(under: edge).counts
        let total = edgeCounts.reduce(0, +)
        let dark = edgeCounts.prefix(Swift.max(0, ground - 23)).reduce(0, +)
        let bright = edgeCounts.dropFirst(ground + 24).reduce(0, +)
        guard Swift.max(dark, bright) * 8 >= total else { return nil }
        isDark = dark >= bright
        // Median of what is rim at the edge.
        var seen = 0
        let levels = isDark ? Array(0..<Swift.max(0, ground - 23)) : Array((ground + 24)..<256)
        guard let rimLevel = levels.first(where: { seen += edgeCounts[$0]; return 2 * seen >= Swift.max(dark, bright) }) else { return nil }
        let between = Double(rimLevel + ground) / 2
        (level, contrast) = (between, abs(Double(rimLevel - ground)))
        self.image = image
        let same = isDark ? image.mask(darkerThanOrEqual: UInt8(between)) : image.mask(brighterThan: UInt8(between))
        let rim = Mask.union(of: [Mask(bounds: image.bounds, sortedRuns: [])] + same.components(connectivity: .four).filter { !BorderSides(of: $0.boundingBox, in: image.bounds).isEmpty })
        let radius = Swift.max(2, Swift.min(width, height) / 64)
        let opened = rim.inverted.opened(.disk(radius: radius))
        guard let largest = opened.components(connectivity: .four).max(by: { $0.area < $1.area }) else { return nil }
        let field = Mask(bounds: image.bounds, sortedRuns: largest.filledHoles().runs)
        guard 5 * field.area >= width * height else { return nil }
        self.field = field
        var rows: [RowExtent] = []
        for run in field.runs {
            if let end = rows.indices.last, rows[end].y == Int(run.y) {
                rows[end].last = Swift.max(rows[end].last, Int(run.last))
            } else {
                rows.append((y: Int(run.y), first: Int(run.first), last: Int(run.last)))
            }
        }
        hull = ConvexHull(rows: rows).vertices.map { Point(x: Double($0.x) / 2, y: Double($0.y) / 2) }
        hullMask = Mask.polygon([hull], bounds: image.bounds)
        // A frame is nearly convex; a field that hardly fills its outline is the ground between large objects.
        guard Double(field.area) >= 0.85 * Double(hullMask.area) else { return nil }
    }

    func isRim(_ value: Double) -> Bool { isDark ? value <= level : value > level }

    /// Most frequent level, smoothed over five.
    private static func mode(_ counts: [Int]) -> Int {
        counts.indices.max { a, b in
            func around(_ level: Int) -> Int { (Swift.max(0, level - 2)...Swift.min(255, level + 2)).reduce(0) { $0 + counts[$1] } }
            return around(a) < around(b)
        } ?? 0
    }

    /// How much of both is common.
    private func overlap(_ mask: Mask) -> Double {
        let common = mask.intersection(hullMask).area
        return Double(common) / Double(Swift.max(1, mask.area + hullMask.area - common))
    }

    /// Upright rectangle when it fits; limits between pixels, at the image's edge where there is no rim.
    func rectangle() -> Box? {
        func middle(_ values: [Int]) -> Int {
            let sorted = values.sorted()
            return sorted[sorted.count / 2]
        }
        let box = hullMask.boundingBox
        let rows = Dictionary(grouping: hullMask.runs, by: \.y)
        let across = ((box.y + box.height / 10)..<Swift.max(box.y + box.height / 10 + 1, box.maxY - box.height / 10)).compactMap { rows[Int32($0)] }
        guard !across.isEmpty else { return nil }
        let left = middle(across.map { Int($0[0].first) })
        let right = middle(across.map { Int($0[$0.count - 1].last) + 1 })
        var (tops, bottoms): ([Int], [Int]) = ([], [])
        for x in (box.x + box.width / 10)..<Swift.max(box.x + box.width / 10 + 1, box.maxX - box.width / 10) {
            if let y = (box.y..<box.maxY).first(where: { hullMask.contains(x: x, y: $0) }) { tops.append(y) }
            if let y = (box.y..<box.maxY).last(where: { hullMask.contains(x: x, y: $0) }) { bottoms.append(y + 1) }
        }
        guard !tops.isEmpty else { return nil }
        let (top, bottom) = (middle(tops), middle(bottoms))
        guard right > left, bottom > top, overlap(.full(Rect(minX: left, minY: top, maxX: right, maxY: bottom))) >= 0.97 else { return nil }
        let (x0, y0, x1, y1) = (Double(left) - 0.5, Double(top) - 0.5, Double(right) - 0.5, Double(bottom) - 0.5)
        guard isSharp(along: [Point(x: x0, y: y0), Point(x: x1, y: y0), Point(x: x1, y: y1), Point(x: x0, y: y1)]) else { return nil }
        return Box(left: Double(left), top: Double(top), right: Double(right), bottom: Double(bottom))
    }

    func circle() -> Circle? {
        // Where the outline runs along the edge of the image, the circle goes on outside.
        let inner = image.bounds.expanded(by: -3)
        let outline = Rim.places(along: hull).filter { inner.contains(x: Int($0.x.rounded()), y: Int($0.y.rounded())) }
        guard let circle = Circle(outline) else { return nil }
        let ring = (0..<128).map { step in
            let angle = Double(step) * .pi / 64
            return Point(x: circle.x + circle.radius * cos(angle), y: circle.y + circle.radius * sin(angle))
        }
        guard overlap(.polygon([ring], bounds: image.bounds)) >= 0.97, isSharp(along: ring) else { return nil }
        return circle
    }

    /// Whether the level steps by half of the contrast within some pixels, nearly everywhere along the outline inside the image.
    /// - Parameter seen: least share of the outline that must lie inside the image.
    func isSharp(along ring: [Point], seen: Double = 0) -> Bool {
        let middle = ring.reduce(Point(x: 0, y: 0)) { Point(x: $0.x + $1.x / Double(ring.count), y: $0.y + $1.y / Double(ring.count)) }
        var (steps, all) = (0, 0)
        let places = Rim.places(along: ring)
        for place in places {
            let (dx, dy) = (place.x - middle.x, place.y - middle.y)
            let length = Swift.max(1e-9, (dx * dx + dy * dy).squareRoot())
            func value(_ offset: Double) -> Double? {
                let (x, y) = (Int((place.x + dx / length * offset).rounded()), Int((place.y + dy / length * offset).rounded()))
                return image.bounds.contains(x: x, y: y) ? Double(image[x, y]) : nil
            }
            guard let inside = value(-4), let outside = value(4) else { continue }
            all += 1
            if (isDark ? inside - outside : outside - inside) >= contrast / 2 { steps += 1 }
        }
        return all >= 16 && Double(all) >= seen * Double(places.count) && Double(steps) >= 0.7 * Double(all)
    }

    /// Places one pixel apart along the sides.
    private static func places(along ring: [Point]) -> [Point] {
        ring.indices.flatMap { index -> [Point] in
            let (a, b) = (ring[index], ring[(index + 1) % ring.count])
            let count = Swift.max(1, Int(((b.x - a.x) * (b.x - a.x) + (b.y - a.y) * (b.y - a.y)).squareRoot()))
            return (0..<count).map { Point(x: a.x + (b.x - a.x) * Double($0) / Double(count), y: a.y + (b.y - a.y) * Double($0) / Double(count)) }
        }
    }
}

/// Limits between pixels: pixel x lies between x and x + 1.
private struct Box {
    let left, top, right, bottom: Double
}

private struct Circle {
    let x, y, radius: Double

    init(x: Double, y: Double, radius: Double) { (self.x, self.y, self.radius) = (x, y, radius) }

    /// Least squares (Kåsa), three times, each time without what lies farther off than twice the median.
    init?(_ points: [Point]) {
        var used = points
        var circle: Circle?
        for _ in 0..<4 {
            guard used.count >= 12, let fit = Circle(fitting: used) else { return nil }
            circle = fit
            func distance(_ point: Point) -> Double {
                abs(((point.x - fit.x) * (point.x - fit.x) + (point.y - fit.y) * (point.y - fit.y)).squareRoot() - fit.radius)
            }
            let median = used.map(distance).sorted()[used.count / 2]
            used = points.filter { distance($0) <= Swift.max(0.75, 2 * median) }
        }
        guard let circle else { return nil }
        self = circle
    }

    private init?(fitting points: [Point]) {
        let count = Double(points.count)
        let (mx, my) = (points.reduce(0) { $0 + $1.x } / count, points.reduce(0) { $0 + $1.y } / count)
        var (xx, xy, yy, xz, yz) = (0.0, 0.0, 0.0, 0.0, 0.0)
        for point in points {
            let (u, v) = (point.x - mx, point.y - my)
            let z = u * u + v * v
            (xx, xy, yy, xz, yz) = (xx + u * u, xy + u * v, yy + v * v, xz + u * z, yz + v * z)
        }
        let determinant = xx * yy - xy * xy
        guard determinant > 1e-6 * xx * yy else { return nil }
        let (u, v) = ((xz * yy - yz * xy) / determinant / 2, (yz * xx - xz * xy) / determinant / 2)
        (x, y) = (mx + u, my + v)
        radius = (u * u + v * v + (xx + yy) / count).squareRoot()
    }
}
