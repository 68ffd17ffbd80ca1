import Operations
import Raster
import Testing

/// An aggregate's outline with three pellets in it, as a bright-field picture shows it.
private let aggregate = Mask(
    "..................",
    "..#############...",
    "..#...........#...",
    "..#.##..##....#...",
    "..#.##..##.##.#...",
    "..#........##.#...",
    "..#...........#...",
    "..#############...",
    "..................")

@Test(arguments: [(NestedPolicy.outermost, 1), (.all, 4), (.innerOnly, 3)])
func `an aggregate with three pellets counts by policy`(policy: NestedPolicy, count: Int) {
    let regions = aggregate.regions(RegionRules(nested: policy))
    #expect(regions.count == 4)
    #expect(regions.count { $0.reject == nil } == count)
    #expect(regions[0].innerCount == 3 && regions[0].parent == nil)
    #expect(regions.dropFirst().allSatisfy { $0.parent == 0 && $0.innerCount == 0 })
}

@Test func `every dropped segment names its rule and the counts add up`() {
    let mask = Mask(
        "#.......########",
        "........########",
        "................",
        ".########.......",
        ".#......#..##...",
        ".#.##.#.#..##...",
        ".#.##.#.#.......",
        ".#....#.#......#",
        ".#......#.......",
        ".########.......",
        "................")
    let rules = RegionRules(minArea: 4, maxArea: 30, nested: .outermost, border: .drop)
    let regions = mask.regions(rules)
    // A speck, a bar at the frame, a ring, a free block, a block and a speck in the ring, another speck.
    let expected: [RejectRule?] = [.tooSmall, .touchesBorder, nil, nil, .nestedInside, .tooSmall, .tooSmall]
    #expect(regions.map(\.reject) == expected)
    #expect(regions.count == mask.components().count)
    #expect(regions.reduce(0) { $0 + $1.area } == mask.area)
    let rejected = Dictionary(grouping: regions, by: \.reject).mapValues(\.count)
    #expect(rejected.values.reduce(0, +) == regions.count)
}

@Test func `specks in a hole are no inner objects, and a dropped ring takes nothing with it`() {
    let speck = Mask("#####", "#...#", "#.#.#", "#...#", "#####")
    let regions = speck.regions(RegionRules(minArea: 2))
    #expect(regions.map(\.reject) == [nil, .tooSmall] && regions[0].innerCount == 0 && regions[1].parent == 0)
    let withoutRing = speck.regions(RegionRules(maxArea: 10))
    #expect(withoutRing.map(\.reject) == [.tooLarge, nil] && withoutRing[1].parent == nil)
    let noFrame = speck.regions(RegionRules(border: .drop))
    #expect(noFrame.map(\.reject) == [.touchesBorder, nil])
}

@Test func `a chain of rings knows parent and depth`() {
    let rings = Mask("#######", "#.....#", "#.###.#", "#.#.#.#", "#.###.#", "#.....#", "#######")
    let with = Mask.union(of: [rings, Mask(bounds: rings.bounds, joining: [Run(y: 3, first: 3, last: 3)])])
    #expect(with.regions(RegionRules(nested: .all)).count == 2)
    let regions = rings.regions(RegionRules(nested: .all))
    #expect(regions.map(\.parent) == [nil, 0] && regions.map(\.innerCount) == [1, 0])
    let three = Mask("#########", "#.......#", "#.#####.#", "#.#...#.#", "#.#.#.#.#", "#.#...#.#", "#.#####.#", "#.......#", "#########")
    let nested = three.regions(RegionRules(nested: .all))
    #expect(nested.map(\.parent) == [nil, 0, 1] && nested.map(\.innerCount) == [2, 1, 0])
    #expect(three.regions(RegionRules(nested: .innerOnly)).map(\.reject) == [.notInner, nil, nil])
    #expect(three.regions(RegionRules(nested: .outermost)).map(\.reject) == [nil, .nestedInside, .nestedInside])
}

@Test func `sides of the frame are noted`() {
    let regions = Mask("#..", "...", "###").regions(RegionRules())
    #expect(regions.map(\.touches) == [[.left, .top], [.left, .right, .bottom]])
}

@Test(arguments: Connectivity.allCases)
func `nesting equals asking which filled outline holds a region`(connectivity: Connectivity) {
    for mask in drawnMasks(seed: 7) {
        let regions = mask.regions(RegionRules(connectivity: connectivity, nested: .all))
        let filled = regions.map { $0.mask.filledHoles(background: connectivity.complement) }
        for (index, region) in regions.enumerated() {
            let around = regions.indices.filter { $0 != index && filled[$0].intersects(region.mask) && !filled[index].intersects(regions[$0].mask) }
            // The nearest is the one that lies inside all others.
            #expect(region.parent == around.max { filled[$0].area > filled[$1].area || ($0 < $1 && filled[$0].area == filled[$1].area) })
        }
    }
}

@Test func `an empty mask has no regions`() {
    #expect(Mask("...").regions(RegionRules()).isEmpty)
}
