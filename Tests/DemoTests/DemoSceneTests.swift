import Demo
import Raster
import Testing

/// FNV-1a over all bytes.
private func fingerprint(_ image: Image<BGR<UInt8>>) -> UInt64 {
    image.withBuffer { pixels in
        UnsafeRawBufferPointer(pixels).reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
}

struct DemoSceneTests {
    @Test func `a scene is the same bytes on every machine`() {
        let scene = DemoScene(seed: 1, frame: 0, width: 640, height: 480)
        // Measured on x86-64; a machine with other numbers has other demo data than the documentation shows.
        #expect(fingerprint(scene.image) == 3_776_591_097_488_619_603)
        #expect(scene.image == DemoScene(seed: 1, frame: 0, width: 640, height: 480).image)
        #expect(scene.image != DemoScene(seed: 1, frame: 1, width: 640, height: 480).image)
        #expect(scene.image != DemoScene(seed: 2, frame: 0, width: 640, height: 480).image)
    }

    @Test(arguments: [0, 1, 7])
    func `a frame holds forty to ninety bodies of all kinds`(frame: Int) {
        let scene = DemoScene(frame: frame)
        let bodies = scene.objects.filter { $0.kind != .speck }
        #expect(40...90 ~= bodies.count)
        #expect(Set(scene.objects.map(\.kind)) == Set(DemoKind.allCases))
        #expect(scene.objects.allSatisfy { !$0.mask.isEmpty && scene.image.bounds.contains($0.mask.bounds) && $0.mask.bounds == $0.mask.boundingBox })
        #expect(bodies.allSatisfy { $0.mask.area > 60 || $0.mask.bounds.x == 0 || $0.mask.bounds.y == 0 || $0.mask.bounds.maxX == 2000 || $0.mask.bounds.maxY == 1500 })
        #expect(scene.objects.contains { $0.mask.bounds.x == 0 || $0.mask.bounds.y == 0 || $0.mask.bounds.maxX == 2000 || $0.mask.bounds.maxY == 1500 })
    }

    @Test func `pellets lie inside holes of aggregates without touching them`() throws {
        var whole = 0
        for frame in 0..<4 {
            let scene = DemoScene(frame: frame)
            for object in scene.objects {
                guard let parent = object.parent else { continue }
                let outer = scene.objects[parent].mask
                #expect(scene.objects[parent].kind == .aggregate && object.kind == .pellet)
                let near = object.mask.runs.contains { run in
                    (-1...1).contains { dy in (Int(run.first) - 1...Int(run.last) + 1).contains { outer.contains(x: $0, y: Int(run.y) + dy) } }
                }
                #expect(!near)
                if scene.image.bounds.expanded(by: -1).contains(outer.bounds) {
                    #expect(outer.bounds.contains(object.mask.bounds))
                    whole += 1
                }
            }
        }
        #expect(whole > 5)
    }

    @Test func `some bodies overlap and the labels show the upper one`() {
        let scene = DemoScene(frame: 1)
        let labels = scene.labels()
        var overlapping = 0
        for (index, object) in scene.objects.enumerated() {
            for run in object.mask.runs {
                let label = Int(labels[Int(run.first), Int(run.y)])
                #expect(label >= index + 1)
            }
            guard let partner = object.partner else { continue }
            let other = scene.objects[partner].mask
            if object.mask.runs.contains(where: { run in (Int(run.first)...Int(run.last)).contains { other.contains(x: $0, y: Int(run.y)) } }) { overlapping += 1 }
        }
        #expect(overlapping >= 3)
        let covered = labels.withBuffer { $0.count { $0 != 0 } }
        #expect(0.02...0.2 ~= Double(covered) / Double(labels.bounds.area))
    }

    @Test func `bodies are dark on bright water and the light falls off towards the corners`() {
        let scene = DemoScene(frame: 3)
        let labels = scene.labels()
        func green(_ box: Rect, body: Bool) -> Double {
            var (sum, count) = (0.0, 0.0)
            for y in box.y..<box.maxY {
                for x in box.x..<box.maxX where (labels[x, y] != 0) == body {
                    sum += Double(scene.image[x, y].green)
                    count += 1
                }
            }
            return sum / count
        }
        let all = scene.image.bounds
        #expect(green(all, body: true) < 0.7 * green(all, body: false))
        #expect(green(Rect(x: 0, y: 0, width: 60, height: 60), body: false) < 0.75 * green(Rect(x: 900, y: 650, width: 200, height: 200), body: false))
    }

    @Test(arguments: [(1, 1), (1, 50), (7, 3), (64, 48), (400, 300), (3000, 200)])
    func `every size can be drawn`(width: Int, height: Int) {
        let scene = DemoScene(frame: 2, width: width, height: height)
        #expect(scene.image.width == width && scene.image.height == height)
        #expect(scene.objects.allSatisfy { scene.image.bounds.contains($0.mask.bounds) })
    }
}
