import Raster

extension Mask {
    /// Divides the mask by flooding from markers over a height map, lowest pixels first.
    ///
    /// - Parameters:
    ///   - heights: size of `bounds`, pixel (0, 0) at its corner; see `separated` for heights from distances.
    ///   - markers: pixels in image coordinates; those outside the mask get nothing.
    ///   - connectivity: how the flood spreads.
    /// - Returns: one tight mask per marker, in their order. Foreground that no marker reaches is in none.
    /// - Complexity: pixels × log of the flood's front.
    /// - Source: Meyer's flooding; equals `watershed` of scikit-image 0.26, ties included: pixels of one height in the order they were
    ///   reached, pixels of markers as that program's binary heap orders equals.
    public func watershed(heights: Image<Int32>, markers: [Mask], connectivity: Connectivity = .eight) -> [Mask] {
        precondition(heights.width == bounds.width && heights.height == bounds.height, "heights are not of the size of \(bounds)")
        // A frame of one pixel around spares the test for the edge.
        let width = bounds.width + 2
        var owner = [Int32](repeating: outside, count: width * (bounds.height + 2))
        @inline(__always) func place(_ run: Run) -> Int { (Int(run.y) &- bounds.y &+ 1) &* width &+ Int(run.first) &- bounds.x &+ 1 }
        owner.withUnsafeMutableBufferPointer { owner in
            for run in runs { (owner.baseAddress! + place(run)).update(repeating: free, count: run.count) }
            for (index, marker) in markers.enumerated() {
                for run in marker.clipped(to: bounds).runs {
                    let start = place(run)
                    for place in start..<(start + run.count) where owner[place] == free { owner[place] = Int32(index) }
                }
            }
        }
        let steps = [-width, -1, 1, width] + (connectivity == .eight ? [-width - 1, -width + 1, width - 1, width + 1] : [])
        owner.withUnsafeMutableBufferPointer { owner in
            heights.withBuffer { heights in
                steps.withUnsafeBufferPointer { steps in
                    withUnsafeTemporaryAllocation(of: FloodQueue.Entry.self, capacity: area) { memory in
                        guard let owner = owner.baseAddress, let heights = heights.baseAddress, !memory.isEmpty else { return }
                        var front = FloodQueue(memory.baseAddress!)
                        for run in runs {
                            let start = place(run)
                            let line = heights + ((Int(run.y) &- bounds.y) &* bounds.width &+ Int(run.first) &- bounds.x)
                            for x in 0..<run.count where owner[start &+ x] >= 0 {
                                front.push(start &+ x, source: line + x, height: line[x], age: 0)
                            }
                        }
                        var age: Int64 = 1
                        while let (place, source, level) = front.pop() {
                            let label = owner[place]
                            for index in 0..<steps.count where owner[place &+ steps[index]] == free {
                                owner[place &+ steps[index]] = label
                                // The frame makes rows two longer than those of the heights.
                                let rows = index == 0 || index == 4 || index == 5 ? -1 : index == 1 || index == 2 ? 0 : 1
                                let other = source + (steps[index] &- 2 &* rows)
                                // The flood does not sink again: what lies lower is reached at the level of the ridge before it.
                                front.push(place &+ steps[index], source: other, height: max(level, other.pointee), age: age)
                                age &+= 1
                            }
                        }
                    }
                }
            }
        }
        var parts = [[Run]](repeating: [], count: markers.count)
        owner.withUnsafeBufferPointer { owner in
            for run in runs {
                let start = place(run)
                var first = 0
                while first < run.count {
                    let index = owner[start &+ first]
                    var end = first &+ 1
                    while end < run.count, owner[start &+ end] == index { end &+= 1 }
                    if index >= 0 {
                        parts[Int(index)].append(Run(y: run.y, first: run.first &+ Int32(first), last: run.first &+ Int32(end) &- 1))
                    }
                    first = end
                }
            }
        }
        return parts.map { Mask(tightSortedRuns: $0) }
    }

