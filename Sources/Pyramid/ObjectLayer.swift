import Raster

/// What objects of one sort have in common: what they are, and the rule that dropped a reject.
package struct ObjectTag: Hashable, Sendable {
    package var kind: String
    package var rule: String?

    package init(kind: String, rule: String? = nil) { (self.kind, self.rule) = (kind, rule) }
}

/// The masks of many objects of one image in little memory, each at every level of the pyramid: a tile of any level is drawn from
/// about as many bits as it shows, whatever the size of the image. About 260 bytes an object of 35 × 35 pixels. Never changes.
///
/// At a level an object's box is its box divided by 2^shift, rounded outward, and a pixel is set if any pixel under it is covered. Up to 64
/// pixels wide it is kept as rows of bits, whole bytes, leftmost pixel highest; wider ones as runs (`ObjectRuns`).
package final class ObjectLayer: Sendable {
    package struct Box: Equatable, BitwiseCopyable, Sendable {
        package var minX, minY, maxX, maxY: Int32

        @inline(__always) func scaled(_ shift: Int) -> (x: Int, y: Int, width: Int, height: Int) {
            let (x, y) = (Int(minX) >> shift, Int(minY) >> shift)
            return (x, y, (Int(maxX) - 1) >> shift - x + 1, (Int(maxY) - 1) >> shift - y + 1)
        }

        package var rect: Rect { Rect(minX: Int(minX), minY: Int(minY), maxX: Int(maxX), maxY: Int(maxY)) }
    }

    /// One level: object `index` has the bytes `offsets[index] ..< offsets[index + 1]`; eight more follow the last, for reading words.
    struct Level: Sendable, Equatable {
        var offsets: [UInt32] = [0]
        var bytes: [UInt8] = []
    }

    /// Of the image; the levels are those of its pyramid.
    package let layout: PyramidLayout
    /// Ascending.
    package let ids: [Int64]
    /// Numbers of the masks, as the caller gives them.
    package let revisions: [Int64]
    package let areas: [Int32]
    package let boxes: [Box]
    package let tags: [ObjectTag]
    /// Index into `tags`.
    let tagIndices: [UInt16]
    /// By shift: 0 is native.
    let levels: [Level]
    private let grid: ObjectGrid

    init(
        layout: PyramidLayout, ids: [Int64], revisions: [Int64], areas: [Int32], boxes: [Box], tags: [ObjectTag], tagIndices: [UInt16], levels: [Level]
    ) {
        (self.layout, self.ids, self.revisions, self.areas, self.boxes) = (layout, ids, revisions, areas, boxes)
        (self.tags, self.tagIndices, self.levels) = (tags, tagIndices, levels)
        let native = layout.levels[layout.levels.count - 1]
        grid = ObjectGrid(boxes, width: native.width, height: native.height)
    }

    package var count: Int { ids.count }

    package var byteCount: Int {
        levels.reduce(ids.count * 42 + grid.byteCount) { $0 + $1.bytes.count + 4 * $1.offsets.count }
    }

    package func tag(_ index: Int) -> ObjectTag { tags[Int(tagIndices[index])] }

    /// Place of an object; nil when it is not in this layer.
    package func index(of id: Int64) -> Int? {
        var (low, high) = (0, ids.count)
        while low < high {
            let middle = (low + high) / 2
            if ids[middle] < id { low = middle + 1 } else { high = middle }
        }
        return low < ids.count && ids[low] == id ? low : nil
    }

    /// Objects whose boxes share a pixel with `rect`, each once.
    @inline(__always) func forEach(in rect: Rect, _ body: (Int) -> Void) {
        let native = layout.levels[layout.levels.count - 1]
        if rect.contains(Rect(x: 0, y: 0, width: native.width, height: native.height)) {
            for index in 0..<count { body(index) }
            return
        }
        let (minX, minY) = (Int32(clamping: rect.x), Int32(clamping: rect.y))
        let (maxX, maxY) = (Int32(clamping: rect.maxX), Int32(clamping: rect.maxY))
        boxes.withUnsafeBufferPointer { boxes in
            grid.forEach(in: rect) { index in
                let box = boxes[index]
                if box.minX < maxX, box.maxX > minX, box.minY < maxY, box.maxY > minY { body(index) }
            }
        }
    }

    /// The object as it was given; `bounds` is its box.
    package func mask(_ index: Int) -> Mask {
        let box = boxes[index].rect
        var runs: [Run] = []
        withRows(index, shift: 0) { rows in
            for row in 0..<box.height {
                rows.forEachRun(row) { first, last in runs.append(Run(y: box.y + row, first: box.x + first, last: box.x + last)) }
            }
        }
        return Mask(bounds: box, sortedRuns: runs)
    }

    /// Whether a pixel of the image belongs to the object.
    package func contains(_ index: Int, x: Int, y: Int) -> Bool {
        let box = boxes[index].rect
        guard box.contains(x: x, y: y) else { return false }
        return withRows(index, shift: 0) { $0.contains(x: x - box.x, row: y - box.y) }
    }

    func withRows<R>(_ index: Int, shift: Int, _ body: (ObjectRows) -> R) -> R {
        let level = levels[shift]
        let size = boxes[index].scaled(shift)
        let range = Int(level.offsets[index])..<Int(level.offsets[index + 1])
        return level.bytes.withUnsafeBytes { bytes in
            body(ObjectRows(start: bytes.baseAddress! + range.lowerBound, byteCount: range.count, width: size.width, height: size.height))
        }
    }
}

