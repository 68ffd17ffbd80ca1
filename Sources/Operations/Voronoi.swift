import Raster

extension Mask {
    /// Divides the mask among seeds: every pixel goes to the seed with the nearest pixel, of equally near ones to the first listed.
    ///
    /// For points and lines between real positions as seeds see `split(nearestTo:)`.
    /// - Parameter seeds: may lie anywhere, overlap (then the first counts) and be empty (then they get nothing).
    /// - Returns: one tight mask per seed, in their order; distances are exact.
    /// - Complexity: rows that hold foreground × width of the box around mask and seeds, besides the seeds' pixels.
    /// - Source: nearest by Meijster's envelope of parabolas, doi:10.1007/0-306-47025-X_36; distances equal SciPy's `distance_transform_edt`.
    public func voronoi(seeds: [Mask]) -> [Mask] {
        var parts = [[Run]](repeating: [], count: seeds.count)
        forEachVoronoiRun(seeds) { run, label in parts[label].append(run) }
        return parts.map { Mask(tightSortedRuns: $0) }
    }

    /// Pieces of the mask's runs that go to one seed, in raster order.
    fileprivate func forEachVoronoiRun(_ seeds: [Mask], _ body: (Run, Int) -> Void) {
        let whole = seeds.reduce(boundingBox) { $0.union($1.boundingBox) }
        guard !runs.isEmpty, seeds.contains(where: { !$0.isEmpty }) else { return }
        // Where each row's seeds are. Later seeds come first, so that the first one is written last.
        var rows = [[(run: Run, label: Int32)]](repeating: [], count: whole.height)
        for (label, seed) in seeds.enumerated().reversed() {
            for run in seed.runs { rows[Int(run.y) - whole.y].append((run, Int32(label))) }
        }
        let (width, height) = (whole.width, whole.height)
        func mark(_ row: Int, _ state: UnsafeMutablePointer<NearestSeed>) {
            for (run, label) in rows[row] {
                (state + (Int(run.first) - whole.x)).update(repeating: NearestSeed(row: Int32(row), label: label), count: run.count)
            }
        }
        // What lies below every row would fill a picture; kept is what lies below each band, and the rest made again band by band.
        let band = max(1, Int(Double(height).squareRoot()))
        let bands = (height + band - 1) / band
        let nothing = NearestSeed(row: -1, label: -1)
        var saved = [NearestSeed](repeating: nothing, count: (bands + 1) * width)
        var below = [NearestSeed](repeating: nothing, count: (band + 1) * width)
        var above = [NearestSeed](repeating: nothing, count: width)
        var envelope = SeedEnvelope(width: width, labels: seeds.count)
        saved.withUnsafeMutableBufferPointer { saved in
            below.withUnsafeMutableBufferPointer { below in
                above.withUnsafeMutableBufferPointer { above in
                    let (saved, below, above) = (saved.baseAddress!, below.baseAddress!, above.baseAddress!)
                    for index in (0..<bands).reversed() {
                        let state = saved + index * width
                        state.update(from: state + width, count: width)
                        for row in (index * band..<min(height, (index + 1) * band)).reversed() { mark(row, state) }
                    }
                    var next = 0
                    for index in 0..<bands where next < runs.count {
                        let (top, bottom) = (index * band, min(height, (index + 1) * band))
                        (below + (bottom - top) * width).update(from: saved + (index + 1) * width, count: width)
                        for row in (top..<bottom).reversed() {
                            let state = below + (row - top) * width
                            state.update(from: state + width, count: width)
                            mark(row, state)
                        }
                        for row in top..<bottom {
                            mark(row, above)
                            var made = false
                            while next < runs.count, Int(runs[next].y) - whole.y == row {
                                if !made { envelope.make(row: row, above: above, below: below + (row - top) * width) }
                                made = true
                                envelope.divide(runs[next], left: whole.x, body)
                                next += 1
                            }
                        }
                    }
                }
            }
        }
    }
}

extension LabelImage {
    /// Seeded Voronoi of a whole frame: every pixel holds the number, from 1, of the seed with the nearest pixel, of equally near ones the
    /// first listed; 0 where there is no seed at all.
    ///
    /// - Returns: image of the size of `frame`; pixel (0, 0) is its corner.
    /// - Complexity: see `Mask.voronoi(seeds:)`.
    public static func voronoi(_ frame: Rect, seeds: [Mask]) -> LabelImage {
        var labels = LabelImage(width: frame.width, height: frame.height, repeating: 0)
        Mask.full(frame).forEachVoronoiRun(seeds) { run, label in labels.paint(run, in: frame, Int32(label) + 1) }
        return labels
    }

