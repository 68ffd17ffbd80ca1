import Codecs
import Pyramid
import Raster
import Testing

/// Masks of every size and shape that matters: specks, legs of one pixel, wider than a word, wider than a tile, across the border of tiles.
struct ObjectMapTests {
    private static let size = Rect(x: 0, y: 0, width: 701, height: 403)
    private static let layout = PyramidLayout(width: size.width, height: size.height, tileSize: 64)
    private static let all = ObjectMap.Filter(kinds: ["region", "reject"])

    private func blob(_ dice: inout Dice, widest: Int = 300) -> Mask {
        let size = Self.size
        let (width, height) = (Int.random(in: 1...[3, 30, 90, widest].randomElement(using: &dice)!, using: &dice), Int.random(in: 1...[2, 40, 200].randomElement(using: &dice)!, using: &dice))
        let (x, y) = (Int.random(in: 0...size.width - width, using: &dice), Int.random(in: 0...size.height - height, using: &dice))
        var runs: [Run] = []
        let shape = Int.random(in: 0...3, using: &dice)
        for row in 0..<height {
            switch shape {
            case 0: runs.append(Run(y: y + row, first: x, last: x + width - 1))
            // A leg: one pixel wide, slanting.
            case 1: runs.append(Run(y: y + row, first: x + row * (width - 1) / height, last: x + row * (width - 1) / height))
            // Specks.
            case 2:
                var column = 0
                while column < width {
                    let length = Int.random(in: 1...min(5, width - column), using: &dice)
                    if Bool.random(using: &dice) { runs.append(Run(y: y + row, first: x + column, last: x + column + length - 1)) }
                    column += length + 1
                }
            // An ellipse.
            default:
                let part = (Double(row) + 0.5) / Double(height) * 2 - 1
                let half = Int(Double(width) / 2 * (1 - part * part).squareRoot())
                runs.append(Run(y: y + row, first: max(x, x + width / 2 - half), last: min(x + width - 1, x + width / 2 + half)))
            }
        }
        if runs.isEmpty { runs = [Run(y: y, first: x, last: x)] }
        return Mask(tightSortedRuns: runs)
    }

    private func layer(_ objects: [Int64: Mask], tag: (Int64) -> ObjectTag = { _ in ObjectTag(kind: "region") }) -> ObjectLayer {
        var builder = ObjectLayerBuilder(Self.layout)
        // In any order.
        for (id, mask) in objects {
            let isTaken = builder.add(id: id, revision: id + 1000, tag: tag(id), mask: mask)
            #expect(isTaken)
        }
        return builder.finish()
    }

    /// Every tile of every level, by the plain way, one mask after the other.
    private func compare(_ map: ObjectMap, _ objects: [Int64: Mask], _ filter: ObjectMap.Filter = all, styles: [OverlayTile.Style] = [.fill, .outline(width: 1), .outline(width: 3)]) throws {
        let masks = objects.sorted { $0.key < $1.key }.map(\.value)
        for z in Self.layout.levels.indices {
            for y in 0..<Self.layout.levels[z].rows {
                for x in 0..<Self.layout.levels[z].columns {
                    for style in styles {
                        let drawn = try #require(map.draw(filter, z: z, x: x, y: y, style: style))
                        #expect(drawn == OverlayTile.draw(masks, layout: Self.layout, z: z, x: x, y: y, style: style), "\(z)/\(x)/\(y) \(style)")
                    }
                }
            }
        }
        #expect(map.draw(filter, z: 0, x: 1, y: 0) == nil && map.draw(filter, z: Self.layout.levels.count + ObjectMap.magnifiedLevels, x: 0, y: 0) == nil)
    }

