import Codecs
import Raster

/// All objects of an image at one moment: what tiles are drawn from, what lies at a point, what a polygon encloses. A value: an edit makes
/// another one, in which only the objects that changed are new.
package struct ObjectMap: Sendable {
    /// Which objects count.
    package struct Filter: Sendable {
        package var kinds: Set<String>
        /// Only rejects of these rules; nil: of any.
        package var rules: Set<String>?
        /// Only these few; nil: all.
        package var selection: [Int64]?
        /// Only these, many and ascending, or only the others; nil: all.
        package var members: (ids: [Int64], areIn: Bool)?

        package init(kinds: Set<String>, rules: Set<String>? = nil, selection: [Int64]? = nil) {
            (self.kinds, self.rules, self.selection) = (kinds, rules, selection)
        }

        func accepts(_ tag: ObjectTag) -> Bool {
            guard kinds.contains(tag.kind) else { return false }
            guard let rules, let rule = tag.rule else { return rules == nil }
            return rules.contains(rule)
        }
    }

    private struct Part: Sendable {
        let layer: ObjectLayer
        /// A bit an object, lowest first: whether it is still so.
        var live: [UInt64]
        var liveCount: Int

        init(_ layer: ObjectLayer) {
            self.layer = layer
            live = Array(repeating: ~0, count: (layer.count + 63) / 64)
            liveCount = layer.count
        }

        /// The live ones that are among `members`, or that are not.
        func live(of members: (ids: [Int64], areIn: Bool)) -> [UInt64] {
            var chosen = [UInt64](repeating: 0, count: live.count)
            var (index, next) = (0, 0)
            while index < layer.count, next < members.ids.count {
                if layer.ids[index] == members.ids[next] { chosen[index >> 6] |= 1 << UInt64(index & 63) }
                if layer.ids[index] <= members.ids[next] { index += 1 } else { next += 1 }
            }
            for index in chosen.indices { chosen[index] = live[index] & (members.areIn ? chosen[index] : ~chosen[index]) }
            return chosen
        }

        @inline(__always) func isLive(_ index: Int) -> Bool { live[index >> 6] >> UInt64(index & 63) & 1 != 0 }
    }

    package let layout: PyramidLayout
    /// Small ones last: they hold what changed since the first were made.
    private var parts: [Part]

    package init(layout: PyramidLayout, layers: [ObjectLayer]) {
        self.layout = layout
        parts = layers.map { Part($0) }
    }

    package var count: Int { parts.reduce(0) { $0 + $1.liveCount } }
    package var byteCount: Int { parts.reduce(0) { $0 + $1.layer.byteCount + $1.layer.count / 8 } }

    /// Objects of the parts that changed since the last `compacted`; a large number makes edits slow.
    package var changedCount: Int { parts.dropFirst().reduce(0) { $0 + $1.layer.count } + (parts.first.map { $0.layer.count - $0.liveCount } ?? 0) }

    package func count(_ filter: Filter) -> Int {
        var count = 0
        forEach(filter, in: nil) { _, _ in count += 1 }
        return count
    }

    /// Numbers of the masks by object.
    package func revisions() -> [Int64: Int64] {
        var result: [Int64: Int64] = [:]
        result.reserveCapacity(count)
        for part in parts { for index in 0..<part.layer.count where part.isLive(index) { result[part.layer.ids[index]] = part.layer.revisions[index] } }
        return result
    }

    package func revisions(_ filter: Filter) -> [Int64: Int64] {
        var result: [Int64: Int64] = [:]
        forEach(filter, in: nil) { layer, index in result[layer.ids[index]] = layer.revisions[index] }
        return result
    }

    package func revision(of id: Int64) -> Int64? { place(id).map { parts[$0.part].layer.revisions[$0.index] } }
    package func mask(of id: Int64) -> Mask? { place(id).map { parts[$0.part].layer.mask($0.index) } }
    package func box(of id: Int64) -> Rect? { place(id).map { parts[$0.part].layer.boxes[$0.index].rect } }
    package func tag(of id: Int64) -> ObjectTag? { place(id).map { parts[$0.part].layer.tag($0.index) } }

    private func place(_ id: Int64) -> (part: Int, index: Int)? {
        for (number, part) in parts.enumerated() {
            if let index = part.layer.index(of: id), part.isLive(index) { return (number, index) }
        }
        return nil
    }

    /// The objects after a change: `gone` are no longer there, those of `layer` are new or have another mask.
    package func changed(gone: some Sequence<Int64>, new layer: ObjectLayer) -> ObjectMap {
        var map = self
        for id in gone { map.remove(id) }
        for id in layer.ids { map.remove(id) }
        // One layer for all changes, so that a tile looks at two and not at hundreds.
        var small: [ObjectLayer] = layer.count > 0 ? [layer] : []
        while map.parts.count > 1, let last = map.parts.last, last.layer.count <= max(64, 4 * (small.first?.count ?? 0)) {
            map.parts.removeLast()
            small = [ObjectLayer.joined([(last.layer, last.isLive)] + small.map { ($0, { _ in true }) }, layout: layout)]
        }
        map.parts += small.filter { $0.count > 0 }.map { Part($0) }
        return map
    }

    private mutating func remove(_ id: Int64) {
        guard let (part, index) = place(id) else { return }
        parts[part].live[index >> 6] &= ~(1 << UInt64(index & 63))
        parts[part].liveCount -= 1
    }

    /// The same in one layer.
    package func compacted() -> ObjectLayer {
        ObjectLayer.joined(parts.map { ($0.layer, $0.isLive) }, layout: layout)
    }

    /// Every object that the filter accepts, whose box shares a pixel with `rect`, all when nil.
    @inline(__always) private func forEach(_ filter: Filter, in rect: Rect?, _ body: (ObjectLayer, Int) -> Void) {
        if let selection = filter.selection {
            for id in Set(selection) {
                if let members = filter.members, members.areIn != Self.holds(members.ids, id) { continue }
                guard let (number, index) = place(id), filter.accepts(parts[number].layer.tag(index)) else { continue }
                if let rect, !parts[number].layer.boxes[index].rect.intersects(rect) { continue }
                body(parts[number].layer, index)
            }
            return
        }
        for part in parts {
            let layer = part.layer
            let accepted = layer.tags.map { filter.accepts($0) }
            guard accepted.contains(true) else { continue }
            let live = filter.members.map { part.live(of: $0) } ?? part.live
            accepted.withUnsafeBufferPointer { accepted in
                layer.tagIndices.withUnsafeBufferPointer { tags in
                    live.withUnsafeBufferPointer { live in
                        func look(_ index: Int) {
                            if live[index >> 6] >> UInt64(index & 63) & 1 != 0, accepted[Int(tags[index])] { body(layer, index) }
                        }
                        if let rect { layer.forEach(in: rect, look) } else { for index in 0..<layer.count { look(index) } }
                    }
                }
            }
        }
    }

    private static func holds(_ ids: [Int64], _ id: Int64) -> Bool {
        var (low, high) = (0, ids.count)
        while low < high {
            let middle = (low + high) / 2
            if ids[middle] < id { low = middle + 1 } else { high = middle }
        }
        return low < ids.count && ids[low] == id
    }

    // MARK: - Tiles

    /// Levels past the native one that can be drawn: there every pixel is 2, 4, 8 or 16 tile pixels wide, and outlines stay thin.
    package static let magnifiedLevels = 4

    /// Pixels of the image that a tile shows, and the tile's own size; nil outside the image. Like `OverlayTile.region`, and for magnified levels too.
    package static func place(_ layout: PyramidLayout, z: Int, x: Int, y: Int, margin: Int = 0) -> (region: Rect, width: Int, height: Int)? {
        let power = z - (layout.levels.count - 1)
        guard power > 0 else {
            guard let tile = layout.tile(z: z, x: x, y: y), let region = OverlayTile.region(layout, z: z, x: x, y: y, margin: margin) else { return nil }
            return (region, tile.width, tile.height)
        }
        let (native, side) = (layout.levels[layout.levels.count - 1], layout.tileSize >> power)
        guard power <= magnifiedLevels, side > 0, x >= 0, y >= 0, x <= (native.width - 1) / side, y <= (native.height - 1) / side else { return nil }
        let frame = Rect(x: 0, y: 0, width: native.width, height: native.height)
        let own = Rect(x: x * side, y: y * side, width: side, height: side).intersection(frame)
        return (own.expanded(by: (margin + 1 << power - 1) >> power).intersection(frame), own.width << power, own.height << power)
    }

    private func drawMagnified(_ filter: Filter, z: Int, x: Int, y: Int, style: OverlayTile.Style) -> BitRaster? {
        let power = z - (layout.levels.count - 1)
        guard let place = Self.place(layout, z: z, x: x, y: y) else { return nil }
        let region = place.region
        var result = BitRaster(width: place.width, height: place.height)
        guard case .outline(let width) = style else {
            result.add(draw(filter, in: region, shift: 0, frame: region, style: .fill).magnified(power), x: 0, y: 0)
            return result
        }
        // As far around the tile as its outlines look.
        let around = region.expanded(by: (width >> power) + 1)
        forEach(filter, in: region) { layer, index in
            let part = layer.boxes[index].rect.expanded(by: 1).intersection(around)
            guard !part.isEmpty else { return }
            var object = BitRaster(width: part.width, height: part.height)
            let wordsPerRow = object.wordsPerRow
            object.words.withUnsafeMutableBufferPointer { words in
                let canvas = OverlayCanvas(words: words, width: part.width, height: part.height, wordsPerRow: wordsPerRow)
                let box = layer.boxes[index].rect
                layer.withRows(index, shift: 0) { canvas.fill($0, x: box.x - part.x, y: box.y - part.y) }
                canvas.clearMargin()
            }
            result.add(object.magnified(power).innerBorder(width: width), x: (part.x - region.x) << power, y: (part.y - region.y) << power)
        }
        return result
    }

    /// The same picture as `OverlayTile.draw` makes of the objects' masks; nil outside the image.
    ///
    /// - Complexity: objects in the tile; each about 10 to 40 ns where it is at most 64 tile pixels wide.
    package func draw(_ filter: Filter, z: Int, x: Int, y: Int, style: OverlayTile.Style = .fill) -> BitRaster? {
        if z >= layout.levels.count { return drawMagnified(filter, z: z, x: x, y: y, style: style) }
        guard let tile = layout.tile(z: z, x: x, y: y), let region = OverlayTile.region(layout, z: z, x: x, y: y) else { return nil }
        let shift = layout.levels.count - 1 - z
        return draw(
            filter, in: region, shift: shift, frame: Rect(x: x * layout.tileSize, y: y * layout.tileSize, width: tile.width, height: tile.height), style: style)
    }

    /// Any part of a level.
    /// - Parameters: `frame` in pixels of the level; `region` the same in pixels of the image.
    package func draw(_ filter: Filter, in region: Rect, shift: Int, frame: Rect, style: OverlayTile.Style) -> BitRaster {
        var result = BitRaster(width: frame.width, height: frame.height)
        let wordsPerRow = result.wordsPerRow
        var wide: [(ObjectLayer, Int)] = []
        result.words.withUnsafeMutableBufferPointer { words in
            let canvas = OverlayCanvas(words: words, width: frame.width, height: frame.height, wordsPerRow: wordsPerRow)
            var steps = 0
            if case .outline(let width) = style {
                precondition((1...32).contains(width), "outline of \(width) pixels")
                steps = width
            }
            forEach(filter, in: region) { layer, index in
                let box = layer.boxes[index].scaled(shift)
                if steps > 0, box.width > ObjectRows.narrow {
                    wide.append((layer, index))
                    return
                }
                layer.withRows(index, shift: shift) { rows in
                    if steps == 0 || box.width <= 2 * steps || box.height <= 2 * steps {
                        // Every pixel is within so many steps of the border.
                        canvas.fill(rows, x: box.x - frame.x, y: box.y - frame.y)
                    } else {
                        canvas.outline(rows, x: box.x - frame.x, y: box.y - frame.y, steps: steps)
                    }
                }
            }
            canvas.clearMargin()
        }
        if case .outline(let width) = style {
            for (layer, index) in wide { Self.outlineWide(layer, index, shift: shift, frame: frame, width: width, in: &result) }
        }
        return result
    }

    private static func outlineWide(_ layer: ObjectLayer, _ index: Int, shift: Int, frame: Rect, width: Int, in result: inout BitRaster) {
        // The object alone, with a margin so that its border is seen beyond the tile.
        let box = layer.boxes[index].scaled(shift)
        let part = Rect(x: box.x - 1, y: box.y - 1, width: box.width + 2, height: box.height + 2).intersection(frame.expanded(by: width + 1))
        guard !part.isEmpty else { return }
        var object = BitRaster(width: part.width, height: part.height)
        let wordsPerRow = object.wordsPerRow
        object.words.withUnsafeMutableBufferPointer { words in
            let canvas = OverlayCanvas(words: words, width: part.width, height: part.height, wordsPerRow: wordsPerRow)
            layer.withRows(index, shift: shift) { canvas.fill($0, x: box.x - part.x, y: box.y - part.y) }
            canvas.clearMargin()
        }
        result.add(object.innerBorder(width: width), x: part.x - frame.x, y: part.y - frame.y)
    }

    /// A part of the image at any size: a pixel is set if any pixel of the image under it is covered, however small it is made.
    ///
    /// - Parameter part: inside the image, not empty.
    /// - Complexity: pixels of the level that is just fine enough, at most 67 million, and those of the answer.
    package func picture(_ filter: Filter, part: Rect, width: Int, height: Int, style: OverlayTile.Style) -> BitRaster {
        precondition(!part.isEmpty && width > 0 && height > 0, "\(part) as \(width) × \(height)")
        var shift = 0
        while shift < layout.levels.count - 1, part.width >> (shift + 1) >= width, part.height >> (shift + 1) >= height { shift += 1 }
        while shift < layout.levels.count - 1, (part.width >> shift) * (part.height >> shift) > max(4 * width * height, 1 << 26) { shift += 1 }
        let frame = Rect(minX: part.x >> shift, minY: part.y >> shift, maxX: (part.maxX - 1) >> shift + 1, maxY: (part.maxY - 1) >> shift + 1)
        let drawn = draw(filter, in: part, shift: shift, frame: frame, style: style)
        if frame.width == width, frame.height == height { return drawn }
        /// Pixels of the answer that show something of the level's pixels `first ... last`.
        func shown(_ first: Int, _ last: Int, from start: Int, count: Int, wanted: Int) -> (Int, Int) {
            let (low, high) = (max(0, first << shift - start), min(count, (last + 1) << shift - start))
            return (low * wanted / count, min(wanted - 1, (high * wanted - 1) / count))
        }
        var runs: [Run] = []
        for run in drawn.mask(x: frame.x, y: frame.y).runs {
            let rows = shown(Int(run.y), Int(run.y), from: part.y, count: part.height, wanted: height)
            let columns = shown(Int(run.first), Int(run.last), from: part.x, count: part.width, wanted: width)
            for row in rows.0...max(rows.0, rows.1) { runs.append(Run(y: row, first: columns.0, last: max(columns.0, columns.1))) }
        }
        var result = BitRaster(width: width, height: height)
        result.add(Mask(bounds: Rect(x: 0, y: 0, width: width, height: height), joining: runs))
        return result
    }

    // MARK: - Hits

    /// Objects that hold the pixel, the smallest first.
    package func objects(atX x: Int, y: Int, _ filter: Filter) -> [Int64] {
        var hits: [(area: Int32, id: Int64)] = []
        forEach(filter, in: Rect(x: x, y: y, width: 1, height: 1)) { layer, index in
            if layer.contains(index, x: x, y: y) { hits.append((layer.areas[index], layer.ids[index])) }
        }
        return hits.sorted { $0 < $1 }.map(\.id)
    }

    /// Objects whose box shares a pixel with `box`.
    package func objects(touching box: Rect, _ filter: Filter) -> [Int64] {
        var hits: [Int64] = []
        forEach(filter, in: box) { layer, index in hits.append(layer.ids[index]) }
        return hits
    }

    /// Objects that lie inside `area` with all their pixels, or `touching` with at least one; ascending.
    package func objects(in area: Mask, touching: Bool, _ filter: Filter) -> [Int64] {
        let area = area.tight
        guard !area.isEmpty else { return [] }
        let places = MaskRows(area)
        var hits: [Int64] = []
        forEach(filter, in: area.bounds) { layer, index in
            let box = layer.boxes[index].rect
            if !touching, !area.bounds.contains(box) { return }
            let isIn: Bool
            if places.holds(box) {
                isIn = true
            } else {
                var (some, all) = (false, true)
                layer.withRows(index, shift: 0) { rows in
                    rows.forEachRun(from: max(0, area.bounds.y - box.y), to: min(box.height, area.bounds.maxY - box.y)) { row, first, last in
                        if touching ? some : !all { return }
                        let covered = places.coverage(y: box.y + row, first: box.x + first, last: box.x + last)
                        some = some || covered.some
                        all = all && covered.all
                    }
                }
                isIn = touching ? some : all
            }
            if isIn { hits.append(layer.ids[index]) }
        }
        return hits.sorted()
    }
}