/// Index of boxes: each lies in one cell of a grid whose cells are at least as large as it, so it reaches at most into the next cells.
struct ObjectGrid: Sendable {
    private struct Grid: Sendable {
        /// log2 of the cell's side.
        var side: Int
        var columns: Int
        var rows: Int
        /// Items of cell c are `starts[c] ..< starts[c + 1]`.
        var starts: [UInt32]
        var items: [UInt32]
    }

    private let grids: [Grid]

    init(_ boxes: [ObjectLayer.Box], width: Int, height: Int) {
        // 256 pixels: some tens of objects a cell in a dense frame, some thousand cells in a large one.
        let smallest = 8
        func level(_ box: ObjectLayer.Box) -> Int {
            let side = max(Int(box.maxX) - Int(box.minX), Int(box.maxY) - Int(box.minY), 1)
            return max(smallest, Int.bitWidth - (side - 1).leadingZeroBitCount)
        }
        var members: [Int: [UInt32]] = [:]
        for (index, box) in boxes.enumerated() { members[level(box), default: []].append(UInt32(index)) }
        grids = members.sorted { $0.key < $1.key }.map { side, items in
            let (columns, rows) = (max(1, (width - 1) >> side + 1), max(1, (height - 1) >> side + 1))
            func cell(_ item: UInt32) -> Int {
                let box = boxes[Int(item)]
                // What lies outside of the image is kept at its edge.
                return min(max(Int(box.minY) >> side, 0), rows - 1) * columns + min(max(Int(box.minX) >> side, 0), columns - 1)
            }
            var starts = [UInt32](repeating: 0, count: columns * rows + 1)
            for item in items { starts[cell(item) + 1] += 1 }
            for index in 1..<starts.count { starts[index] += starts[index - 1] }
            var next = starts
            var sorted = [UInt32](repeating: 0, count: items.count)
            for item in items {
                let cell = cell(item)
                sorted[Int(next[cell])] = item
                next[cell] += 1
            }
            return Grid(side: side, columns: columns, rows: rows, starts: starts, items: sorted)
        }
    }

    var byteCount: Int { grids.reduce(0) { $0 + 4 * ($1.starts.count + $1.items.count) } }

    /// All whose box may share a pixel with `rect`, each once.
    @inline(__always) func forEach(in rect: Rect, _ body: (Int) -> Void) {
        guard !rect.isEmpty else { return }
        for grid in grids {
            func column(_ x: Int) -> Int { min(max(x >> grid.side, 0), grid.columns - 1) }
            func row(_ y: Int) -> Int { min(max(y >> grid.side, 0), grid.rows - 1) }
            // One cell more to the left and above, from where objects reach in.
            let (left, right) = (max(0, column(rect.x) - 1), column(rect.maxX - 1))
            for y in max(0, row(rect.y) - 1)...row(rect.maxY - 1) {
                let range = Int(grid.starts[y * grid.columns + left])..<Int(grid.starts[y * grid.columns + right + 1])
                grid.items.withUnsafeBufferPointer { items in
                    for index in range { body(Int(items[index])) }
                }
            }
        }
    }
}