    /// Divides touching bodies: markers are the maxima of the distance to the background that rise at least `depth` pixels above
    /// the saddle to a higher one, and the negative distance is flooded from them.
    ///
    /// - Parameters:
    ///   - minArea: markers whose part would be smaller give it to their neighbours. A part that has none, being connected to nothing, stays.
    /// - Returns: the parts, the whole mask when there is one maximum only.
    public func separated(depth: Double = 1, minArea: Int = 0, connectivity: Connectivity = .eight) -> [Mask] {
        let whole = tight
        guard !whole.isEmpty else { return [] }
        let heights = whole.depths()
        var markers = whole.deepMinima(of: heights, depth: Int32(max(1, min(depth, 10_000) * 100).rounded()), connectivity: connectivity)
        while markers.count > 1 {
            let parts = whole.watershed(heights: heights, markers: markers, connectivity: connectivity)
            let small = parts.indices.filter { parts[$0].area < minArea }
            if small.isEmpty { return parts }
            // All but the largest of these at once could leave a body without any marker, so only those that touch a part that stays.
            let stays = Mask.union(of: parts.indices.filter { !small.contains($0) }.map { parts[$0] })
            var giving = small.filter { parts[$0].touches(stays, connectivity) }
            if giving.isEmpty {
                // Small parts among themselves: the smallest goes to another one, if it touches any.
                let connected = small.filter { index in small.contains { $0 != index && parts[index].touches(parts[$0], connectivity) } }
                guard let smallest = connected.min(by: { parts[$0].area < parts[$1].area }) else { return parts }
                giving = [smallest]
            }
            let gone = Set(giving)
            markers = markers.indices.filter { !gone.contains($0) }.map { markers[$0] }
        }
        return [self]
    }

    /// Divides the mask by flooding the negative distance to the background from given markers.
    ///
    /// - Returns: one tight mask per marker, in their order; what no marker reaches is in none.
    public func separated(markers: [Mask], connectivity: Connectivity = .eight) -> [Mask] {
        let whole = tight
        guard !whole.isEmpty else { return markers.map { _ in Mask(tightSortedRuns: []) } }
        // Squares are whole numbers in the same order as the distances.
        return whole.watershed(heights: whole.squaredDistances().mapped { -$0 }, markers: markers, connectivity: connectivity)
    }

    /// Negative distances to the background. Hundredths of a pixel are fine enough and keep the queue on whole numbers.
    private func depths() -> Image<Int32> { squaredDistances().mapped { -Int32((Double($0).squareRoot() * 100).rounded()) } }

    private func touches(_ other: Mask, _ connectivity: Connectivity) -> Bool {
        // One pixel on each side, at corners too only where these connect.
        let reach: Int32 = connectivity == .eight ? 1 : 0
        let near = runs.flatMap { run in
            [
                Run(y: run.y - 1, first: run.first - reach, last: run.last + reach), Run(y: run.y, first: run.first - 1, last: run.last + 1),
                Run(y: run.y + 1, first: run.first - reach, last: run.last + reach),
            ]
        }
        return Mask(bounds: boundingBox.expanded(by: 1), joining: near).intersects(other)
    }

    /// Pixels of the mask from the lowest to the highest, those of one height in raster order; each once through two counting passes.
    private func placesByHeight(_ heights: Image<Int32>) -> [Int] {
        heights.withBuffer { heights in
            func forEachPlace(_ body: (Int) -> Void) {
                for run in runs {
                    let start = (Int(run.y) &- bounds.y) &* bounds.width &+ Int(run.first) &- bounds.x
                    for place in start..<(start &+ run.count) { body(place) }
                }
            }
            var (low, high) = (Int32.max, Int32.min)
            forEachPlace { place in (low, high) = (min(low, heights[place]), max(high, heights[place])) }
            guard low <= high else { return [] }
            var starts = [Int](repeating: 0, count: Int(high) - Int(low) + 2)
            forEachPlace { starts[Int(heights[$0]) &- Int(low) &+ 1] &+= 1 }
            for index in 1..<starts.count { starts[index] &+= starts[index &- 1] }
            var places = [Int](repeating: 0, count: area)
            forEachPlace { place in
                let level = Int(heights[place]) &- Int(low)
                places[starts[level]] = place
                starts[level] &+= 1
            }
            return places
        }
    }