    @Test func `tiles of all levels equal those drawn mask by mask, and masks come back as they were`() throws {
        var dice = Dice(1)
        for count in [0, 1, 40] {
            var objects: [Int64: Mask] = [:]
            for id in 0..<count { objects[Int64(id * 3 + 7)] = blob(&dice, widest: 700) }
            let map = ObjectMap(layout: Self.layout, layers: [layer(objects)])
            try compare(map, objects)
            #expect(map.count == count)
            for (id, mask) in objects {
                #expect(map.mask(of: id) == mask)
                #expect(map.revision(of: id) == id + 1000)
            }
            #expect(map.mask(of: 8) == nil)
        }
    }

    @Test func `after random edits the map equals one that is made anew`() throws {
        var dice = Dice(2)
        var objects: [Int64: Mask] = [:]
        for id in 1...60 { objects[Int64(id)] = blob(&dice) }
        var map = ObjectMap(layout: Self.layout, layers: [layer(objects)])
        var next: Int64 = 61
        for step in 0..<120 {
            var new: [Int64: Mask] = [:]
            var gone: [Int64] = []
            for id in objects.keys.sorted() where Int.random(in: 0..<20, using: &dice) == 0 {
                if Bool.random(using: &dice) { gone.append(id) } else { new[id] = blob(&dice) }
            }
            for _ in 0..<Int.random(in: 0...3, using: &dice) {
                new[next] = blob(&dice)
                next += 1
            }
            map = map.changed(gone: gone, new: layer(new))
            for id in gone { objects[id] = nil }
            objects.merge(new) { $1 }
            #expect(map.count == objects.count)
            if step % 30 == 29 {
                try compare(map, objects)
                try compare(ObjectMap(layout: Self.layout, layers: [map.compacted()]), objects)
                // The memory of what is gone comes back.
                #expect(map.compacted().byteCount == layer(objects).byteCount)
            }
        }
        #expect(Set(objects.keys) == Set(map.revisions().keys))
    }

    @Test func `legs of one pixel are seen at every level`() throws {
        let legs: [Int64: Mask] = [
            1: Mask(tightSortedRuns: [Run(y: 200, first: 5, last: 690)]), 2: Mask(tightSortedRuns: (3..<400).map { Run(y: $0, first: 511, last: 511) }),
            3: Mask(tightSortedRuns: (0..<400).map { Run(y: $0, first: $0, last: $0) }), 4: Mask(tightSortedRuns: [Run(y: 402, first: 700, last: 700)]),
        ]
        let map = ObjectMap(layout: Self.layout, layers: [layer(legs)])
        for (id, mask) in legs {
            let filter = ObjectMap.Filter(kinds: ["region"], selection: [id])
            for z in Self.layout.levels.indices {
                let shift = Self.layout.levels.count - 1 - z
                for run in mask.runs {
                    for column in [run.first, run.last] {
                        let (x, y) = (Int(column) >> shift, Int(run.y) >> shift)
                        for style in [OverlayTile.Style.fill, .outline(width: 1)] {
                            let tile = try #require(map.draw(filter, z: z, x: x / 64, y: y / 64, style: style))
                            #expect(tile[x % 64, y % 64])
                        }
                    }
                }
            }
        }
    }

    @Test func `kind, rule and selection choose`() throws {
        var dice = Dice(3)
        var objects: [Int64: Mask] = [:]
        for id in 1...50 { objects[Int64(id)] = blob(&dice) }
        func tag(_ id: Int64) -> ObjectTag { id % 2 == 0 ? ObjectTag(kind: "region") : ObjectTag(kind: "reject", rule: id % 3 == 0 ? "small" : "large") }
        let map = ObjectMap(layout: Self.layout, layers: [layer(objects, tag: tag)])
        func check(_ filter: ObjectMap.Filter, _ holds: (Int64) -> Bool) throws {
            try compare(map, objects.filter { holds($0.key) }, filter, styles: [.fill])
            #expect(map.count(filter) == objects.keys.filter(holds).count)
        }
        try check(.init(kinds: ["region"])) { $0 % 2 == 0 }
        try check(.init(kinds: ["reject"])) { $0 % 2 == 1 }
        try check(.init(kinds: ["reject"], rules: ["small"])) { $0 % 2 == 1 && $0 % 3 == 0 }
        try check(.init(kinds: ["region", "reject"], selection: [2, 3, 3, 999])) { $0 == 2 || $0 == 3 }
        try check(.init(kinds: ["region"], selection: [])) { _ in false }
        #expect(map.tag(of: 3) == ObjectTag(kind: "reject", rule: "small"))
    }

