import Operations
import Raster
import Testing

/// Whether a pixel of the object has a neighbour outside of the area, side by side.
private func plain(_ object: Mask, in area: Mask) -> BorderSides {
    var sides: BorderSides = []
    for run in object.runs {
        for x in Int(run.first)...Int(run.last) {
            let y = Int(run.y)
            if !area.contains(x: x - 1, y: y) { sides.insert(.left) }
            if !area.contains(x: x, y: y - 1) { sides.insert(.top) }
            if !area.contains(x: x + 1, y: y) { sides.insert(.right) }
            if !area.contains(x: x, y: y + 1) { sides.insert(.bottom) }
        }
    }
    return sides
}

@Test func `objects touch the sides on which the area ends beside them`() {
    let area = Mask(
        "..........",
        "...####...",
        "..######..",
        ".########.",
        "..######..",
        "..........")
    let limit = AreaLimit(area)
    func at(_ x: Int, _ y: Int) -> BorderSides { limit.sides(of: Mask(bounds: area.bounds, sortedRuns: [Run(y: y, first: x, last: x)])) }
    #expect(at(4, 2) == [])
    #expect(at(3, 1) == [.left, .top])
    #expect(at(1, 3) == [.left, .top, .bottom])
    #expect(at(5, 4) == .bottom)
    #expect(at(8, 3) == [.top, .right, .bottom])
    #expect(limit.sides(of: area) == [.left, .top, .right, .bottom])
    #expect(limit.sides(of: Mask(bounds: area.bounds, sortedRuns: [])) == [])
}

@Test func `limits of random areas equal the plain version`() {
    var random = Random(seed: 8)
    for _ in 0..<60 {
        let bounds = Rect(x: 0, y: 0, width: 40, height: 30)
        var area = Mask(bounds: bounds, sortedRuns: [])
        for _ in 0..<3 {
            let (x, y) = (Int.random(in: 0..<30, using: &random), Int.random(in: 0..<20, using: &random))
            let part = Rect(x: x, y: y, width: Int.random(in: 2...20, using: &random), height: Int.random(in: 2...15, using: &random)).intersection(bounds)
            area = Mask(bounds: bounds, sortedRuns: area.union(.full(part)).runs)
        }
        var spots: [Run] = []
        for run in area.runs where Bool.random(using: &random) {
            let first = Int.random(in: Int(run.first)...Int(run.last), using: &random)
            spots.append(Run(y: Int(run.y), first: first, last: Int.random(in: first...Int(run.last), using: &random)))
        }
        let mask = Mask(bounds: bounds, joining: spots)
        let limit = AreaLimit(area)
        for object in mask.components() { #expect(limit.sides(of: object) == plain(object, in: area)) }
        let found = mask.regions(RegionRules(nested: .all, border: .drop), area: area)
        #expect(found.map(\.touches) == found.map { plain($0.mask, in: area) })
        #expect(found.allSatisfy { ($0.reject == .touchesBorder) == !$0.touches.isEmpty })
        // An area that is the whole frame changes nothing.
        #expect(mask.regions(RegionRules(nested: .all, border: .drop), area: .full(bounds)) == mask.regions(RegionRules(nested: .all, border: .drop)))
    }
}

@Test func `levels under a mask count its pixels only`() {
    var random = Random(seed: 2)
    let image = Image<UInt8>(width: 37, height: 21, pixels: (0..<777).map { _ in UInt8.random(in: 0...255, using: &random) })
    let wide = Image<UInt16>(width: 37, height: 21, pixels: (0..<777).map { _ in UInt16.random(in: 0...65535, using: &random) })
    let mask = Mask.polygon([[Point(x: 3, y: 2), Point(x: 35, y: 4), Point(x: 20, y: 30)]], bounds: Rect(x: -5, y: -5, width: 60, height: 60))
    var (narrowCounts, wideCounts) = ([Int](repeating: 0, count: 256), [Int](repeating: 0, count: 65536))
    for y in 0..<21 {
        for x in 0..<37 where mask.contains(x: x, y: y) {
            narrowCounts[Int(image[x, y])] += 1
            wideCounts[Int(wide[x, y])] += 1
        }
    }
    #expect(image.histogram(under: mask).counts == narrowCounts)
    #expect(wide.histogram(under: mask).counts == wideCounts)
    #expect(image.histogram(under: .full(image.bounds)) == image.histogram())
}