/// Rows of a mask by number, to ask how much of a stretch is foreground; and where whole squares are.
private struct MaskRows {
    /// log2 of the squares' side.
    private static let side = 5

    private let mask: Mask
    /// Runs of row y are `starts[y - top] ..< starts[y - top + 1]`.
    private var starts: [Int32]
    /// Squares that hold background, or reach beyond the mask's box.
    private var broken: BitRaster
    private let (left, top): (Int, Int)

    init(_ mask: Mask) {
        self.mask = mask
        let box = mask.bounds
        starts = Array(repeating: 0, count: box.height + 1)
        for run in mask.runs { starts[Int(run.y) - box.y + 1] += 1 }
        for index in 1..<starts.count { starts[index] += starts[index - 1] }
        (left, top) = (box.x >> Self.side, box.y >> Self.side)
        // The background of the box, made whole to squares.
        let whole = Rect(
            minX: left << Self.side, minY: top << Self.side, maxX: ((box.maxX - 1) >> Self.side + 1) << Self.side,
            maxY: ((box.maxY - 1) >> Self.side + 1) << Self.side)
        broken = BitRaster(width: whole.width >> Self.side, height: whole.height >> Self.side)
        var gaps: [Run] = []
        for y in whole.y..<whole.maxY {
            var x = whole.x
            if y >= box.y, y < box.maxY {
                for run in mask.runs[Int(starts[y - box.y])..<Int(starts[y - box.y + 1])] {
                    if Int(run.first) > x { gaps.append(Run(y: y, first: x, last: Int(run.first) - 1)) }
                    x = Int(run.last) + 1
                }
            }
            if x < whole.maxX { gaps.append(Run(y: y, first: x, last: whole.maxX - 1)) }
        }
        broken.add(Mask(bounds: whole, sortedRuns: gaps), shift: Self.side, origin: (left, top))
    }

    /// Whether the box lies on whole squares of foreground; false may also mean not sure.
    func holds(_ box: Rect) -> Bool {
        guard mask.bounds.contains(box), !box.isEmpty else { return false }
        for row in box.y >> Self.side...(box.maxY - 1) >> Self.side {
            for column in box.x >> Self.side...(box.maxX - 1) >> Self.side where broken[column - left, row - top] { return false }
        }
        return true
    }

    func coverage(y: Int, first: Int, last: Int) -> (some: Bool, all: Bool) {
        let row = y - mask.bounds.y
        guard row >= 0, row < mask.bounds.height else { return (false, false) }
        var (low, high) = (Int(starts[row]), Int(starts[row + 1]))
        let end = high
        while low < high {
            let middle = (low + high) / 2
            if Int(mask.runs[middle].last) < first { low = middle + 1 } else { high = middle }
        }
        guard low < end, Int(mask.runs[low].first) <= last else { return (false, false) }
        return (true, Int(mask.runs[low].first) <= first && Int(mask.runs[low].last) >= last)
    }
}