    @Test func `hits at points and in polygons equal looking at every pixel`() throws {
        var dice = Dice(4)
        var objects: [Int64: Mask] = [:]
        for id in 1...80 { objects[Int64(id)] = blob(&dice) }
        let map = ObjectMap(layout: Self.layout, layers: [layer(objects)]).changed(gone: [5, 6], new: layer([7: blob(&dice)]))
        for id in [5, 6] { objects[Int64(id)] = nil }
        objects[7] = map.mask(of: 7)
        for _ in 0..<300 {
            let (x, y) = (Int.random(in: -3...703, using: &dice), Int.random(in: -3...405, using: &dice))
            let expected = objects.filter { $0.value.contains(x: x, y: y) }.sorted { ($0.value.area, $0.key) < ($1.value.area, $1.key) }.map(\.key)
            #expect(map.objects(atX: x, y: y, Self.all) == expected)
        }
        for _ in 0..<40 {
            let area = blob(&dice, widest: 700)
            let pixels = Set(area.runs.flatMap { run in (run.first...run.last).map { [run.y, $0] } })
            func hits(_ mask: Mask) -> (some: Bool, all: Bool) {
                let own = mask.runs.flatMap { run in (run.first...run.last).map { [run.y, $0] } }
                return (own.contains { pixels.contains($0) }, own.allSatisfy { pixels.contains($0) })
            }
            #expect(map.objects(in: area, touching: true, Self.all) == objects.filter { hits($0.value).some }.keys.sorted())
            #expect(map.objects(in: area, touching: false, Self.all) == objects.filter { hits($0.value).all }.keys.sorted())
        }
        let whole = Mask(tightSortedRuns: (0..<403).map { Run(y: $0, first: 0, last: 700) })
        #expect(map.objects(in: whole, touching: false, Self.all).count == objects.count)
        #expect(map.objects(in: Mask(bounds: Self.size, sortedRuns: []), touching: true, Self.all) == [])
    }

    @Test func `a map takes a bounded number of bytes an object`() throws {
        // Discs of 35 pixels, as many as a dense frame has on this area.
        var objects: [Int64: Mask] = [:]
        for id in 0..<200 {
            let (x, y) = (id % 20 * 34, id / 20 * 36)
            objects[Int64(id)] = Mask(tightSortedRuns: (0..<35).map { row in Run(y: y + row, first: x + abs(17 - row) / 3, last: x + 34 - abs(17 - row) / 3) })
        }
        #expect(ObjectMap(layout: Self.layout, layers: [layer(objects)]).byteCount < 200 * 400)
    }

    @Test func `members choose many, or all others`() throws {
        var dice = Dice(5)
        var objects: [Int64: Mask] = [:]
        for id in 1...90 { objects[Int64(id)] = blob(&dice) }
        let map = ObjectMap(layout: Self.layout, layers: [layer(objects)]).changed(gone: [4], new: layer([200: blob(&dice)]))
        objects[4] = nil
        objects[200] = map.mask(of: 200)
        let ids = (objects.keys.filter { $0 % 3 == 0 } + [0, 4, 200, 999]).sorted()
        for areIn in [true, false] {
            var filter = Self.all
            filter.members = (ids, areIn)
            try compare(map, objects.filter { ids.contains($0.key) == areIn }, filter, styles: [.fill])
            filter.selection = [3, 5, 200]
            #expect(map.count(filter) == (areIn ? 2 : 1))
        }
    }

