import Operations
import Raster

/// Slow and simple versions of mask operations, one Bool per pixel: what the fast ones are compared with.
struct PlainMask: Equatable {
    let width: Int
    let height: Int
    var pixels: [Bool]

    init(width: Int, height: Int) { (self.width, self.height, pixels) = (width, height, Array(repeating: false, count: width * height)) }

    init(_ mask: Mask) {
        self.init(width: mask.bounds.width, height: mask.bounds.height)
        for run in mask.runs {
            for x in Int(run.first)...Int(run.last) { self[x - mask.bounds.x, Int(run.y) - mask.bounds.y] = true }
        }
    }

    subscript(x: Int, y: Int) -> Bool {
        get { x >= 0 && y >= 0 && x < width && y < height && pixels[y * width + x] }
        set { pixels[y * width + x] = newValue }
    }

    var mask: Mask {
        var runs: [Run] = []
        for y in 0..<height { for x in 0..<width where self[x, y] { runs.append(Run(y: y, first: x, last: x)) } }
        return Mask(bounds: Rect(x: 0, y: 0, width: width, height: height), joining: runs)
    }

    func map(_ body: (Int, Int) -> Bool) -> PlainMask {
        var result = self
        for y in 0..<height { for x in 0..<width { result[x, y] = body(x, y) } }
        return result
    }

    /// Label of each pixel from 1 in raster order of first pixels, 0 outside; by flood fill.
    func labels(_ connectivity: Connectivity) -> (labels: [Int], count: Int) {
        var labels = [Int](repeating: 0, count: pixels.count)
        var count = 0
        for start in pixels.indices where pixels[start] && labels[start] == 0 {
            count += 1
            labels[start] = count
            var stack = [start]
            while let index = stack.popLast() {
                let (x, y) = (index % width, index / width)
                for dy in -1...1 {
                    for dx in -1...1 where connectivity == .eight || dx == 0 || dy == 0 {
                        if self[x + dx, y + dy], labels[(y + dy) * width + x + dx] == 0 {
                            labels[(y + dy) * width + x + dx] = count
                            stack.append((y + dy) * width + x + dx)
                        }
                    }
                }
            }
        }
        return (labels, count)
    }

    /// Holes filled; the background hangs together by `background`.
    func filled(_ background: Connectivity) -> PlainMask {
        var around = PlainMask(width: width + 2, height: height + 2).map { _, _ in true }
        for y in 0..<height { for x in 0..<width { around[x + 1, y + 1] = !self[x, y] } }
        let (labels, _) = around.labels(background)
        return map { x, y in labels[(y + 1) * (width + 2) + x + 1] != 1 }
    }
}

/// Repeatable random numbers for drawn test pictures.
struct Random: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state &* 0x2545_F491_4F6C_DD1D
    }
}

/// Masks of many kinds for comparisons: empty, 1 × 1, all true, all false, noise of several densities and widths around 64.
func drawnMasks(seed: UInt64 = 1) -> [Mask] {
    var random = Random(seed: seed)
    var masks = [
        Mask(bounds: Rect(x: 0, y: 0, width: 0, height: 0), sortedRuns: []), Mask("#"), Mask("."),
        Mask.full(Rect(x: 0, y: 0, width: 67, height: 5)), Mask(bounds: Rect(x: 0, y: 0, width: 64, height: 3), sortedRuns: []),
        Mask("#######", "#.....#", "#.###.#", "#.#.#.#", "#.###.#", "#.....#", "#######"),
        Mask("#.#", ".#.", "#.#"), Mask("##..", "..##", "##.."),
    ]
    for (width, height, percent) in [(7, 9, 50), (63, 20, 30), (64, 20, 60), (65, 20, 85), (130, 33, 45), (200, 40, 8), (40, 40, 95)] {
        var plain = PlainMask(width: width, height: height)
        for index in plain.pixels.indices { plain.pixels[index] = Int.random(in: 0..<100, using: &random) < percent }
        masks.append(plain.mask)
    }
    return masks
}

extension Mask {
    /// Leftmost and rightmost foreground pixel of each row that has any.
    func rowExtents() -> [RowExtent] {
        var rows: [RowExtent] = []
        for run in runs {
            if let end = rows.indices.last, rows[end].y == Int(run.y) {
                rows[end].last = Int(run.last)
            } else {
                rows.append((Int(run.y), Int(run.first), Int(run.last)))
            }
        }
        return rows
    }
}
