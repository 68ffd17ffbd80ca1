import Foundation
import Operations
import Raster

/// ZooProcess's measures once more, one pixel at a time and without tricks: what the fast ones are compared with.
struct ZooProcessPlain {
    let width: Int
    let height: Int
    let filled: PlainMask
    let dark: PlainMask
    let gray: [[Int]]

    /// - Parameter mask: not empty, inside the image.
    init(_ mask: Mask, image: Image<UInt8>, limit: UInt8) {
        let box = mask.boundingBox
        (width, height) = (box.width, box.height)
        let object = PlainMask(Mask(bounds: box, sortedRuns: mask.runs)).filled(.four)
        filled = object
        let levels = (0..<box.height).map { y in (0..<box.width).map { x in Int(image[box.x + x, box.y + y]) } }
        gray = levels
        dark = object.map { x, y in object[x, y] && levels[y][x] <= Int(limit) }
    }

    /// 3 × 3 neighbours, counted clockwise from the one above left.
    static let ring = [(-1, -1), (0, -1), (1, -1), (1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0)]

    /// Rings that go in the passes of both kinds, bit by bit.
    static let thinning: [[UInt64]] = [
        [0x1000_0100_D000_DCC8, 0x1101_0000_0000_0000, 0x0000_0003_8000_80CC, 0x000B_008A_0000_80CE],
        [0xD100_0100_D500_8480, 0x5101_1101_0000_0000, 0x0001_0001_0000_0084, 0x1303_0003_0000_008B],
    ]

    func skeletonArea() -> Int {
        var pixels = dark
        var kind = 0
        while true {
            let before = pixels
            var deleted = 0
            for y in 0..<height {
                for x in 0..<width where before[x, y] {
                    let ring = Self.ring.enumerated().reduce(0) { $0 | (before[x + $1.element.0, y + $1.element.1] ? 1 << $1.offset : 0) }
                    if Self.thinning[kind][ring / 64] >> UInt64(ring % 64) & 1 == 1 {
                        pixels[x, y] = false
                        deleted += 1
                    }
                }
            }
            if kind == 1, deleted == 0 { return pixels.pixels.count { $0 } }
            kind = 1 - kind
        }
    }