    @Test func `past the native level pixels are squares and outlines stay thin`() throws {
        var dice = Dice(6)
        var objects: [Int64: Mask] = [:]
        for id in 1...12 { objects[Int64(id)] = blob(&dice) }
        let map = ObjectMap(layout: Self.layout, layers: [layer(objects)])
        let native = Self.layout.levels.count - 1
        for power in 1...ObjectMap.magnifiedLevels {
            // The magnified masks on the magnified image, drawn mask by mask as its native level.
            let size = 1 << power
            let large = objects.mapValues { mask in
                Mask(tightSortedRuns: mask.runs.reduce(into: [[Run]]()) { rows, run in
                    if rows.last?.first?.y != run.y { rows.append([]) }
                    rows[rows.count - 1].append(run)
                }.flatMap { row in
                    (0..<size).flatMap { step in row.map { Run(y: Int($0.y) * size + step, first: Int($0.first) * size, last: Int($0.last) * size + size - 1) } }
                })
            }
            let layout = PyramidLayout(width: Self.size.width * size, height: Self.size.height * size, tileSize: 64)
            let level = layout.levels[layout.levels.count - 1]
            for (x, y) in [(0, 0), (1, 2), (level.columns / 2, level.rows / 2), (level.columns - 1, level.rows - 1), (level.columns - 1, 0), (3, level.rows / 3)] {
                for style in [OverlayTile.Style.fill, .outline(width: 1), .outline(width: 2), .outline(width: 5)] {
                    let expected = OverlayTile.draw(large.values, layout: layout, z: layout.levels.count - 1, x: x, y: y, style: style)
                    #expect(map.draw(Self.all, z: native + power, x: x, y: y, style: style) == expected, "2^\(power), tile \(x)/\(y), \(style)")
                }
            }
            #expect(map.draw(Self.all, z: native + power, x: level.columns, y: 0) == nil && map.draw(Self.all, z: native + power, x: 0, y: level.rows) == nil)
        }
        #expect(map.draw(Self.all, z: native + ObjectMap.magnifiedLevels + 1, x: 0, y: 0) == nil)
    }

    @Test func `a part at any size shows every covered pixel`() throws {
        var dice = Dice(7)
        var objects: [Int64: Mask] = [:]
        for id in 1...10 { objects[Int64(id)] = blob(&dice) }
        let map = ObjectMap(layout: Self.layout, layers: [layer(objects)])
        for (part, width, height) in [
            (Rect(x: 0, y: 0, width: 701, height: 403), 701, 403), (Rect(x: 0, y: 0, width: 701, height: 403), 1, 1), (Rect(x: 13, y: 27, width: 300, height: 201), 77, 51),
            (Rect(x: 13, y: 27, width: 300, height: 201), 450, 333), (Rect(x: 100, y: 100, width: 1, height: 1), 9, 9), (Rect(x: 5, y: 3, width: 690, height: 399), 690, 2),
        ] {
            let drawn = map.picture(Self.all, part: part, width: width, height: height, style: .fill)
            #expect(drawn.width == width && drawn.height == height)
            // Every covered pixel is seen, and nothing is seen that is farther than a pixel of the level from one.
            let steps = max(1, min(part.width / width, part.height / height))
            var missing = 0
            for y in part.y..<part.maxY {
                for x in part.x..<part.maxX where objects.values.contains(where: { $0.contains(x: x, y: y) }) {
                    if !drawn[(x - part.x) * width / part.width, (y - part.y) * height / part.height] { missing += 1 }
                }
            }
            #expect(missing == 0, "\(part) as \(width) × \(height)")
            for run in drawn.mask().runs {
                for column in Int(run.first)...Int(run.last) {
                    let around = Rect(
                        minX: part.x + column * part.width / width - steps, minY: part.y + Int(run.y) * part.height / height - steps,
                        maxX: part.x + ((column + 1) * part.width + width - 1) / width + steps, maxY: part.y + ((Int(run.y) + 1) * part.height + height - 1) / height + steps)
                    #expect(!map.objects(in: Mask(tightSortedRuns: (around.y..<around.maxY).map { Run(y: $0, first: around.x, last: around.maxX - 1) }), touching: true, Self.all).isEmpty)
                }
            }
        }
    }

