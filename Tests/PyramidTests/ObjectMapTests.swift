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
        #expect(map.draw(filter, z: 0, x: 1, y: 0) == nil && map.draw(filter, z: Self.layout.levels.count, x: 0, y: 0) == nil)
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
}
