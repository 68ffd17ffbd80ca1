import Raster
import Testing

import Operations

/// Numbers that are the same on every machine.
struct PlainRandom {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 | 1 }

    mutating func unit() -> Double {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Double(state >> 11) / Double(1 << 53)
    }

    /// About Gaussian, of variance 1.
    mutating func normal() -> Double { (0..<12).reduce(-6) { sum, _ in sum + unit() } }
}

/// A bright field with dark discs, seen through a frame at any place, to a fraction of a pixel.
struct DrawnField {
    let discs: [(x: Double, y: Double, radius: Double, depth: Double)]

    /// - Parameter perMegapixel: number of discs on a square of 1,000 pixels.
    init(width: Int, height: Int, perMegapixel: Double, seed: UInt64) {
        var random = PlainRandom(seed)
        discs = (0..<Int(perMegapixel * Double(width * height) / 1e6)).map { _ in
            (random.unit() * Double(width), random.unit() * Double(height), 3 + 9 * random.unit(), 40 + 100 * random.unit())
        }
    }

    /// - Parameters:
    ///   - vignetting: share of light missing in the corners.
    ///   - noise: standard deviation in gray levels.
    func frame(x: Double, y: Double, width: Int, height: Int, gain: Double = 1, vignetting: Double = 0, noise: Double = 0, seed: UInt64 = 1) -> Image<UInt8> {
        var levels = [Double](repeating: 200, count: width * height)
        for disc in discs {
            let (cx, cy) = (disc.x - x, disc.y - y)
            let reach = disc.radius + 2
            guard cx > -reach, cy > -reach, cx < Double(width) + reach, cy < Double(height) + reach else { continue }
            for py in max(0, Int(cy - reach))..<max(0, min(height, Int(cy + reach) + 1)) {
                for px in max(0, Int(cx - reach))..<max(0, min(width, Int(cx + reach) + 1)) {
                    let (dx, dy) = (Double(px) - cx, Double(py) - cy)
                    // A soft rim of two pixels.
                    let cover = min(1, max(0, (disc.radius + 1 - (dx * dx + dy * dy).squareRoot()) / 2))
                    levels[py * width + px] -= disc.depth * cover
                }
            }
        }
        var random = PlainRandom(seed)
        return Image(width: width, height: height, writingAll: { pixels in
            for py in 0..<height {
                for px in 0..<width {
                    let (u, v) = (2 * Double(px) / Double(width) - 1, 2 * Double(py) / Double(height) - 1)
                    let light = gain * (1 - vignetting * (u * u + v * v) / 2)
                    let level = max(5, levels[py * width + px]) * light + (noise > 0 ? noise * random.normal() : 0)
                    pixels[py * width + px] = UInt8(max(0, min(255, level + 0.5)))
                }
            }
        })
    }
}

@Suite struct OverlapMatchTests {
    private func match(_ a: Image<UInt8>, _ b: Image<UInt8>, within range: DisplacementRange, scale: Int) -> (OverlapCandidate, OverlapMatch)? {
        let textures = (FrameTexture(.gray8(a), scale: scale), FrameTexture(.gray8(b), scale: scale))
        guard let best = OverlapSearch().candidates(textures.0, textures.1, within: range).first else { return nil }
        guard let exact = OverlapMatch.refined(.gray8(a), .gray8(b), textures: textures, from: best.displacement, reach: scale + 1) else { return nil }
        return (best, exact)
    }

    @Test(arguments: [(361.0, -7.0, 1), (350.25, 11.5, 1), (361.0, 9.0, 2), (355.7, -4.3, 2), (352.4, 3.6, 3)])
    func `the place of a frame is found to a fraction of a pixel, with noise, uneven light and another exposure`(dx: Double, dy: Double, scale: Int) throws {
        let field = DrawnField(width: 900, height: 400, perMegapixel: 400, seed: 3)
        let a = field.frame(x: 20, y: 30, width: 400, height: 300, vignetting: 0.25, noise: 3, seed: 5)
        let b = field.frame(x: 20 + dx, y: 30 + dy, width: 400, height: 300, gain: 0.9, vignetting: 0.25, noise: 3, seed: 6)
        let (best, exact) = try #require(match(a, b, within: DisplacementRange(x: 300...390, y: -25...25), scale: scale))
        #expect(best.correlation > 0.5)
        #expect(abs(exact.displacement.x - dx) < 0.15 && abs(exact.displacement.y - dy) < 0.15, "\(exact)")
    }

    @Test func `one particle in the overlap is enough when nothing else is like it`() throws {
        let field = DrawnField(width: 900, height: 400, perMegapixel: 45, seed: 10)
        let (dx, dy) = (352.0, 6.0)
        let a = field.frame(x: 20, y: 30, width: 400, height: 300, vignetting: 0.2, noise: 2, seed: 5)
        let b = field.frame(x: 20 + dx, y: 30 + dy, width: 400, height: 300, vignetting: 0.2, noise: 2, seed: 6)
        let inside = field.discs.filter { $0.x > 20 + dx && $0.x < 420 && $0.y > 36 && $0.y < 330 }
        #expect((1...4).contains(inside.count), "\(inside)")
        let (best, exact) = try #require(match(a, b, within: DisplacementRange(x: 300...390, y: -25...25), scale: 1))
        #expect(best.correlation > 0.7)
        #expect((exact.displacement - Displacement(x: dx, y: dy)).length < 0.3, "\(exact)")
    }

    @Test func `frames of sixteen bits give the same place`() throws {
        let field = DrawnField(width: 900, height: 400, perMegapixel: 300, seed: 4)
        func wide(_ image: Image<UInt8>) -> AnyImage {
            let levels: [UInt16] = image.withBuffer { $0.map { UInt16($0) * 200 } }
            return .gray16(Image<UInt16>(width: image.width, height: image.height, pixels: levels))
        }
        let (a, b) = (wide(field.frame(x: 0, y: 0, width: 300, height: 240, noise: 2, seed: 1)), wide(field.frame(x: 9, y: 214, width: 300, height: 240, noise: 2, seed: 2)))
        let textures = (FrameTexture(a, scale: 1), FrameTexture(b, scale: 1))
        let best = try #require(OverlapSearch().candidates(textures.0, textures.1, within: DisplacementRange(x: -20...20, y: 190...232)).first)
        let exact = try #require(OverlapMatch.refined(a, b, textures: textures, from: best.displacement, reach: 2))
        #expect((exact.displacement - Displacement(x: 9, y: 214)).length < 0.2)
    }

    @Test func `blank frames and frames without a common part have no place`() {
        let blank = FrameTexture(.gray8(Image<UInt8>(width: 60, height: 50, repeating: 90)), scale: 1)
        #expect(OverlapSearch().candidates(blank, blank, within: DisplacementRange(x: 20...55, y: -9...9)).isEmpty)
        let field = DrawnField(width: 300, height: 300, perMegapixel: 400, seed: 4)
        let texture = FrameTexture(.gray8(field.frame(x: 0, y: 0, width: 60, height: 50)), scale: 1)
        #expect(OverlapSearch().candidates(texture, texture, within: DisplacementRange(x: 60...80, y: 0...0)).isEmpty)
        let one = FrameTexture(.gray8(Image<UInt8>(width: 1, height: 1, repeating: 7)), scale: 1)
        #expect(OverlapSearch().candidates(one, one, within: DisplacementRange(x: -5...5, y: -5...5)).isEmpty)
    }
}
