import Operations
import Raster
import Testing

/// What the stream says about a mask cut into strips of these heights, in the form of `regions(_:)`.
private func streamed(_ mask: Mask, _ rules: RegionRules, largeFrom: Int = 1 << 16, heights: () -> Int) -> [ExtractedRegion] {
    let stream = RegionStream(frame: mask.bounds, rules: rules, largeFrom: largeFrom)
    var closed: [Int: ClosedRegion] = [:]
    func take(before y: Int?) {
        for region in stream.takeClosed() {
            #expect(closed.updateValue(region, forKey: region.id) == nil)
            if let y { #expect(region.mask.bounds.maxY < y) }
        }
    }
    var y = mask.bounds.y
    while y < mask.bounds.maxY {
        let end = min(mask.bounds.maxY, y + heights())
        let box = Rect(minX: mask.bounds.x, minY: y, maxX: mask.bounds.maxX, maxY: end)
        stream.add(Mask(bounds: box, sortedRuns: mask.runs.filter { $0.y >= y && $0.y < end }))
        take(before: end)
        // Everything that ended above the last row is out.
        let ended = mask.components(connectivity: rules.connectivity).count { $0.bounds.maxY < end }
        #expect(closed.count == ended)
        y = end
    }
    let verdicts = stream.finish()
    take(before: nil)
    #expect(verdicts.map(\.id) == closed.keys.sorted())
    return verdicts.map { verdict in
        let region = closed[verdict.id]!
        if region.reject != nil { #expect(region.reject == verdict.reject) }
        return ExtractedRegion(
            mask: region.mask, area: region.area, parent: verdict.parent, innerCount: verdict.innerCount, touches: region.touches,
            reject: verdict.reject)
    }
}

@Test(arguments: Connectivity.allCases)
func `strips of any heights give the regions of the whole mask`(connectivity: Connectivity) {
    var random = Random(seed: 11)
    for mask in drawnMasks(seed: 5) + drawnRings(seed: 3) {
        for rules in [
            RegionRules(connectivity: connectivity, nested: .all),
            RegionRules(connectivity: connectivity, minArea: 3, maxArea: 150, nested: .outermost, border: .drop),
            RegionRules(connectivity: connectivity, minArea: 2, nested: .innerOnly),
        ] {
            let whole = mask.regions(rules)
            #expect(streamed(mask, rules) { 1 } == whole)
            #expect(streamed(mask, rules) { Int.random(in: 1...9, using: &random) } == whole)
            #expect(streamed(mask, rules) { 1000 } == whole)
            // Some or all components as bits.
            for runs in [1, 2, 5] { #expect(streamed(mask, rules, largeFrom: runs) { Int.random(in: 1...9, using: &random) } == whole) }
        }
    }
}

@Test func `a mask that does not begin at the corner is labelled in its own coordinates`() {
    let mask = Mask(bounds: Rect(x: 30, y: 200, width: 5, height: 4), joining: [
        Run(y: 200, first: 30, last: 34), Run(y: 201, first: 30, last: 30), Run(y: 201, first: 34, last: 34), Run(y: 202, first: 32, last: 32),
    ])
    #expect(streamed(mask, RegionRules(nested: .all)) { 1 } == mask.regions(RegionRules(nested: .all)))
}

@Test func `rejected components need not come out, and count all the same`() {
    let mask = Mask("#####", "#...#", "#.#.#", "#...#", "#####")
    let stream = RegionStream(frame: mask.bounds, rules: RegionRules(minArea: 2), emitsRejected: false)
    stream.add(mask)
    let verdicts = stream.finish()
    #expect(stream.takeClosed().map(\.area) == [16])
    #expect(verdicts.map(\.reject) == [nil, .tooSmall] && verdicts[1].parent == 0)
}

@Test func `the first open row is that of the component that reaches farthest up`() {
    let stream = RegionStream(frame: Rect(x: 0, y: 0, width: 5, height: 4), rules: RegionRules())
    #expect(stream.firstOpenRow == 0)
    stream.add(Mask(bounds: Rect(x: 0, y: 0, width: 5, height: 1), sortedRuns: []))
    #expect(stream.firstOpenRow == 1)
    stream.add(Mask(bounds: Rect(x: 0, y: 1, width: 5, height: 1), sortedRuns: [Run(y: 1, first: 0, last: 1)]))
    stream.add(Mask(bounds: Rect(x: 0, y: 2, width: 5, height: 1), sortedRuns: [Run(y: 2, first: 0, last: 0), Run(y: 2, first: 4, last: 4)]))
    #expect(stream.firstOpenRow == 1)
    stream.add(Mask(bounds: Rect(x: 0, y: 3, width: 5, height: 1), sortedRuns: [Run(y: 3, first: 4, last: 4)]))
    #expect(stream.firstOpenRow == 2)
}

/// Crossing outlines, which make nests of many depths and components that join late.
func drawnRings(seed: UInt64) -> [Mask] {
    var random = Random(seed: seed)
    return [12, 40, 90].map { size in
        var plain = PlainMask(width: size, height: size)
        for _ in 0..<(size / 4) {
            let (x, y) = (Int.random(in: -3..<size, using: &random), Int.random(in: -3..<size, using: &random))
            let (width, height) = (Int.random(in: 1...(size / 2), using: &random), Int.random(in: 1...(size / 2), using: &random))
            let (right, bottom) = (x + width, y + height)
            plain = plain.map { column, row in
                let isRim = column == x || column == right || row == y || row == bottom
                return plain[column, row] || isRim && (x...right).contains(column) && (y...bottom).contains(row)
            }
        }
        return plain.mask
    }
}

@Test func `components of many runs come out as bits, the others as runs`() {
    // A comb whose teeth join in the last row, and a dot above its gaps.
    var runs = [Run(y: 0, first: 199, last: 199)]
    for y in 1..<40 { for tooth in 0..<50 { runs.append(Run(y: y, first: 4 * tooth, last: 4 * tooth + 1)) } }
    runs.append(Run(y: 40, first: 0, last: 199))
    let mask = Mask(bounds: Rect(x: 0, y: 0, width: 200, height: 41), sortedRuns: runs)
    let stream = RegionStream(frame: mask.bounds, rules: RegionRules(nested: .all), largeFrom: 30)
    stream.add(mask)
    stream.close()
    let closed = stream.takeClosed()
    #expect(closed.map { $0.large != nil } == [false, true])
    #expect(closed.map(\.mask) == mask.components())
    #expect(stream.finish().map(\.id) == closed.map(\.id).sorted())
}