    /// The same with points or polylines between real positions as seeds, see `Mask.split(nearestTo:)`.
    public static func voronoi(_ frame: Rect, seeds: [[Point]]) -> LabelImage {
        var labels = LabelImage(width: frame.width, height: frame.height, repeating: 0)
        for (label, part) in Mask.full(frame).split(nearestTo: seeds).enumerated() {
            for run in part.runs { labels.paint(run, in: frame, Int32(label) + 1) }
        }
        return labels
    }

    private mutating func paint(_ run: Run, in frame: Rect, _ label: Int32) {
        let start = (Int(run.y) - frame.y) * width + Int(run.first) - frame.x
        withMutableBuffer { ($0.baseAddress! + start).update(repeating: label, count: run.count) }
    }
}

/// Nearest seed pixel of a column at or above, or at or below, a row; row −1 where there is none.
private struct NearestSeed: BitwiseCopyable {
    var row: Int32
    var label: Int32
}

/// Lower envelope of the columns' parabolas along one row. Heights are squared distances × (number of labels + 1) + label, so that of
/// equally near seeds the first is the lower one, exactly.
private struct SeedEnvelope {
    private let scale: Int
    private let width: Int
    private var columns: [Int]
    private var heights: [Int]
    private var starts: [Int]
    private var labels: [Int32]
    private var count = 0
    /// Where the last run ended; runs come from left to right.
    private var index = 0

    init(width: Int, labels: Int) {
        (scale, self.width) = (labels + 1, width)
        columns = [Int](repeating: 0, count: width)
        (heights, starts) = (columns, columns)
        self.labels = [Int32](repeating: 0, count: width)
    }

    mutating func make(row: Int, above: UnsafePointer<NearestSeed>, below: UnsafePointer<NearestSeed>) {
        (count, index) = (0, 0)
        let (scale, width) = (scale, width)
        count = columns.withUnsafeMutableBufferPointer { columns in
            heights.withUnsafeMutableBufferPointer { heights in
                starts.withUnsafeMutableBufferPointer { starts in
                    labels.withUnsafeMutableBufferPointer { labels in
                        var count = 0
                        for x in 0..<width {
                            var (height, label) = (Int.max, Int32(-1))
                            if above[x].row >= 0 {
                                let distance = row &- Int(above[x].row)
                                (height, label) = (distance &* distance &* scale &+ Int(above[x].label), above[x].label)
                            }
                            if below[x].row >= 0 {
                                let distance = Int(below[x].row) &- row
                                let other = distance &* distance &* scale &+ Int(below[x].label)
                                if other < height { (height, label) = (other, below[x].label) }
                            }
                            if label < 0 { continue }
                            var start = 0
                            while count > 0 {
                                // First pixel where the new parabola is lower than the last one.
                                let u = columns[count &- 1]
                                start = floorDivide(scale &* (x &* x &- u &* u) &+ height &- heights[count &- 1], 2 &* scale &* (x &- u)) &+ 1
                                if start > starts[count &- 1] { break }
                                count &-= 1
                                start = 0
                            }
                            if start >= width { continue }
                            (columns[count], heights[count], starts[count], labels[count]) = (x, height, max(0, start), label)
                            count &+= 1
                        }
                        return count
                    }
                }
            }
        }
    }

    mutating func divide(_ run: Run, left: Int, _ body: (Run, Int) -> Void) {
        var x = Int(run.first) - left
        let end = Int(run.last) - left + 1
        while x < end {
            while index + 1 < count, starts[index + 1] <= x { index += 1 }
            // Neighbouring columns are of one seed mostly.
            var last = index
            while last + 1 < count, starts[last + 1] < end, labels[last + 1] == labels[index] { last += 1 }
            let stop = last + 1 < count ? min(end, starts[last + 1]) : end
            body(Run(y: run.y, first: Int32(x + left), last: Int32(stop - 1 + left)), Int(labels[index]))
            (x, index) = (stop, last)
        }
    }
}