    @Test func `a layer comes back from its file; another image's, cut or damaged files are refused`() throws {
        var dice = Dice(8)
        var objects: [Int64: Mask] = [:]
        for id in 1...70 { objects[Int64(id)] = blob(&dice, widest: 700) }
        func tag(_ id: Int64) -> ObjectTag { id % 2 == 0 ? ObjectTag(kind: "region") : ObjectTag(kind: "reject", rule: id % 3 == 0 ? "tooSmall" : "") }
        let whole = layer(objects, tag: tag)
        let file = whole.encoded(owner: "abc", revision: 42)
        func decode(_ file: [UInt8], owner: String = "abc", layout: PyramidLayout = Self.layout) -> (layer: ObjectLayer, revision: Int64)? {
            ObjectLayer.decode(size: file.count, owner: owner, layout: layout) { buffer, offset in
                guard offset + buffer.count <= file.count else { return false }
                buffer.copyBytes(from: file[offset..<(offset + buffer.count)])
                return true
            }
        }
        let (back, revision) = try #require(decode(file))
        #expect(revision == 42)
        let map = ObjectMap(layout: Self.layout, layers: [back])
        try compare(map, objects)
        for id in objects.keys { #expect(map.tag(of: id) == tag(id) && map.revision(of: id) == id + 1000) }
        #expect(decode(file, owner: "abd") == nil)
        #expect(decode(file, layout: PyramidLayout(width: 702, height: 403, tileSize: 64)) == nil)
        for length in [0, 7, 8, 63, 64, 100, file.count / 2, file.count - 1] { #expect(decode(Array(file[..<length])) == nil) }
        #expect(decode(file + [0]) == nil)
        for _ in 0..<300 {
            var damaged = file
            damaged[Int.random(in: 0..<file.count, using: &dice)] ^= UInt8.random(in: 1...255, using: &dice)
            #expect(decode(damaged) == nil)
        }
        let empty = layer([:]).encoded(owner: "", revision: 0)
        #expect(decode(empty, owner: "")?.layer.count == 0)
    }

    @Test func `objects of two states are matched by what they share`() throws {
        func square(_ x: Int, _ y: Int, _ side: Int) -> Mask { Mask(tightSortedRuns: (y..<y + side).map { Run(y: $0, first: x, last: x + side - 1) }) }
        // 1 stays, 2 grows, 3 goes, 4 is found again under another number, 5 and 6 become 7.
        let before = layer([1: square(10, 10, 10), 2: square(50, 50, 10), 3: square(100, 100, 10), 4: square(200, 200, 10), 5: square(300, 300, 10), 6: square(310, 300, 5)])
        let old = ObjectMap(layout: Self.layout, layers: [before])
        let new = old.changed(gone: [3, 4, 5, 6], new: layer([8: square(200, 200, 10), 7: square(300, 300, 15), 9: square(600, 10, 5)])).changed(
            gone: [],
            new: {
                var builder = ObjectLayerBuilder(Self.layout)
                _ = builder.add(id: 2, revision: 5000, tag: ObjectTag(kind: "region"), mask: square(50, 50, 20))
                return builder.finish()
            }())
        let difference = ObjectDifference(from: old, to: new, .init(kinds: ["region"]))
        #expect(difference.counts.from == 6 && difference.counts.to == 5)
        #expect(difference.added == [9] && difference.lost == [3, 6])
        #expect(difference.changed.map(\.from) == [2, 5] && difference.changed.map(\.to) == [2, 7] && difference.changed.map(\.iou) == [0.25, 100.0 / 225])
        let same = ObjectDifference(from: new, to: new, .init(kinds: ["region"]))
        #expect(same.added.isEmpty && same.lost.isEmpty && same.changed.isEmpty)
    }
}
