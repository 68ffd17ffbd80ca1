import Operations
import Raster
import Testing

private func distance(_ x: Double, _ y: Double, _ a: Point, _ b: Point) -> Double {
    let (dx, dy) = (b.x - a.x, b.y - a.y)
    let length = dx * dx + dy * dy
    let t = length > 0 ? min(1, max(0, ((x - a.x) * dx + (y - a.y) * dy) / length)) : 0
    let (u, v) = (x - a.x - t * dx, y - a.y - t * dy)
    return (u * u + v * v).squareRoot()
}

@Test func `a stroke holds the pixels within half its width`() {
    var random = Random(seed: 8)
    let bounds = Rect(x: 0, y: 0, width: 50, height: 40)
    for width in [1.0, 1.5, 2, 3, 7.3] {
        let points = (0..<4).map { _ in Point(x: Double.random(in: -10...60, using: &random), y: Double.random(in: -10...50, using: &random)) }
        let mask = Mask.line(points, width: width, bounds: bounds)
        for y in 0..<40 {
            for x in 0..<50 {
                let least = zip(points, points.dropFirst()).map { distance(Double(x), Double(y), $0, $1) }.min()!
                let corner = points.contains { $0.x.rounded() == Double(x) && $0.y.rounded() == Double(y) }
                if abs(least - width / 2) > 1e-6 { #expect(mask.contains(x: x, y: y) == (least <= width / 2 || corner)) }
            }
        }
    }
}

@Test func `thin strokes have no gaps and a dot is one pixel at least`() {
    var random = Random(seed: 12)
    let bounds = Rect(x: 0, y: 0, width: 60, height: 60)
    for _ in 0..<200 {
        let points = (0..<3).map { _ in Point(x: Double.random(in: 0...59, using: &random), y: Double.random(in: 0...59, using: &random)) }
        #expect(Mask.line(points, width: 0, bounds: bounds).componentCount(connectivity: .eight) == 1)
        #expect(!Mask.line([points[0]], width: 0, bounds: bounds).isEmpty)
    }
}

@Test func `strokes outside, without points or of nonsense are empty`() {
    let bounds = Rect(x: 0, y: 0, width: 5, height: 5)
    #expect(Mask.line([], width: 3, bounds: bounds).isEmpty)
    #expect(Mask.line([Point(x: 100, y: 100), Point(x: 1e300, y: 200)], width: 3, bounds: bounds).isEmpty)
    #expect(Mask.line([Point(x: .nan, y: 2)], width: 3, bounds: bounds).isEmpty)
    #expect(Mask.line([Point(x: 2, y: 2)], width: .infinity, bounds: bounds).isEmpty)
}