    /// Lowest pixel of every basin that is at least `depth` deep where it first meets a deeper one, in raster order.
    private func deepMinima(of heights: Image<Int32>, depth: Int32, connectivity: Connectivity) -> [Mask] {
        let width = bounds.width
        let places = placesByHeight(heights)
        var parent = [Int32](repeating: -1, count: width * bounds.height)
        func root(_ place: Int) -> Int {
            var place = place
            while Int(parent[place]) != place {
                parent[place] = parent[Int(parent[place])]
                place = Int(parent[place])
            }
            return place
        }
        var minima: Set<Int> = []
        heights.withBuffer { heights in
            for place in places {
                parent[place] = Int32(place)
                let (x, y) = (place % width, place / width)
                var low = place
                for dy in -1...1 {
                    for dx in -1...1 where (dx != 0 || dy != 0) && (connectivity == .eight || dx == 0 || dy == 0) {
                        guard x + dx >= 0, y + dy >= 0, x + dx < width, y + dy < bounds.height else { continue }
                        let other = place + dy * width + dx
                        guard parent[other] >= 0 else { continue }
                        let (a, b) = (root(low), root(other))
                        if a == b { continue }
                        // The root of a basin is its lowest pixel; the shallower basin ends here.
                        let (deep, shallow) = (heights[a], a) < (heights[b], b) ? (a, b) : (b, a)
                        if heights[place] - heights[shallow] >= depth { minima.insert(shallow) }
                        parent[shallow] = Int32(deep)
                        low = deep
                    }
                }
            }
        }
        for place in places where Int(parent[place]) == place { minima.insert(place) }
        return minima.sorted().map { place in
            let run = Run(y: bounds.y + place / width, first: bounds.x + place % width, last: bounds.x + place % width)
            return Mask(tightSortedRuns: [run])
        }
    }
}

/// Owner of pixels outside the mask, and of those that no flood has reached.
private let outside: Int32 = -2
private let free: Int32 = -1

/// Places by height, those of one height in the order they came. A plain binary heap, because it decides the order of equal markers.
private struct FloodQueue {
    /// A key, the place in the framed picture, and where its height stands.
    typealias Entry = (key: Int64, place: Int, source: UnsafePointer<Int32>)
    private let heap: UnsafeMutablePointer<Entry>
    private var count = 0

    /// - Parameter memory: room for all places that can be in the queue at once.
    init(_ memory: UnsafeMutablePointer<Entry>) { heap = memory }

    @inline(__always)
    mutating func push(_ place: Int, source: UnsafePointer<Int32>, height: Int32, age: Int64) {
        let key = Int64(height) &<< 32 | age
        var index = count
        count &+= 1
        while index > 0, heap[(index &- 1) / 2].key > key {
            heap[index] = heap[(index &- 1) / 2]
            index = (index &- 1) / 2
        }
        heap[index] = (key, place, source)
    }

    @inline(__always)
    mutating func pop() -> (place: Int, source: UnsafePointer<Int32>, height: Int32)? {
        guard count > 0 else { return nil }
        let top = heap[0]
        count &-= 1
        let last = heap[count]
        var index = 0
        while true {
            var child = 2 &* index &+ 1
            if child >= count { break }
            if child &+ 1 < count, heap[child &+ 1].key < heap[child].key { child &+= 1 }
            if heap[child].key >= last.key { break }
            heap[index] = heap[child]
            index = child
        }
        heap[index] = last
        return (top.place, top.source, Int32(truncatingIfNeeded: top.key &>> 32))
    }
}
