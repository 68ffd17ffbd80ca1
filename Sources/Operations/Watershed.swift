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
    /// - Source: Meyer's flooding; equals scikit-image's `watershed`, ties included (pixels of one height in the order they were reached).
    public func watershed(heights: Image<Int32>, markers: [Mask], connectivity: Connectivity = .eight) -> [Mask] {
        precondition(heights.width == bounds.width && heights.height == bounds.height, "heights are not of the size of \(bounds)")
        // A frame of one pixel around spares the test for the edge.
        let width = bounds.width + 2
        var owner = [Int32](repeating: -2, count: width * (bounds.height + 2))
        @inline(__always) func place(_ x: Int, _ y: Int) -> Int { (y - bounds.y + 1) * width + x - bounds.x + 1 }
        for run in runs { for x in Int(run.first)...Int(run.last) { owner[place(x, Int(run.y))] = -1 } }
        var front = FloodQueue()
        func height(_ place: Int) -> Int32 { heights[place % width - 1, place / width - 1] }
        for (index, marker) in markers.enumerated() {
            for run in marker.clipped(to: bounds).runs {
                for x in Int(run.first)...Int(run.last) where owner[place(x, Int(run.y))] == -1 {
                    owner[place(x, Int(run.y))] = Int32(index)
                    front.push(place(x, Int(run.y)), height: height(place(x, Int(run.y))))
                }
            }
        }
        let edges = [-width, -1, 1, width]
        let steps = connectivity == .eight ? [-width, -1, 1, width, -width - 1, -width + 1, width - 1, width + 1] : edges
        while let (place, level) = front.pop() {
            for step in steps where owner[place + step] == -1 {
                owner[place + step] = owner[place]
                // The flood does not sink again: what lies lower is reached at the level of the ridge before it.
                front.push(place + step, height: max(level, height(place + step)))
            }
        }
        var parts = [[Run]](repeating: [], count: markers.count)
        for run in runs {
            var first = Int(run.first)
            while first <= Int(run.last) {
                let index = owner[place(first, Int(run.y))]
                var last = first
                while last < Int(run.last), owner[place(last + 1, Int(run.y))] == index { last += 1 }
                if index >= 0 { parts[Int(index)].append(Run(y: Int(run.y), first: first, last: last)) }
                first = last + 1
            }
        }
        return parts.map { Mask(tightSortedRuns: $0) }
    }

    /// Divides touching bodies: markers are the maxima of the distance to the background that rise at least `depth` pixels above
    /// the saddle to a higher one, and the negative distance is flooded from them.
    ///
    /// - Returns: the parts, the whole mask when there is one maximum only.
    public func separated(depth: Double = 1, connectivity: Connectivity = .eight) -> [Mask] {
        let whole = tight
        guard !whole.isEmpty else { return [] }
        let distances = whole.squaredDistances()
        // Hundredths of a pixel are fine enough and keep the queue on whole numbers.
        let heights = distances.mapped { -Int32((Double($0).squareRoot() * 100).rounded()) }
        let markers = whole.deepMinima(of: heights, depth: Int32(max(1, (depth * 100).rounded())), connectivity: connectivity)
        return markers.count > 1 ? whole.watershed(heights: heights, markers: markers, connectivity: connectivity) : [self]
    }

    /// Lowest pixel of every basin that is at least `depth` deep where it first meets a deeper one, in raster order.
    private func deepMinima(of heights: Image<Int32>, depth: Int32, connectivity: Connectivity) -> [Mask] {
        let width = bounds.width
        var places: [Int] = []
        for run in runs { for x in Int(run.first)...Int(run.last) { places.append((Int(run.y) - bounds.y) * width + x - bounds.x) } }
        heights.withBuffer { heights in places.sort { (heights[$0], $0) < (heights[$1], $1) } }
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

/// Places by height, those of one height in the order they came.
private struct FloodQueue {
    private var heap: [(key: Int64, place: Int)] = []
    private var age: Int64 = 0

    mutating func push(_ place: Int, height: Int32) {
        let key = Int64(height) << 32 | age
        age += 1
        heap.append((key, place))
        var index = heap.count - 1
        while index > 0, heap[(index - 1) / 2].key > key {
            heap[index] = heap[(index - 1) / 2]
            index = (index - 1) / 2
        }
        heap[index] = (key, place)
    }

    mutating func pop() -> (place: Int, height: Int32)? {
        guard let top = heap.first else { return nil }
        let first = (place: top.place, height: Int32(truncatingIfNeeded: top.key >> 32))
        let last = heap.removeLast()
        guard !heap.isEmpty else { return first }
        var index = 0
        while true {
            var child = 2 * index + 1
            if child >= heap.count { break }
            if child + 1 < heap.count, heap[child + 1].key < heap[child].key { child += 1 }
            if heap[child].key >= last.key { break }
            heap[index] = heap[child]
            index = child
        }
        heap[index] = last
        return first
    }
}