    /// Areas within each radius of the border, every pixel of the frame against every pixel of the other kind.
    func fractal() -> Double? {
        let margins = ZooProcessFractal.margins(Rect(x: 0, y: 0, width: width, height: height))
        var distances = [Int](repeating: 0, count: 60)
        let set = (0..<height).flatMap { y in (0..<width).filter { dark[$0, y] }.map { ($0, y) } }
        let unset = (-1...height).flatMap { y in (-1...width).filter { !dark[$0, y] }.map { ($0, y) } }
        if set.isEmpty { return nil }
        for y in -margins.top..<(height + margins.bottom) {
            for x in -margins.left..<(width + margins.right) {
                let others = dark[x, y] ? unset : set
                let steps = others.map { ZooProcessFractal.steps($0.0 - x, $0.1 - y) }.min()!
                distances[min(59, (steps + 20) / 41)] += 1
            }
        }
        let logs = ZooProcessFractal.radii.map { (log(Double(distances[0...$0].reduce(0, +))), log(2 * Double($0))) }
        func deviation(_ values: [Double]) -> Double {
            let mean = values.reduce(0, +) / Double(values.count)
            return values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }.squareRoot()
        }
        return 2 - deviation(logs.map(\.0)) / deviation(logs.map(\.1))
    }

    func parts(atMost level: Int) -> Int {
        let picked = dark.map { x, y in dark[x, y] && gray[y][x] <= level }
        let eroded = picked.map { x, y in (-1...1).allSatisfy { dy in (-1...1).allSatisfy { picked[x + $0, y + dy] } } }
        let (labels, count) = eroded.filled(.four).labels(.eight)
        return (0..<count).count { label in labels.count { $0 == label + 1 } >= 5 }
    }

    /// fcons, walking through columns.
    func contrast(_ cumulated: [Int], limit: UInt8) -> Double {
        var counts = [Int](repeating: 0, count: 256)
        for y in 0..<height { for x in 0..<width where dark[x, y] { counts[gray[y][x]] += 1 } }
        counts[255] = 0
        let levels = Set(cumulated.map { most in (0..<255).last { counts[$0] != 0 && counts[$0] <= most } ?? 0 })
        func level(_ x: Int, _ y: Int) -> Int { dark[x, y] ? gray[y][x] : 255 }
        var (sums, total, number) = ([Double](repeating: 0, count: 256), 0.0, 1.0)
        for x in 1..<max(1, width - 1) {
            for y in 1..<max(1, height - 1) where dark[x, y] && levels.contains(gray[y][x]) {
                let own = gray[y][x]
                let around = Self.ring.reduce(0) { $0 + level(x + $1.0, y + $1.1) }
                sums[own] += abs(Double(own) - Double(around) / 8)
                number += 1
                total += sums[own] * Double(counts[own]) / 256
            }
        }
        return total / number
    }

    /// symetrieh, symetriev and thickr of a mask whose filled form is given.
    static func symmetry(_ mask: PlainMask, filled: PlainMask, step: Int) -> (Double, Double, Double?) {
        let (width, height) = (mask.width, mask.height)
        let set = (0..<height).flatMap { y in (0..<width).filter { filled[$0, y] }.map { (Double($0), Double(y)) } }
        let n = Double(set.count)
        let (mx, my) = (set.reduce(0) { $0 + $1.0 } / n, set.reduce(0) { $0 + $1.1 } / n)
        let a = set.reduce(0) { $0 + ($1.0 - mx) * ($1.0 - mx) } / n + 1.0 / 12
        let c = set.reduce(0) { $0 + ($1.1 - my) * ($1.1 - my) } / n + 1.0 / 12
        let b = -set.reduce(0) { $0 + ($1.0 - mx) * ($1.1 - my) } / n
        let diagonal = 1.2 * Double(width * width + height * height).squareRoot()
        let side = Int(diagonal)
        func place(_ centre: Double, _ length: Int) -> Int {
            diagonal / 2 - centre < 0 || Int(diagonal / 2 - centre) + length > side ? (side - length) / 2 : Int(diagonal / 2 - centre)
        }
        let (left, top) = (place(mx + 0.5, width), place(my + 0.5, height))
        var angle = 0.5 * atan2(2 * b, a - c) * 180 / .pi
        if angle < 0 { angle += 180 }
        let radians = -(angle + 180) * .pi / 180
        let middle = Double(side - 1) / 2
        func gray(_ x: Int, _ y: Int) -> Double { mask[x - left, y - top] ? 0 : 255 }
        let turned = (0..<side).map { y in
            (0..<side).map { x -> Int in
                let (dx, dy) = (Double(x) - middle, Double(y) - middle)
                let (sx, sy) = (dx * cos(radians) - dy * sin(radians) + middle, dx * sin(radians) + dy * cos(radians) + middle)
                let (cx, cy) = (Int(sx.rounded(.down)), Int(sy.rounded(.down)))
                let (fx, fy) = (sx - Double(cx), sy - Double(cy))
                let upper = gray(cx, cy) + fx * (gray(cx + 1, cy) - gray(cx, cy))
                let lower = gray(cx, cy + 1) + fx * (gray(cx + 1, cy + 1) - gray(cx, cy + 1))
                return Int(upper + fy * (lower - upper) + 0.5)
            }
        }
        var (same, sameBinary) = (0, 0)
        for y in 0..<side {
            for x in 0..<side {
                if turned[y][x] == turned[y][side - 1 - x] { same += 1 }
                if turned[y][x] == (turned[side - 1 - y][x] < 128 ? 0 : 255) { sameBinary += 1 }
            }
        }
        var thicknesses: [Int] = []
        for x in stride(from: 0, to: side, by: step) {
            let changes = (0..<max(0, side - 1)).filter { abs(turned[$0][x] - turned[$0 + 1][x]) > 100 }
            if changes.count >= 2 { thicknesses.append(changes[1] - changes[0]) }
        }
        let counted = thicknesses.dropLast()
        let ratio = counted.isEmpty || counted.reduce(0, +) == 0 ? nil : Double(counted.max()!) * Double(thicknesses.count) / Double(counted.reduce(0, +))
        return (Double(same) / 2 / n, Double(sameBinary) / 2 / n, ratio)
    }
}

/// Objects of many forms with gray levels: ellipses at several angles, lines, rings, noise, one pixel, a frame; each the largest component.
func drawnObjects(seed: UInt64 = 5) -> [(mask: Mask, image: Image<UInt8>, limit: UInt8)] {
    var random = Random(seed: seed)
    var masks = drawnMasks(seed: seed).filter { !$0.isEmpty }.map { mask in mask.components().max { $0.area < $1.area }! }
    for (a, b, degrees) in [(12.0, 5.0, 0.0), (15, 9, 30), (9, 9, 45), (20, 3, 110), (16, 12, 77), (34, 2, 160)] {
        let (c, s) = (cos(degrees * .pi / 180), sin(degrees * .pi / 180))
        var plain = PlainMask(width: 75, height: 75)
        plain = plain.map { x, y in
            let (dx, dy) = (Double(x) - 37, Double(y) - 37)
            let (u, v) = ((dx * c + dy * s) / a, (dy * c - dx * s) / b)
            return u * u + v * v <= 1
        }
        masks.append(plain.mask)
    }
    return masks.map { mask in
        let box = mask.boundingBox
        let size = Rect(x: 0, y: 0, width: box.maxX + 7, height: box.maxY + 7)
        let (base, limit) = (Int.random(in: 40...120, using: &random), UInt8.random(in: 150...254, using: &random))
        var pixels: [UInt8] = []
        for y in 0..<size.height { for x in 0..<size.width { pixels.append(UInt8(min(255, max(0, base + (x * 3 + y) % 90 + Int.random(in: 0...60, using: &random))))) } }
        return (mask, Image(width: size.width, height: size.height, pixels: pixels), limit)
    }
}
