import Raster

/// Collects objects for an `ObjectLayer`.
package struct ObjectLayerBuilder {
    private typealias ScaledRun = (row: Int32, first: Int32, last: Int32)

    private let layout: PyramidLayout
    private var ids: [Int64] = []
    private var revisions: [Int64] = []
    private var areas: [Int32] = []
    private var boxes: [ObjectLayer.Box] = []
    private var tags: [ObjectTag] = []
    private var numbers: [ObjectTag: UInt16] = [:]
    private var tagIndices: [UInt16] = []
    private var levels: [ObjectLayer.Level]
    /// Memory for the runs of one object at two levels.
    private var runs: [ScaledRun] = []
    private var coarser: [ScaledRun] = []

    package init(_ layout: PyramidLayout) {
        self.layout = layout
        levels = Array(repeating: ObjectLayer.Level(), count: layout.levels.count)
    }

    package var count: Int { ids.count }
    package var byteCount: Int { levels.reduce(0) { $0 + $1.bytes.count } }

    /// Most bytes of a level, which offsets of 32 bits can reach.
    package static let largestLevel = Int(Int32.max)

    /// - Returns: false when the object, or all together, are too large to be kept like this.
    package mutating func add(id: Int64, revision: Int64, tag: ObjectTag, mask: Mask) -> Bool {
        let box = mask.bounds
        guard !box.isEmpty, Int32(exactly: box.x) != nil, Int32(exactly: box.y) != nil, Int32(exactly: box.maxX) != nil, Int32(exactly: box.maxY) != nil,
            // Numbers in runs have 28 bits.
            box.width < 1 << 28, mask.runs.count < 1 << 28, byteCount < Self.largestLevel / 2, box.height < 1 << 26, tags.count < Int(UInt16.max)
        else { return false }
        if numbers[tag] == nil {
            numbers[tag] = UInt16(tags.count)
            tags.append(tag)
        }
        ids.append(id)
        revisions.append(revision)
        areas.append(Int32(clamping: mask.area))
        let native = ObjectLayer.Box(minX: Int32(box.x), minY: Int32(box.y), maxX: Int32(box.maxX), maxY: Int32(box.maxY))
        boxes.append(native)
        tagIndices.append(numbers[tag]!)
        runs.removeAll(keepingCapacity: true)
        for run in mask.runs { runs.append((run.y - native.minY, run.first - native.minX, run.last - native.minX)) }
        for shift in levels.indices {
            if shift > 0 {
                halve(oddX: native.minX >> (shift - 1) & 1, oddY: native.minY >> (shift - 1) & 1)
                swap(&runs, &coarser)
            }
            let size = native.scaled(shift)
            ObjectRows.append(runs, width: size.width, height: size.height, to: &levels[shift].bytes)
            levels[shift].offsets.append(UInt32(levels[shift].bytes.count))
        }
        return true
    }

    /// Fills `coarser` with the runs of the next level: rows by two, positions halved. The box may begin at an odd pixel.
    private mutating func halve(oddX: Int32, oddY: Int32) {
        coarser.removeAll(keepingCapacity: true)
        var next = 0
        while next < runs.count {
            let row = (runs[next].row + oddY) >> 1
            var lower = next
            while lower < runs.count, (runs[lower].row + oddY) >> 1 == row, runs[lower].row == runs[next].row { lower += 1 }
            var end = lower
            while end < runs.count, (runs[end].row + oddY) >> 1 == row { end += 1 }
            var (a, b) = (next, lower)
            var last: Int32 = -2
            while a < lower || b < end {
                let takesUpper = b >= end || a < lower && runs[a].first <= runs[b].first
                let run = takesUpper ? runs[a] : runs[b]
                if takesUpper { a += 1 } else { b += 1 }
                let (from, to) = ((run.first + oddX) >> 1, (run.last + oddX) >> 1)
                if from <= last + 1, last >= 0 {
                    if to > last {
                        last = to
                        coarser[coarser.count - 1].last = to
                    }
                } else {
                    coarser.append((row, from, to))
                    last = to
                }
            }
            next = end
        }
    }

    package consuming func finish() -> ObjectLayer {
        let isSorted = zip(ids, ids.dropFirst()).allSatisfy { $0 < $1 }
        for shift in levels.indices { levels[shift].bytes.append(contentsOf: repeatElement(0, count: 8)) }
        let layer = ObjectLayer(
            layout: layout, ids: ids, revisions: revisions, areas: areas, boxes: boxes, tags: tags, tagIndices: tagIndices, levels: levels)
        return isSorted ? layer : ObjectLayer.joined([(layer, { _ in true })], layout: layout)
    }
}

extension ObjectLayer {
    /// One layer of what is kept of several; ids must differ.
    static func joined(_ layers: [(layer: ObjectLayer, keeps: (Int) -> Bool)], layout: PyramidLayout) -> ObjectLayer {
        var places: [(id: Int64, layer: Int, index: Int)] = []
        for (number, (layer, keeps)) in layers.enumerated() {
            for index in 0..<layer.count where keeps(index) { places.append((layer.ids[index], number, index)) }
        }
        if !zip(places, places.dropFirst()).allSatisfy({ $0.id < $1.id }) { places.sort { $0.id < $1.id } }
        var tags: [ObjectTag] = []
        var numbers: [ObjectTag: UInt16] = [:]
        let translations = layers.map { layer, _ in
            layer.tags.map { tag in
                if let known = numbers[tag] { return known }
                let number = UInt16(clamping: tags.count)
                numbers[tag] = number
                tags.append(tag)
                return number
            }
        }
        let levels = layout.levels.indices.map { shift in
            var level = Level()
            level.offsets.reserveCapacity(places.count + 1)
            level.bytes.reserveCapacity(layers.reduce(8) { $0 + $1.layer.levels[shift].bytes.count })
            for place in places {
                let source = layers[place.layer].layer.levels[shift]
                level.bytes.append(contentsOf: source.bytes[Int(source.offsets[place.index])..<Int(source.offsets[place.index + 1])])
                level.offsets.append(UInt32(level.bytes.count))
            }
            level.bytes.append(contentsOf: repeatElement(0, count: 8))
            return level
        }
        return ObjectLayer(
            layout: layout, ids: places.map(\.id), revisions: places.map { layers[$0.layer].layer.revisions[$0.index] },
            areas: places.map { layers[$0.layer].layer.areas[$0.index] }, boxes: places.map { layers[$0.layer].layer.boxes[$0.index] }, tags: tags,
            tagIndices: places.map { translations[$0.layer][Int(layers[$0.layer].layer.tagIndices[$0.index])] }, levels: levels)
    }
}
